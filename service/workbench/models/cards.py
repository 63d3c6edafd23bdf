"""The jobs of one kind on a page: how far each is, what became of it, and what can be done with it.

The page looks once a second and changes only what has changed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from nicegui import ui

from service.keys import Scope
from service.workbench.desk import Desk
from service.workbench.frame import told
from service.workbench.jobs import OPEN, Progress
from service.workbench.models.parts import allowed
from service.workbench.schema import Job
from service.workbench.wording import STATES, say

_LOOK_SECONDS = 1.0
_SHOWN = 20

STEPS: Mapping[str, tuple[str, str]] = {
    "搜索参数（秒）": ("搜索参数（秒）", "searching parameters (seconds)"),
    "分词与特征": ("分词与特征", "words and features"),
    "交叉验证": ("交叉验证", "cross-validation"),
    "训练分类器": ("训练分类器", "training the classifier"),
    "判断": ("判断", "classifying"),
}
"""What commands say that they are doing, and how it is called."""

Draw = Callable[[Job], Awaitable[None]]
"""Draws what became of a job that is done, into the card around it."""


class JobCards:
    """The newest jobs of one kind.

    Args:
        desk: where they are.
        kind: `train` or `compare`.
        scope: what it takes to stop, repeat or remove one.
        result: draws what became of a finished one.
        total: how many a job will count, where its command does not know.
    """

    def __init__(
        self,
        desk: Desk,
        kind: str,
        scope: Scope,
        result: Draw,
        total: Callable[[Job], int] = lambda _: 0,
    ) -> None:
        self._desk = desk
        self._kind = kind
        self._scope = scope
        self._result = result
        self._total = total
        self._drawn: list[tuple[str, str]] = []
        self._bars: dict[str, _Bar] = {}
        # A button looks too, perhaps while the page does.
        self._looking = asyncio.Lock()

    async def build(self) -> None:
        """Draw them here, and keep looking."""
        self._place = ui.column().classes("jobs")
        await self.look()
        ui.timer(_LOOK_SECONDS, self.look)

    async def look(self) -> None:
        """Draw what has changed."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        jobs = (await asyncio.to_thread(self._desk.jobs.all, self._kind))[:_SHOWN]
        states = [(job.id, job.state) for job in jobs]
        if states != self._drawn:
            self._drawn = states
            self._place.clear()
            self._bars.clear()
            with self._place:
                for job in jobs:
                    await self._card(job)
        for job in jobs:
            if job.id in self._bars:
                self._bars[job.id].show(self._desk.jobs.progress(job), self._total(job))

    async def _card(self, job: Job) -> None:
        with ui.element("section").classes("panel job").mark(f"job-{job.id}"):
            with ui.row().classes("heading"):
                ui.label(job.title).classes("job-title")
                ui.label(say(*STATES[job.state])).classes(f"state {job.state}")
                ui.label(f"{job.person} · {job.made.astimezone():%m-%d %H:%M}").classes("quiet")
                ui.space()
                self._buttons(job)
            if job.state in OPEN:
                self._bars[job.id] = _Bar()
            elif job.state == "done":
                await self._result(job)
            elif job.reason:
                ui.label(job.reason).classes("reason")

    def _buttons(self, job: Job) -> None:
        jobs = self._desk.jobs
        if job.state in OPEN:
            self._button(say("取消", "Cancel"), "stop", partial(jobs.cancel, job.id), "cancel")
            return
        if job.state != "done":
            again = partial(jobs.resume, job.id)
            self._button(say("再做一次", "Again"), "replay", again, "again")
        self._button(
            say("移除", "Remove"), "delete_outline", partial(jobs.remove, job.id), "remove"
        )

    def _button(self, name: str, icon: str, act: Callable[[], None], mark: str) -> None:
        @told
        async def press() -> None:
            allowed(self._desk, self._scope)
            await asyncio.to_thread(act)
            await self.look()

        button = ui.button(name, icon=icon, on_click=press)
        button.props("flat dense no-caps").mark(mark)


class _Bar:
    """How far a job is."""

    def __init__(self) -> None:
        self._bar = ui.linear_progress(show_value=False)
        self._bar.props("indeterminate rounded instant-feedback")
        self._label = ui.label().classes("quiet").props("aria-live=polite").mark("progress")

    def show(self, progress: Progress, total: int) -> None:
        """Show it."""
        total = progress.total or total
        step = say(*STEPS.get(progress.step, (progress.step, progress.step)))
        counts = f" {progress.done:,}" + (f" / {total:,}" if total else "")
        self._label.set_text(f"{step}{counts}" if step else say("准备", "preparing"))
        if total:
            self._bar.props(remove="indeterminate").set_value(min(1.0, progress.done / total))
        else:
            self._bar.props("indeterminate")
