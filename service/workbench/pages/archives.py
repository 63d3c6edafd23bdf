"""`/archives`: begin a run over an archive, and see what became of those before."""

import asyncio
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path

from fastapi import Request
from nicegui import run, ui
from starlette.responses import RedirectResponse

from model.errors import UserError
from service.workbench.archives.card import JobCard
from service.workbench.archives.folders import Folder, roots
from service.workbench.archives.runs import FORMATS, KIND, Standing, Wanted, begin, require
from service.workbench.desk import Desk
from service.workbench.errors import NotAllowedError, WorkbenchError
from service.workbench.frame import STATIC, Page, frame, tell, told, turned_away
from service.workbench.pages.archive import act
from service.workbench.reading.inbox import into_file, megabytes, name_of
from service.workbench.reading.intake import Intake
from service.workbench.reading.uploader import uploader
from service.workbench.schema import Job
from service.workbench.wording import say

Chosen = Callable[[Folder | None], None]
"""Told which folder is open."""

_LOOK_SECONDS = 1.0
_MOST_JOBS = 100


def register(desk: Desk) -> None:
    """Make the page, and the way in for archives."""
    intake = Intake[_Draft](desk.people, "/archives/new", "classify")

    @ui.page("/archives", title="govtheme")
    async def page() -> RedirectResponse | None:
        if away := turned_away(desk):
            return away
        async with frame(desk, "/archives") as framed:
            ui.add_css(STATIC / "archives.css", shared=False)
            draft = _Draft(desk, framed)
            ui.context.client.on_delete(draft.discard)
            draft.build(intake.address(framed.person, draft))
            standings = await asyncio.to_thread(_standings, desk)
            _List(desk, framed, standings)
        return None


class _Draft:
    """A run that is being asked for."""

    def __init__(self, desk: Desk, page: Page) -> None:
        self._desk = desk
        self.person = page.person.name
        self._job: str | None = None
        self._preparing = asyncio.Lock()
        self._names: set[str] = set()
        self._files: list[tuple[str, int]] = []
        self._folder: Folder | None = None
        self._wanted = {"format": "xlsx", "keep_text": True, "evidence": False}

    def build(self, address: str) -> None:
        """The form; files are sent to the address."""
        with ui.column().classes("paper"):
            ui.label(say("新任务", "New job")).classes("section")
            self._source(address)
            self._options()
            with ui.row().classes("go"):
                self._start = ui.button(say("开始", "Start"), icon="play_arrow", on_click=self.go)
                self._start.props("unelevated no-caps").mark("start")
                self._ready = ui.label().classes("quiet")
        self._tell_ready()

    async def receive(self, request: Request) -> None:
        """Take in one file; it is written to the job's folder piece by piece.

        Raises:
            RefusedError: it is too large, or the disk too full.
        """
        # The browser sends several at a time.
        async with self._preparing:
            if self._job is None:
                self._job = await asyncio.to_thread(self._desk.jobs.prepare)
        name = self._free(name_of(request) or say("文件", "file"))
        path = self._desk.jobs.folder(self._job) / "input" / name
        self._names.add(name)
        try:
            size = await into_file(request, path, self._desk.settings.max_archive)
        except BaseException:
            self._names.discard(name)
            raise
        self._files.append((name, size))
        with self._list, ui.row().classes("file"):
            ui.icon("description")
            ui.label(name)
            ui.label(megabytes(size)).classes("quiet")
        self._tell_ready()

    def tell(self, error: UserError) -> None:
        """Say on the page what went wrong."""
        with self._list:
            tell(error)

    def discard(self) -> None:
        """Forget what was uploaded and not begun."""
        if self._job is not None:
            self._desk.jobs.discard(self._job)

    @told
    async def go(self) -> None:
        """Begin the run that is asked for."""
        person = self._desk.people.present()
        if person is None or person.name != self.person:
            raise NotAllowedError(say("请重新登录", "Sign in again"))
        person.require("classify")
        version = await asyncio.to_thread(self._desk.store.current)
        if version is None:
            raise WorkbenchError(say("还没有模型，请先训练一个", "There is no model yet"))
        job, source, origin = await asyncio.to_thread(self._sources)
        wanted = Wanted(
            title=(self._title.value or "").strip()[:80] or self._proposed(),
            format=str(self._wanted["format"]),
            keep_text=bool(self._wanted["keep_text"]),
            evidence=bool(self._wanted["evidence"]),
            model=version,
            origin=origin,
        )
        await asyncio.to_thread(begin, self._desk.jobs, job, self.person, source, wanted)
        self._job = None
        ui.navigate.to(f"/archives/{job}")

    def _sources(self) -> tuple[str, Path, str]:
        """The job's id, the folder that it reads, and what people call that."""
        if self._folder is not None:
            source = self._folder.path()
            return self._job or self._desk.jobs.prepare(), source, self._folder.shown
        if self._job is None or not self._files:
            raise WorkbenchError(
                say("请先上传文件，或选一个文件夹", "Upload a file first, or choose a folder")
            )
        many = len(self._files)
        origin = say(f"上传 {many} 个文件", f"{many} uploaded")
        return self._job, self._desk.jobs.folder(self._job) / "input", origin

    def _free(self, name: str) -> str:
        """The name, numbered when another file has it."""
        free, number = name, 1
        while free in self._names:
            number += 1
            free = f"{Path(name).stem} ({number}){Path(name).suffix}"
        return free

    def _source(self, address: str) -> None:
        found = roots(self._desk.roots)
        with ui.row().classes("sources"):
            with ui.column().classes("source"):
                limit = self._desk.settings.max_archive
                hint = say("上传压缩包或文件，可以拖到这里", "Upload archives or files")
                ui.label(hint).classes("source-title")
                uploader(address, limit, several=True).classes("drop")
                self._list = ui.column().classes("files")
                most = megabytes(limit)
                ui.label(say(f"每个最大 {most}", f"At most {most} each")).classes("quiet")
            if found:
                with ui.column().classes("source"):
                    hint = say("或者选服务器上的文件夹", "Or choose a folder of the server")
                    ui.label(hint).classes("source-title")
                    _Browser(found, self._choose)

    def _options(self) -> None:
        names = {"xlsx": "Excel", "csv": "CSV", "parquet": "Parquet", "jsonl": "JSONL"}
        with ui.row().classes("options"):
            self._title = ui.input(say("名称", "Name")).props(
                "outlined dense stack-label maxlength=80"
            )
            self._title.classes("title").mark("title")
            table = ui.toggle({name: names[name] for name in FORMATS})
            table.bind_value(self._wanted, "format").props("no-caps unelevated").mark("format")
            keep = ui.checkbox(say("保留文字", "Keep the text"))
            keep.bind_value(self._wanted, "keep_text").mark("keep")
            evidence = ui.checkbox(say("带依据（哪些字词起了作用）", "With the deciding words"))
            evidence.bind_value(self._wanted, "evidence").mark("evidence")

    def _choose(self, folder: Folder | None) -> None:
        self._folder = folder
        self._tell_ready()

    def _tell_ready(self) -> None:
        ready = self._folder is not None or bool(self._files)
        self._start.set_enabled(ready)
        if self._folder is not None:
            shown = self._folder.shown
            self._ready.set_text(say(f"将处理文件夹 {shown}", f"The folder {shown}"))
        elif self._files:
            size = megabytes(sum(size for _, size in self._files))
            many = len(self._files)
            self._ready.set_text(
                say(f"将处理 {many} 个文件，共 {size}", f"{many} files, {size} together")
            )
        else:
            self._ready.set_text(
                say("先上传文件，或选一个文件夹", "Upload a file or choose a folder first")
            )
        self._title.props(f'placeholder="{_quoted(self._proposed())}"')

    def _proposed(self) -> str:
        if self._folder is not None:
            return self._folder.name
        return Path(max(self._files, key=itemgetter(1))[0]).stem if self._files else ""


