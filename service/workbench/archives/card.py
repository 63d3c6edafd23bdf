"""A run over an archive as a card: its state, how far it is, and what can be done with it."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from nicegui import ui

from service.workbench.archives.runs import PARTS, Standing
from service.workbench.jobs import OPEN
from service.workbench.schema import Job, now
from service.workbench.wording import STATES, say

Act = Callable[[str, str], Awaitable[None]]
"""Does `cancel`, `resume` or `remove` to a job."""

_ICONS = {"cancel": "stop", "resume": "play_arrow", "remove": "delete_outline"}


class JobCard:
    """One job on a page; updated in place, so that the keyboard's focus stays.

    Args:
        standing: how it is.
        act: what its buttons do.
        mine: whether the person may do anything with it.
        linked: whether the title leads to the job's own page.
    """

    def __init__(self, standing: Standing, act: Act, *, mine: bool, linked: bool = True) -> None:
        job = standing.job
        self._mine = mine
        self._card = ui.element("section").classes("job").mark(f"job-{job.id}")
        with self._card:
            self._head(job, linked)
            self._bar = ui.linear_progress(show_value=False, size="8px").classes("job-bar")
            self._bar.props("instant-feedback rounded")
            self._told = ui.label().classes("job-told")
            self._reason = ui.label().classes("job-reason")
            with ui.row().classes("job-actions"):
                self._parts = {part: _link(job, part) for part in PARTS}
                ui.space()
                self._actions = {name: _action(job, name, act) for name in _ICONS}
        self.update(standing)

    def update(self, standing: Standing) -> None:
        """Show how it is now."""
        job = standing.job
        running = job.state in OPEN[1:]
        self._state.set_text(say(*STATES[job.state]))
        self._state.classes(replace=f"job-state {job.state}")
        self._times.set_text(times(job))
        self._bar.set_visibility(running)
        self._bar.set_value(_fraction(standing))
        self._told.set_text(told(standing))
        self._reason.set_text(reason(job))
        self._reason.set_visibility(bool(reason(job)))
        for part, link in self._parts.items():
            link.set_visibility(self._mine and part in standing.made)
        for name, button in self._actions.items():
            button.set_visibility(self._mine and name in _possible(job))

    def remove(self) -> None:
        """Take it off the page."""
        self._card.delete()

    def first(self) -> None:
        """Put it before the others."""
        self._card.move(target_index=0)

    def _head(self, job: Job, linked: bool) -> None:
        with ui.row().classes("job-head"):
            self._state = ui.label().classes("job-state")
            if linked:
                ui.link(job.title, f"/archives/{job.id}").classes("job-title")
            else:
                ui.label(job.title).classes("job-title")
            ui.label(str(job.asked.get("origin", ""))).classes("quiet")
            ui.space()
            ui.label(job.person).classes("quiet")
            self._times = ui.label().classes("quiet")


def told(standing: Standing) -> str:
    """How far a run is, or what it has done, in a line."""
    job, said = standing.job, standing.progress.told
    if standing.summary:
        return _done(standing)
    if job.state == "waiting" or not said:
        return ""
    step = {
        "plan": say("清点文件", "listing files"),
        "score": say("判断中", "scoring"),
        "write": say("写表", "writing the table"),
    }.get(standing.progress.step, "")
    if standing.progress.step == "plan":
        return say(f"{step}：{said['units']:,} 个", f"{step}: {said['units']:,}")
    parts = [f"{step} {_fraction(standing):.0%}" if job.state in OPEN else _percent(standing)]
    parts.append(
        say(
            f"{said['documents']:,} 篇 {said['paragraphs']:,} 段",
            f"{said['documents']:,} documents, {said['paragraphs']:,} paragraphs",
        )
    )
    parts.append(say(f"未读 {said['rejected']:,}", f"{said['rejected']:,} not read"))
    if job.state in OPEN and said["rate"]:
        parts.append(say(f"{said['rate']:,.0f} 段/秒", f"{said['rate']:,.0f} paragraphs/s"))
    if job.state == "running" and said["seconds_left"] is not None:
        left = span(said["seconds_left"])
        parts.append(say(f"约剩 {left}", f"about {left} left"))
    return "　".join(parts)


def reason(job: Job) -> str:
    """Why a job is not done, where there is something to say."""
    if job.state == "interrupted":
        if job.status is not None and job.status < 0:
            return say(
                f"进程被系统结束（信号 {-job.status}），可能是内存不足；做完的都在，可以继续",
                f"The process was ended (signal {-job.status}), perhaps for want of memory; "
                "what was done is kept, and it can go on",
            )
        return say(
            "进程意外中断（如停电、重启）；做完的都在，可以继续",
            "The process was interrupted, as by a power cut; what was done is kept",
        )
    return job.reason if job.state == "failed" else ""


def times(job: Job) -> str:
    """When it was asked for, and how long it took or takes."""
    said = f"{job.made.astimezone():%Y-%m-%d %H:%M}"
    if job.began is None or job.state == "waiting":
        return said
    end: datetime = job.ended or now()
    took = span((end - job.began).total_seconds())
    return say(f"{said}　用时 {took}", f"{said}　{took}")


def span(seconds: float) -> str:
    """A length of time for people."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return say(f"{whole} 秒", f"{whole} s")
    if whole < 3600:
        return say(f"{whole // 60} 分 {whole % 60} 秒", f"{whole // 60} min {whole % 60} s")
    return say(
        f"{whole // 3600} 小时 {whole % 3600 // 60} 分",
        f"{whole // 3600} h {whole % 3600 // 60} min",
    )


def _done(standing: Standing) -> str:
    summary = standing.summary
    return "　".join(
        (
            say(
                f"{summary['documents']:,} 篇 {summary['paragraphs']:,} 段",
                f"{summary['documents']:,} documents, {summary['paragraphs']:,} paragraphs",
            ),
            say(f"拿不准 {summary['uncertain']:,}", f"{summary['uncertain']:,} uncertain"),
            say(f"未读 {summary['rejected']:,}", f"{summary['rejected']:,} not read"),
        )
    )


def _fraction(standing: Standing) -> float:
    if standing.progress.step == "write":
        return 1.0
    total = standing.progress.total
    return min(standing.progress.done / total, 1.0) if total else 0.0


def _percent(standing: Standing) -> str:
    done = f"{_fraction(standing):.0%}"
    return say(f"停在 {done}", f"stopped at {done}")


def _possible(job: Job) -> tuple[str, ...]:
    if job.state in ("waiting", "running", "stopping"):
        return ("cancel",)
    return ("remove",) if job.state == "done" else ("resume", "remove")


def _link(job: Job, part: str) -> ui.link:
    words = {
        "table": say("下载表", "Table"),
        "summary": say("汇总", "Summary"),
        "rejected": say("未读清单", "Not read"),
        "report": say("报告", "Report"),
    }
    inside = part == "report"
    link = ui.link(words[part], f"/archives/{job.id}/{part}", new_tab=inside).classes("download")
    return link.mark(f"{part}-{job.id}") if inside else link.props("download").mark(part)


def _action(job: Job, name: str, act: Act) -> ui.button:
    words = {
        "cancel": say("取消", "Cancel"),
        "resume": say("继续", "Go on"),
        "remove": say("移除", "Remove"),
    }

    async def press() -> None:
        await act(job.id, name)

    button = ui.button(words[name], icon=_ICONS[name], on_click=press)
    return button.props("flat dense no-caps").mark(name)
