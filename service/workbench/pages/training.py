"""`/models/train`: a new model from people's labels, while one watches; and how good it became."""

import asyncio
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import Any

from nicegui import binding, ui
from nicegui.events import ValueChangeEventArguments
from starlette.requests import Request
from starlette.responses import RedirectResponse

from model.bundled import bundled
from model.errors import UserError
from service.workbench.desk import Desk
from service.workbench.errors import WorkbenchError
from service.workbench.frame import Page, frame, tell, told, turned_away
from service.workbench.labelling.corpora import IMPORTED
from service.workbench.models.cards import JobCards
from service.workbench.models.lessons import (
    Labelled,
    Plan,
    labelled_queues,
    lessons,
    write_lessons,
)
from service.workbench.models.parts import for_admins, in_use, tabs
from service.workbench.models.versions import Version, read_version
from service.workbench.reading.inbox import into_file, megabytes, name_of
from service.workbench.reading.intake import Intake
from service.workbench.reading.uploader import uploader
from service.workbench.schema import Job
from service.workbench.wording import say

_BUDGETS = {60: "1", 300: "5", 900: "15", 3600: "60"}
_PRECISION = 0.95
_AT_A_TERMINAL = re.compile(r"请用 --gate|要直接换上")


def register(desk: Desk) -> None:
    """Make the page, and the way in for corpora."""
    intake = Intake[_Training](desk.people, "/models/train", "admin")

    @ui.page("/models/train", title="govtheme")
    async def page() -> RedirectResponse | None:
        if away := turned_away(desk):
            return away
        async with frame(desk, "/models") as shown:
            tabs("/models/train")
            training = _Training(desk, shown)
            ui.context.client.on_delete(training.discard)
            await training.build(intake.address(shown.person, training))
        return None


@binding.bindable_dataclass
class _Wish:
    """What the form holds."""

    bundled: bool = True
    queues: dict[int, bool] = field(default_factory=dict)
    random: bool = False
    files: list[tuple[str, Path]] = field(default_factory=list)
    search: bool = False
    budget: int = 300
    precise: bool = False
    precision: float | None = _PRECISION


