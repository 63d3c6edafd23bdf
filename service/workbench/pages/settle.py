"""`/label/{queue}/settle`: how far people agree, and what is decided where they differ."""

import asyncio
from collections.abc import Sequence
from html import escape

from nicegui import ui
from starlette.responses import RedirectResponse

from model.codebook import Theme
from service.workbench.desk import Desk
from service.workbench.errors import WorkbenchError
from service.workbench.frame import STATIC, Page, frame, turned_away
from service.workbench.labelling.agreement import Agreement, agreement, opinions
from service.workbench.labelling.choice import Choice
from service.workbench.labelling.queues import get_queue
from service.workbench.labelling.settling import (
    Difference,
    difference,
    differing,
    settle,
    unsettle,
)
from service.workbench.labelling.turns import Turns, show_ready
from service.workbench.look import theme_class
from service.workbench.pages.labelling import themes_of
from service.workbench.schema import Queue
from service.workbench.wording import say, theme_name


def register(desk: Desk) -> None:
    """Make the page."""

    @ui.page("/label/{queue}/settle", title="govtheme")
    async def page(queue: int) -> RedirectResponse | None:
        if away := turned_away(desk):
            return away
        ui.add_css(STATIC / "label.css", shared=False)
        async with frame(desk, "/label") as shown:
            try:
                # Who still labels must not see what others say.
                shown.person.require("admin")
                found = await asyncio.to_thread(_queue, desk, queue)
            except WorkbenchError as error:
                ui.label(str(error))
                return None
            await _Settling(desk, shown, found).build()
        return None


class _Settling:
    """The paragraphs on which people differ, one after the other."""

    def __init__(self, desk: Desk, page: Page, queue: Queue) -> None:
        self._desk, self._page, self._queue = desk, page, queue
        self._themes = themes_of(queue, page.codebook)
        self._left: list[int] = []
        self._settled: list[int] = []
        self._now: Difference | None = None
        self._turns = Turns()

    async def build(self) -> None:
        """Show it."""
        with ui.row().classes("label-head"):
            ui.link(say("← 队列", "← Queues"), "/label").classes("quiet")
            ui.label(self._queue.name).classes("label-title")
            ui.space()
            self._progress = ui.label().classes("quiet").mark("progress")
        self._sheet()
        found = await asyncio.to_thread(self._found)
        with ui.expansion(say("一致程度", "Agreement"), value=True).classes("label-sheet"):
            draw_agreement(found, self._themes)
        await self._begin()
        self._turns.on_keys(
            {
                **self._choice.actions(),
                " ": self._save,
                "u": self._undo,
                "s": self._later,
                "c": self._codebook,
            }
        )

    def _sheet(self) -> None:
        with ui.column().classes("label-sheet") as self._paper:
            self._origin = ui.label().classes("quiet")
            self._text = ui.html("", sanitize=False).classes("label-text").mark("text")
        self._said = ui.element("div").classes("label-opinions").mark("opinions")
        with ui.column().classes("label-hands") as self._hands:
            self._choice = Choice(self._themes, self._changed)
            with ui.row().classes("label-actions"):
                for key, words, action in (
                    ("s", say("以后再说", "Later"), self._later),
                    ("c", say("手册", "Codebook"), self._codebook),
                ):
                    self._turns.button(words, key, action)
                ui.space()
                words = say("裁定，下一段", "Settle, next")
                self._save_button = self._turns.save_button(words, self._save)
        with ui.row().classes("label-head"):
            self._end = ui.label().classes("label-end").mark("end")
            ui.space()
            undo = self._turns.button(say("撤销上一个裁定", "Undo"), "u", self._undo)
            self._undo_button = undo.mark("undo")

    async def _begin(self) -> None:
        self._left = await asyncio.to_thread(self._differing)
        await self._next()

    async def _next(self) -> None:
        first = self._left[0] if self._left else None
        found = await asyncio.to_thread(self._difference, first) if first is not None else None
        self._show(found, None)

    async def _save(self) -> None:
        person = self._desk.people.allowed("admin")
        if self._now is None:
            return
        self._choice.check()
        paragraph = self._now.paragraph.id
        await asyncio.to_thread(self._settle, paragraph, person.name, self._choice.labels)
        self._left.remove(paragraph)
        self._settled.append(paragraph)
        await self._next()

    async def _undo(self) -> None:
        self._desk.people.allowed("admin")
        if not self._settled:
            raise WorkbenchError(say("这次还没有裁定过", "Nothing was settled here yet"))
        paragraph = self._settled.pop()
        before = await asyncio.to_thread(self._unsettle, paragraph)
        self._left.insert(0, paragraph)
        self._show(before, before.settled)

    async def _later(self) -> None:
        if self._now is not None:
            self._left.append(self._left.pop(0))
            await self._next()

    async def _codebook(self) -> None:
        self._page.meanings.open(self._choice.last)

    def _changed(self) -> None:
        show_ready(self._save_button, self._choice.decided)

    def _show(self, found: Difference | None, chosen: tuple[str, ...] | None) -> None:
        self._now = found
        for part in (self._paper, self._said, self._hands):
            part.set_visibility(found is not None)
        self._end.set_visibility(found is None)
        self._end.set_text(say("没有待裁定的分歧。", "Nothing is left to settle."))
        self._undo_button.set_visibility(bool(self._settled))
        self._choice.put(chosen)
        self._changed()
        self._progress.set_text(
            say(f"还有 {len(self._left)} 段待裁定", f"{len(self._left)} left to settle")
        )
        if found is not None:
            self._lay(found)

    def _lay(self, found: Difference) -> None:
        paragraph = found.paragraph
        number = say(f"第 {paragraph.place + 1} 段", f"No. {paragraph.place + 1}")
        parts = (paragraph.title, paragraph.doc, number)
        self._origin.set_text(" · ".join(part for part in parts if part))
        self._text.set_content(escape(paragraph.text))
        self._said.clear()
        with self._said:
            for person, labels in found.said.items():
                self._opinion(person, labels)

    def _opinion(self, person: str, labels: tuple[str, ...]) -> None:
        """What somebody says; pressing it chooses the same."""

        def take() -> None:
            self._choice.put(labels)
            self._changed()

        button = ui.element("button").classes("label-opinion").on("click", take)
        button.props('type="button"').tooltip(say("照这个选", "Choose the same"))
        button.on("mousedown", js_handler="(event) => event.preventDefault()")
        with button:
            ui.label(person).classes("who")
            with ui.element("div").classes("label-chips"):
                for number, theme in enumerate(self._themes, 1):
                    if theme.id in labels:
                        chip = ui.label(theme_name(theme))
                        chip.classes(f"label-chip {theme_class(number)}")
                if not labels:
                    ui.label(say("无主题", "None of them")).classes("label-chip")

    def _found(self) -> Agreement:
        with self._desk.database.session() as session:
            said = opinions(session, self._queue.id)
        return agreement(list(said.values()), self._queue.labels)

    def _differing(self) -> list[int]:
        with self._desk.database.session() as session:
            return differing(session, self._queue.id)

    def _difference(self, paragraph: int) -> Difference:
        with self._desk.database.session() as session:
            return difference(session, paragraph)

    def _settle(self, paragraph: int, person: str, labels: tuple[str, ...]) -> None:
        with self._desk.database.session() as session:
            settle(session, paragraph, person, labels)

    def _unsettle(self, paragraph: int) -> Difference:
        with self._desk.database.session() as session:
            before = difference(session, paragraph)
            unsettle(session, paragraph)
        return before


