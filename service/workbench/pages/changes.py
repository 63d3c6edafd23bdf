"""`/models/changes`: which paragraphs two models see differently, found by a job, and shown."""

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from nicegui import ui
from sqlalchemy import func, select
from starlette.responses import RedirectResponse

from service.tables.scored import find_table
from service.workbench.desk import Desk
from service.workbench.errors import UnknownThingError, WorkbenchError
from service.workbench.frame import Page, frame, told, turned_away
from service.workbench.look import theme_class
from service.workbench.models.cards import JobCards
from service.workbench.models.changes import (
    MOST,
    Summary,
    as_csv,
    as_html,
    filters,
    read_summary,
    shown_rows,
)
from service.workbench.models.lessons import write_paragraphs
from service.workbench.models.parts import in_use, shown_percent, tabs
from service.workbench.models.versions import versions
from service.workbench.schema import Job, Paragraph, Queue
from service.workbench.wording import say, theme_name

_TABLE = "differences.jsonl"
_PAUSE_SECONDS = 0.01


def register(desk: Desk) -> None:
    """Make the pages."""

    @ui.page("/models/changes", title="govtheme")
    async def page(before: str = "", after: str = "") -> RedirectResponse | None:
        if away := turned_away(desk):
            return away
        async with frame(desk, "/models"):
            tabs("/models/changes")
            await _Asking(desk).build(before, after)
        return None

    @ui.page("/models/changes/{job}", title="govtheme")
    async def result(job: str) -> RedirectResponse | None:
        if away := turned_away(desk):
            return away
        async with frame(desk, "/models") as shown:
            tabs("/models/changes")
            try:
                found = await asyncio.to_thread(desk.jobs.get, job)
                if found.kind != "compare":
                    raise UnknownThingError(say("没有这次比较", "There is no such comparison"))
                summary = await asyncio.to_thread(_summary, desk, found)
            except WorkbenchError as error:
                ui.label(str(error)).classes("reason")
                return None
            await _Result(desk, shown, found, summary).build()
        return None