class _Training:
    def __init__(self, desk: Desk, page: Page) -> None:
        self._desk = desk
        self._page = page
        self._wish = _Wish()
        self._job: str | None = None
        self._preparing = asyncio.Lock()

    async def receive(self, request: Request) -> None:
        """Take a corpus file in.

        Raises:
            WorkbenchError: it is of another kind, or too large.
        """
        name = name_of(request)
        suffix = Path(name).suffix.lower()
        if suffix not in IMPORTED:
            raise WorkbenchError(
                say("语料文件应是 ", "A corpus file is one of ") + "、".join(IMPORTED)
            )
        folder = self._desk.jobs.folder(await self._prepared()) / "input"
        path = folder / f"upload-{secrets.token_hex(4)}{suffix}"
        await into_file(request, path, self._desk.settings.max_upload)
        self._wish.files.append((name, path))
        self._files.refresh()

    def tell(self, error: UserError) -> None:
        """Say on the page what went wrong."""
        with self._form:
            tell(error)

    def discard(self) -> None:
        """Forget what was uploaded and not learnt from."""
        if self._job is not None:
            self._desk.jobs.discard(self._job)

    async def _prepared(self) -> str:
        """The job to come."""
        async with self._preparing:
            if self._job is None:
                self._job = await asyncio.to_thread(self._desk.jobs.prepare)
            return self._job

    async def build(self, address: str) -> None:
        """The form, whose files are sent to the address, and the trainings below it."""
        queues = await asyncio.to_thread(self._queues)
        self._form = ui.element("section").classes("panel form")
        with self._form:
            ui.label(say("从标注训练新模型", "Train from labels")).classes("title")
            self._corpora(queues, await asyncio.to_thread(_bundled_rows))
            self._uploads(address)
            self._options()
            start = ui.button(say("开始训练", "Train"), icon="play_arrow", on_click=self._start)
            start.props("unelevated no-caps").mark("train")
            for_admins(self._page.person, start)
        self._cards = JobCards(self._desk, "train", "admin", self._result)
        await self._cards.build()

    def _queues(self) -> list[Labelled]:
        with self._desk.database.session() as session:
            return labelled_queues(session)

    def _corpora(self, queues: list[Labelled], rows: int) -> None:
        wish = self._wish
        ui.label(say("用哪些语料", "Learn from")).classes("part")
        ui.checkbox(
            say(f"自带语料（{rows:,} 段）", f"the bundled corpus ({rows:,} paragraphs)")
        ).bind_value(wish, "bundled").props("dense").mark("bundled")
        for queue in queues:
            name = say(
                f"标注“{queue.name}”：已定 {queue.decided} 段，其中随机抽出 {queue.random} 段",
                f"labels “{queue.name}”: {queue.decided} decided, {queue.random} of them random",
            )
            wish.queues[queue.queue] = True
            box = ui.checkbox(name, value=True, on_change=partial(self._choose, queue.queue))
            box.props("dense").mark(f"queue-{queue.queue}")
        if any(queue.random for queue in queues):
            ui.checkbox(say("随机抽出的段也学", "learn from the random paragraphs too")).bind_value(
                wish, "random"
            ).props("dense").mark("random")
            ui.label(
                say(
                    "随机抽出的段用来估计准确度。模型学过的段不能再拿来考它，否则成绩虚高，所以默认不学。",
                    "The random paragraphs serve to estimate accuracy. A model cannot be judged by "
                    "what it has learnt, so they are left out by default.",
                )
            ).classes("quiet hint")

    def _choose(self, queue: int, event: ValueChangeEventArguments[bool]) -> None:
        self._wish.queues[queue] = event.value

    def _uploads(self, address: str) -> None:
        most = self._desk.settings.max_upload
        ui.label(say("自己的语料文件", "Corpus files of your own"))
        uploader(address, most, several=True)
        ui.label(
            say(
                "JSONL、CSV、XLSX、doccano、Label Studio 等，要有正文和标签；"
                f"每个最大 {megabytes(most)}",
                "JSONL, CSV, XLSX, doccano, Label Studio and the like, with texts and labels; "
                f"at most {megabytes(most)} each",
            )
        ).classes("quiet hint")
        self._files()

    @ui.refreshable_method
    def _files(self) -> None:
        for file in self._wish.files:
            with ui.row().classes("file"):
                ui.icon("description")
                ui.label(file[0])
                drop = ui.button(icon="close", on_click=partial(self._drop, file))
                name = say("不用这个文件", "Leave out")
                drop.props(f'flat dense aria-label="{name}"').tooltip(name)

    def _drop(self, file: tuple[str, Path]) -> None:
        self._wish.files.remove(file)
        file[1].unlink(missing_ok=True)
        self._files.refresh()

    def _options(self) -> None:
        wish = self._wish
        ui.label(say("怎样训练", "How")).classes("part")
        with ui.row().classes("option"):
            ui.checkbox(say("先搜索更好的参数", "search better parameters first")).bind_value(
                wish, "search"
            ).props("dense").mark("search")
            times = {n: say(f"{text} 分钟", f"{text} min") for n, text in _BUDGETS.items()}
            ui.select(times).bind_value(wish, "budget").bind_visibility_from(wish, "search").props(
                f'dense outlined aria-label="{say("用多少时间", "for how long")}"'
            )
        with ui.row().classes("option"):
            ui.checkbox(
                say("宁缺毋滥：按要求的精确率定阈值", "choose thresholds for a precision")
            ).bind_value(wish, "precise").props("dense").mark("precise")
            ui.number(min=0.5, max=0.999, step=0.01, format="%.3f").bind_value(
                wish, "precision"
            ).bind_visibility_from(wish, "precise").props(
                f'dense outlined aria-label="{say("精确率", "precision")}"'
            )

    @told
    async def _start(self) -> None:
        person = self._desk.people.allowed("admin")
        jobs = self._desk.jobs
        job = await self._prepared()
        plan, asked = await self._gathered(jobs.folder(job) / "input")
        words = plan.words(self._desk.settings.models.absolute())
        title = "、".join(asked["sources"])
        await asyncio.to_thread(jobs.add, job, "train", title, person.name, words, asked)
        self._job = None
        self._wish.files.clear()
        self._files.refresh()
        await self._cards.look()
        ui.notify(say("已排上", "In line"), type="positive")

    async def _gathered(self, folder: Path) -> tuple[Plan, dict[str, Any]]:
        """The corpus files of a training, and what to tell of it."""
        wish = self._wish
        sources = [say("自带语料", "bundled corpus")] if wish.bundled else []
        files: list[Path] = []
        told_of: dict[str, Any] = {}
        queues = [queue for queue, chosen in wish.queues.items() if chosen]
        if queues:
            count, told_of = await asyncio.to_thread(self._write, queues, folder)
            if count:
                files.append(folder / "labels.jsonl")
                sources.append(say(f"标注 {count} 段", f"{count} labels"))
        for name, path in wish.files:
            files.append(path)
            sources.append(name)
        if queues and not files and not wish.bundled:
            raise WorkbenchError(
                say(
                    "所选的标注里，除了随机抽出的，没有已定的段",
                    "Besides the random ones, nothing is decided in these labels",
                )
            )
        precision = self._precision()
        plan = Plan(wish.bundled, files, wish.budget if wish.search else None, precision)
        return plan, {"sources": sources, **told_of}

    def _precision(self) -> float | None:
        wish = self._wish
        if not wish.precise:
            return None
        if wish.precision is None or not 0.5 <= wish.precision <= 0.999:
            raise WorkbenchError(say("精确率应在 0.5 到 0.999 之间", "0.5 to 0.999, please"))
        return round(wish.precision, 3)

    def _write(self, queues: list[int], folder: Path) -> tuple[int, dict[str, Any]]:
        with self._desk.database.session() as session:
            found = lessons(session, queues, with_random=self._wish.random)
        if found.rows:
            write_lessons(folder / "labels.jsonl", found.rows)
        return len(found.rows), {"kept": found.kept, "contradicted": found.contradicted}

    async def _result(self, job: Job) -> None:
        told_of = await asyncio.to_thread(_said, self._desk.jobs.folder(job.id))
        if told_of is None:
            ui.label(say("没有留下结果", "It left no result")).classes("reason")
            return
        current = await in_use(self._desk)
        try:
            model = await asyncio.to_thread(read_version, self._desk.store, told_of["version"])
        except UserError as error:
            ui.label(str(error)).classes("reason")
            return
        _left_out(job.asked)
        self._outcome(model, current, told_of)

    def _outcome(self, model: Version, current: str | None, told_of: Mapping[str, Any]) -> None:
        with ui.row().classes("outcome"):
            ui.label(say("新模型 ", "new model ") + model.version).classes("version")
            score = model.macro_f1
            ui.label(
                say("宏平均 F1 ", "macro-F1 ")
                + f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"
            )
        if model.version == current:
            ui.label(say("它就是正在使用的模型。", "It is the model in use."))
            return
        passed = told_of.get("passed")
        verdict = {
            True: (
                "检验通过：不比正在使用的差",
                "The gate lets it pass: not worse than the one in use",
            ),
            False: ("检验没有通过", "The gate does not let it pass"),
            None: ("没有可比的模型，没有检验", "There was no model to hold it against"),
        }[passed]
        ui.label(say(*verdict)).classes("verdict passed" if passed else "verdict")
        ui.label(_reason(told_of)).classes("quiet")
        with ui.row().classes("links"):
            both = f"{model.version},{current}" if current else model.version
            ui.link(say("并排比较、换用", "Compare and use"), f"/models?chosen={both}")
            if current:
                ui.link(
                    say("看哪些段的判断变了", "See what changed"),
                    f"/models/changes?before={current}&after={model.version}",
                )


def _left_out(asked: Mapping[str, Any]) -> None:
    parts = []
    if kept := asked.get("kept"):
        parts.append(say(f"{kept} 段随机抽出的没有学", f"{kept} random ones were left out"))
    if contradicted := asked.get("contradicted"):
        parts.append(
            say(
                f"{contradicted} 段在不同队列里标得不一样，没有学",
                f"{contradicted} were left out because queues contradict each other",
            )
        )
    if parts:
        ui.label("；".join(parts)).classes("quiet")


def _said(folder: Path) -> dict[str, Any] | None:
    """What the command said of the model that it trained."""
    try:
        told_of: dict[str, Any] = json.loads((folder / "said.txt").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told_of if "version" in told_of else None


def _reason(told_of: Mapping[str, Any]) -> str:
    """Why the gate says so, without what is of use at a terminal only."""
    said = str(told_of.get("reason", "")).rpartition("检验的结果：")[2]
    return _AT_A_TERMINAL.split(said)[0]


def _bundled_rows() -> int:
    return sum(path.read_bytes().count(b"\n") for path in sorted(bundled("corpus").glob("*.jsonl")))
