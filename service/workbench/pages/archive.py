"""`/archives/{job}`: one run over an archive, and what it made."""

import asyncio
import re

from nicegui import app, run, ui
from starlette.responses import (
    FileResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

from service.workbench.archives.card import JobCard
from service.workbench.archives.runs import KIND, PARTS, Standing, part_path, require
from service.workbench.desk import Desk
from service.workbench.errors import NotAllowedError, UnknownThingError
from service.workbench.frame import STATIC, Page, frame, told, turned_away
from service.workbench.jobs import OPEN
from service.workbench.look import theme_class
from service.workbench.reading.downloads import PRIVATE, TYPES, attachment, zipped
from service.workbench.reading.inbox import clean_name
from service.workbench.schema import Job
from service.workbench.wording import say, theme_name

_ID = re.compile(r"[0-9a-f]{12}")
_LOOK_SECONDS = 1.0

_SANDBOX = {
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; frame-ancestors 'self'",
    **PRIVATE,
}
"""A report shows what stood in documents: whatever that is, it does nothing."""


def register(desk: Desk) -> None:
    """Make the page, and the way out for what runs have made."""

    @ui.page("/archives/{job}", title="govtheme")
    async def page(job: str) -> RedirectResponse | None:
        if away := turned_away(desk):
            return away
        async with frame(desk, "/archives") as framed:
            ui.add_css(STATIC / "archives.css", shared=False)
            ui.link(say("← 所有任务", "← All jobs"), "/archives").classes("quiet back")
            try:
                found = await asyncio.to_thread(permitted, desk, job)
            except (UnknownThingError, NotAllowedError) as error:
                ui.label(str(error)).classes("nothing-here")
                return None
            standing = await asyncio.to_thread(Standing.of, desk.jobs, found)
            _Watched(desk, framed, standing)
        return None

    @app.get("/archives/{job}/{part}")
    async def download(job: str, part: str) -> Response:
        if desk.people.present() is None:
            return RedirectResponse("/signin")
        try:
            found = await asyncio.to_thread(permitted, desk, job)
        except UnknownThingError as error:
            return PlainTextResponse(str(error), 404)
        except NotAllowedError as error:
            return PlainTextResponse(str(error), 403)
        path = part_path(desk.jobs, found, part) if part in PARTS else None
        if path is None or found.state != "done" or not path.exists():
            return PlainTextResponse(say("没有这个文件", "There is no such file"), 404)
        if part == "report":
            return FileResponse(path, media_type="text/html", headers=_SANDBOX)
        name = clean_name(found.title).removesuffix(path.suffix)
        if path.is_dir():
            body = zipped(path, name)
            headers = attachment(f"{name}.zip")
            return StreamingResponse(body, media_type=TYPES["zip"], headers=headers)
        ending = "".join(path.suffixes[-2:]) if part != "table" else path.suffix
        media = TYPES[path.suffix[1:]]
        return FileResponse(path, media_type=media, headers=attachment(f"{name}{ending}"))


def permitted(desk: Desk, job: str) -> Job:
    """A run over an archive that the person who asks may see.

    Raises:
        UnknownThingError: there is none of this id.
        NotAllowedError: it is somebody else's.
    """
    if not _ID.fullmatch(job):
        raise UnknownThingError(say("没有这个任务", "There is no such job"))
    found = desk.jobs.get(job)
    if found.kind != KIND:
        raise UnknownThingError(say("没有这个任务", "There is no such job"))
    require(desk.people.present(), found)
    return found


async def act(desk: Desk, job: str, what: str) -> bool:
    """Cancel, resume or remove a run, once the person has confirmed what cannot be undone.

    Raises:
        NotAllowedError: it is somebody else's.
    """
    found = await asyncio.to_thread(permitted, desk, job)
    if what == "remove" and not await _confirmed(found):
        return False
    # The key may have been taken away while the question was open.
    await asyncio.to_thread(permitted, desk, job)
    await asyncio.to_thread(getattr(desk.jobs, what), job)
    return True


async def _confirmed(job: Job) -> bool:
    with ui.dialog() as dialog, ui.card().classes("question"):
        ui.label(
            say(
                f"移除“{job.title}”？上传的文件、表和报告都会删除，无法恢复。",
                f"Remove “{job.title}”? What was uploaded, the table and the report are deleted.",
            )
        )
        with ui.row().classes("question-answers"):
            no = ui.button(say("不移除", "Keep"), on_click=lambda: dialog.submit(False))
            no.props("flat no-caps autofocus")
            yes = ui.button(say("移除", "Remove"), on_click=lambda: dialog.submit(True))
            yes.props("unelevated no-caps color=negative").mark("confirm")
    answer = await dialog
    dialog.delete()
    return bool(answer)


class _Watched:
    """The page of one job."""

    def __init__(self, desk: Desk, page: Page, standing: Standing) -> None:
        self._desk = desk
        self._page = page
        self._job = standing.job
        self._card = JobCard(standing, self._act, mine=True, linked=False)
        _facts(standing.job)
        self._made = ui.column().classes("made")
        self._shown = False
        self._show(standing)
        self._timer = ui.timer(_LOOK_SECONDS, self._look)

    @told
    async def _act(self, job: str, what: str) -> None:
        if await act(self._desk, job, what) and what == "remove":
            self._timer.cancel()
            ui.navigate.to("/archives")
        else:
            self._timer.active = True

    async def _look(self) -> None:
        standing = await run.io_bound(self._standing)
        if standing is not None:
            self._card.update(standing)
            self._show(standing)
            self._timer.active = standing.job.state in OPEN

    def _standing(self) -> Standing | None:
        try:
            return Standing.of(self._desk.jobs, self._desk.jobs.get(self._job.id))
        except UnknownThingError:
            return None

    def _show(self, standing: Standing) -> None:
        """The shares of the themes and the report, once they are there."""
        if self._shown or not standing.summary:
            return
        self._shown = True
        with self._made:
            self._shares(standing)
            if "report" in standing.made:
                title = say("报告", "Report")
                frame = ui.element("iframe").classes("report").mark("report-frame")
                frame.props(f'src="/archives/{self._job.id}/report" title="{title}" sandbox=""')

    def _shares(self, standing: Standing) -> None:
        summary = standing.summary
        text = max(summary["paragraphs"] - summary["furniture"], 1)
        names = {theme.id: theme_name(theme) for theme in self._page.codebook.themes}
        counts = [(names.get(label, label), count) for label, count in summary["labels"].items()]
        with ui.element("div").classes("figures"):
            for place, (name, count) in enumerate(counts):
                with ui.element("div").classes(f"figure {theme_class(place + 1)}"):
                    ui.label(name)
                    ui.label(f"{count:,}").classes("figure-count")
                    ui.label(f"{count / text:.1%}").classes("quiet")


def _facts(job: Job) -> None:
    asked = job.asked
    facts = (
        (say("格式", "Format"), str(asked.get("format", "")).upper()),
        (say("保留文字", "Keeps the text"), _yes(asked.get("keep_text"))),
        (say("带依据", "With evidence"), _yes(asked.get("evidence"))),
        (say("模型", "Model"), str(asked.get("model", ""))),
    )
    with ui.row().classes("facts quiet"):
        for name, value in facts:
            ui.label(f"{name}：{value}")


def _yes(value: object) -> str:
    return say("是", "yes") if value else say("否", "no")