class _Asking:
    """The form, and the comparisons below it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def build(self, before: str, after: str) -> None:
        """Everything on the page."""
        current = await in_use(self._desk)
        models = await asyncio.to_thread(versions, self._desk.store)
        names = {
            model.version: f"{model.version}（{model.trained.astimezone():%m-%d %H:%M}）"
            + (say(" 使用中", " in use") if model.version == current else "")
            for model in models
            if not model.wrong
        }
        sources = await asyncio.to_thread(self._sources)
        newest = next((name for name in names if name != current), None)
        with ui.element("section").classes("panel form"):
            ui.label(say("哪些段的判断变了", "What changed between two models")).classes("title")
            ui.label(
                say(
                    "两个模型各判断一遍同样的段落，列出主题不同的段；不需要标签。",
                    "Both models classify the same paragraphs; those with other themes are listed. "
                    "No labels are needed.",
                )
            ).classes("quiet")
            with ui.row().classes("choices"):
                first = _select(say("原来的模型", "before"), names, before or current, "before")
                second = _select(say("新的模型", "after"), names, after or newest, "after")
                source = _select(say("段落", "paragraphs"), sources, None, "source")
            start = partial(self._start, first, second, source, sources)
            button = ui.button(say("比较", "Compare"), icon="compare_arrows", on_click=start)
            button.props("unelevated no-caps").mark("compare")
            if not sources:
                ui.label(
                    say(
                        "还没有可以比的段落：先在“标注”里建一个队列，或在“档案”里做完一个任务。",
                        "There are no paragraphs yet: make a queue, or finish an archive job.",
                    )
                ).classes("quiet")
        self._cards = JobCards(self._desk, "compare", "classify", self._result, _paragraphs)
        await self._cards.build()

    def _sources(self) -> dict[str, str]:
        """Where paragraphs can be taken from: queues, and archives that are done."""
        counting = (
            select(Queue.id, Queue.name, func.count())
            .join(Paragraph)
            .group_by(Queue.id, Queue.name)
            .order_by(Queue.id.desc())
        )
        with self._desk.database.session() as session:
            queues = session.execute(counting).all()
        found = {
            f"queue {number}": say(f"队列“{name}”（{count:,} 段）", f"queue “{name}” ({count:,})")
            for number, name, count in queues
        }
        for job in self._desk.jobs.all("score"):
            if job.state == "done":
                found[f"job {job.id}"] = say("档案 ", "archive ") + (
                    f"{job.title}（{job.made.astimezone():%m-%d %H:%M}）"
                )
        return found

    @told
    async def _start(
        self, first: ui.select, second: ui.select, source: ui.select, sources: Mapping[str, str]
    ) -> None:
        person = self._desk.people.allowed("classify")
        before, after, chosen = first.value, second.value, source.value
        if not (before and after and chosen):
            raise WorkbenchError(
                say("请选两个模型和一份段落", "Choose two models and some paragraphs")
            )
        if before == after:
            raise WorkbenchError(say("请选两个不同的模型", "Choose two different models"))
        await asyncio.to_thread(self._add, person.name, before, after, chosen, sources[chosen])
        await self._cards.look()

    def _add(self, person: str, before: str, after: str, chosen: str, name: str) -> None:
        jobs = self._desk.jobs
        job = jobs.prepare()
        folder = jobs.folder(job)
        try:
            path, count = self._paragraphs(chosen, folder)
            out = folder / "output" / _TABLE
            models = str(self._desk.settings.models.absolute())
            words = ["models", "diff", before, after, str(path), "--models", models]
            words += ["--out", str(out), "--json"]
            asked = {"before": before, "after": after, "source": name, "paragraphs": count}
            jobs.add(job, "compare", f"{before} → {after}：{name}", person, words, asked)
        except BaseException:
            jobs.discard(job)
            raise

    def _paragraphs(self, chosen: str, folder: Path) -> tuple[Path, int]:
        """A file of the paragraphs, and how many there are; 0 where nobody has counted."""
        kind, _, name = chosen.partition(" ")
        if kind == "job":
            source = self._desk.jobs.get(name)
            return find_table(self._desk.jobs.folder(source.id) / "output"), 0
        path = folder / "input" / "paragraphs.jsonl"
        with self._desk.database.session() as session:
            return path, write_paragraphs(session, int(name), path)

    async def _result(self, job: Job) -> None:
        try:
            summary = await asyncio.to_thread(_summary, self._desk, job)
        except WorkbenchError as error:
            ui.label(str(error)).classes("reason")
            return
        with ui.row().classes("outcome"):
            ui.label(_told(summary))
            if summary.changed:
                link = ui.link(say("看是哪些段", "See them"), f"/models/changes/{job.id}")
                link.mark(f"see-{job.id}")


class _Result:
    """The paragraphs that changed."""

    def __init__(self, desk: Desk, page: Page, job: Job, summary: Summary) -> None:
        self._desk = desk
        self._job = job
        self._summary = summary
        self._labels = list(summary.themes)
        self._names = {theme.id: theme_name(theme) for theme in page.codebook.themes}
        self._chosen = ""

    async def build(self) -> None:
        """Everything on the page; the paragraphs come piece by piece."""
        ui.add_css(filters(self._labels), shared=False)
        with ui.row().classes("heading"):
            ui.label(f"{self._summary.before} → {self._summary.after}").classes("title")
            ui.label(str(self._job.asked.get("source", ""))).classes("quiet")
            ui.space()
            save = ui.button(say("下载 CSV", "CSV"), icon="download", on_click=self._download)
            save.props("outline dense no-caps").mark("download")
        ui.label(_told(self._summary))
        self._counts()
        if self._summary.changed > MOST:
            ui.label(
                say(
                    f"这里是变化最大的 {MOST:,} 段，全部在下载的表里。",
                    f"The {MOST:,} that moved most; the download has all.",
                )
            ).classes("quiet")
        self._list = ui.element("div").classes("changes").mark("changes")
        await ui.context.client.connected()
        await self._fill()

    def _counts(self) -> None:
        """How many paragraphs gained and lost each theme; a click shows those alone."""
        self._buttons: dict[str, ui.button] = {}
        with ui.element("div").classes("scroller"), ui.element("table").classes("figures"):
            with ui.element("thead"), ui.element("tr"):
                for zh, en in (
                    ("主题", "theme"),
                    ("原来", "before"),
                    ("现在", "after"),
                    ("新有", "gained"),
                    ("不再有", "lost"),
                ):
                    with ui.element("th"):
                        ui.label(say(zh, en))
            with ui.element("tbody"):
                for number, (label, counts) in enumerate(self._summary.themes.items(), 1):
                    self._count(number, label, counts)

    def _count(self, number: int, label: str, counts: Mapping[str, int]) -> None:
        name = self._names.get(label, label)
        with ui.element("tr"):
            with ui.element("th").classes(theme_class(number)):
                self._filter(f"t{number}", name, say("只看变了的", "only what changed"))
            for when in ("before", "after"):
                with ui.element("td"):
                    ui.label(f"{counts[when]:,}")
            for way, sign, zh, en in (
                ("gained", "+", "新有", "gained"),
                ("lost", "−", "不再有", "lost"),
            ):
                with ui.element("td"):
                    self._filter(
                        f"{way[0]}{number}",
                        f"{sign}{counts[way]:,}",
                        say(f"只看{zh}{name}的段", f"only those that {en} {name}"),
                    )

    def _filter(self, code: str, text: str, hint: str) -> None:
        button = ui.button(text, on_click=partial(self._only, code), color=None)
        button.props("flat dense no-caps aria-pressed=false")
        # A label's name may hold anything.
        button.props["aria-label"] = f"{text} {hint}"
        button.classes("filter").mark(f"only-{code}")
        self._buttons[code] = button

    def _only(self, code: str) -> None:
        """Show some paragraphs alone; once more shows all."""
        self._chosen = "" if code == self._chosen else code
        self._list.props(f'data-only="{self._chosen}"')
        for one, button in self._buttons.items():
            pressed = one == self._chosen
            button.props(f"aria-pressed={str(pressed).lower()}")
            button.classes(add="pressed" if pressed else "", remove="" if pressed else "pressed")

    async def _fill(self) -> None:
        pieces = await asyncio.to_thread(self._pieces)
        for piece in pieces:
            with self._list:
                ui.html(piece, sanitize=False)
            await asyncio.sleep(_PAUSE_SECONDS)

    def _pieces(self) -> list[str]:
        table = _table(self._desk, self._job)
        return [as_html(rows, self._labels, self._names) for rows in shown_rows(table)]

    @told
    async def _download(self) -> None:
        self._desk.people.allowed("classify")
        table = _table(self._desk, self._job)
        path = await asyncio.to_thread(as_csv, table, table.with_suffix(".csv"))
        name = f"{self._summary.before}-{self._summary.after}.csv"
        ui.download.file(path, name)


def _select(label: str, options: Mapping[str, str], value: str | None, mark: str) -> ui.select:
    chosen = value if value in options else None
    field = ui.select(dict(options), label=label, value=chosen).props("outlined dense")
    return field.mark(mark)


def _table(desk: Desk, job: Job) -> Path:
    return desk.jobs.folder(job.id) / "output" / _TABLE


def _summary(desk: Desk, job: Job) -> Summary:
    """What came out of a comparison.

    Raises:
        WorkbenchError: nothing did.
    """
    summary = read_summary(desk.jobs.folder(job.id) / "said.txt")
    if summary is None or not _table(desk, job).is_file():
        raise WorkbenchError(say("这次比较没有结果", "This comparison has no result"))
    return summary


def _paragraphs(job: Job) -> int:
    count = job.asked.get("paragraphs")
    return count if isinstance(count, int) else 0


def _told(summary: Summary) -> str:
    share = shown_percent(summary.changed / summary.paragraphs) if summary.paragraphs else "–"
    return say(
        f"{summary.paragraphs:,} 段里有 {summary.changed:,} 段的主题变了（{share}）。",
        f"{summary.changed:,} of {summary.paragraphs:,} paragraphs have other themes ({share}).",
    )