def draw_agreement(found: Agreement, themes: tuple[Theme, ...]) -> None:
    """The figures of agreement as a table."""
    if not found.shared:
        words = say(
            "还没有两个人都标过的段落；建队列时可以要求每段由几个人标。",
            "No paragraph was judged by two people yet.",
        )
        ui.label(words).classes("quiet")
        return
    exact = say(
        f"{found.shared} 段有两人以上标过，其中 {found.equal} 段完全一致（{found.exact:.0%}）；"
        f"整组标签的 Krippendorff α（MASI）{_figure(found.alpha)}",
        f"{found.shared} paragraphs judged by two or more, {found.equal} exactly alike "
        f"({found.exact:.0%}); Krippendorff's α of label sets (MASI) {_figure(found.alpha)}",
    )
    ui.label(exact).mark("agreement")
    names = {theme.id: theme_name(theme) for theme in themes}
    rows = [
        (names[theme.label], theme.given, _figure(theme.kappa), _figure(theme.alpha))
        for theme in found.themes
    ]
    head = (say("主题", "Theme"), say("标了几次", "Given"), "Cohen κ", "Krippendorff α")
    _table(head, rows)
    pairs = [
        (f"{one} · {other}", shared, f"{equal / shared:.0%}")
        for (one, other), (shared, equal) in found.pairs.items()
    ]
    _table((say("两人", "Pair"), say("都标过", "Shared"), say("完全一致", "Alike")), pairs)


def _table(head: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
    cells = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    content = (
        f'<table class="figures"><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table>'
    )
    ui.html(content, sanitize=False).classes("w-full")


def _figure(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f}"


def _queue(desk: Desk, queue: int) -> Queue:
    with desk.database.session() as session:
        return get_queue(session, queue)