class _Browser:
    """The folders below the roots, one at a time."""

    def __init__(self, found: list[Folder], chosen: Chosen) -> None:
        self._roots = found
        self._chosen = chosen
        self._here: Folder | None = None
        self._way = ui.row().classes("way")
        self._list = ui.column().classes("folders")
        self._show(found)

    def _show(self, folders: list[Folder]) -> None:
        self._way.clear()
        self._list.clear()
        with self._way:
            self._step(say("全部", "All"), None)
            for folder in self._here.way if self._here else ():
                self._step(folder.name, folder)
        with self._list:
            for folder in folders:
                self._entry(folder)
            if not folders:
                ui.label(say("没有下级文件夹", "No folders in it")).classes("quiet")

    def _step(self, name: str, folder: Folder | None) -> None:
        button = ui.button(name, on_click=lambda: self._open(folder))
        button.props("flat dense no-caps")

    def _entry(self, folder: Folder) -> None:
        button = ui.button(folder.name, icon="folder", on_click=lambda: self._open(folder))
        button.props("flat dense no-caps align=left").mark("folder")

    @told
    async def _open(self, folder: Folder | None) -> None:
        children = self._roots if folder is None else await asyncio.to_thread(folder.children)
        self._here = folder
        self._show(children)
        self._chosen(folder)


class _List:
    """The jobs of everybody, the newest first."""

    def __init__(self, desk: Desk, page: Page, standings: list[Standing]) -> None:
        self._desk = desk
        self._page = page
        self._cards: dict[str, JobCard] = {}
        ui.label(say("任务", "Jobs")).classes("section")
        self._none = ui.label(say("还没有任务", "No jobs yet")).classes("quiet")
        self._column = ui.column().classes("jobs")
        self._show(standings)
        self._timer = ui.timer(_LOOK_SECONDS, self._look)

    async def _look(self) -> None:
        standings = await run.io_bound(_standings, self._desk)
        if standings is not None:
            self._show(standings)

    def _show(self, standings: list[Standing]) -> None:
        self._none.set_visibility(not standings)
        for gone in self._cards.keys() - {standing.job.id for standing in standings}:
            self._cards.pop(gone).remove()
        for standing in reversed(standings):
            card = self._cards.get(standing.job.id)
            if card is not None:
                card.update(standing)
                continue
            with self._column:
                card = JobCard(standing, self._act, mine=self._is_mine(standing.job))
            card.first()
            self._cards[standing.job.id] = card

    def _is_mine(self, job: Job) -> bool:
        try:
            require(self._page.person, job)
        except NotAllowedError:
            return False
        return True

    @told
    async def _act(self, job: str, what: str) -> None:
        await act(self._desk, job, what)
        await self._look()


def _standings(desk: Desk) -> list[Standing]:
    return [Standing.of(desk.jobs, job) for job in desk.jobs.all(KIND)[:_MOST_JOBS]]


def _quoted(text: str) -> str:
    return text.replace('"', "”")
