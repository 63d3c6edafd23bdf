"""`/label/{queue}`: one paragraph after the other, by keyboard or by touch."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from html import escape

from nicegui import background_tasks, ui
from starlette.responses import RedirectResponse

from model.codebook import Codebook, Theme
from service.client.errors import ClientError
from service.workbench.desk import Desk
from service.workbench.errors import WorkbenchError
from service.workbench.frame import STATIC, Page, frame, turned_away
from service.workbench.labelling.choice import Choice
from service.workbench.labelling.judging import Standing
from service.workbench.labelling.queues import get_queue
from service.workbench.labelling.seat import Reservations, Seat, Sheet
from service.workbench.labelling.turns import Turns, show_ready
from service.workbench.marking import marked
from service.workbench.schema import Paragraph, Queue
from service.workbench.wording import say, theme_name

_LOOK_SECONDS = 5.0
"""How often it is looked how far all are, and whether something has become free."""


def register(desk: Desk) -> None:
    """Make the page."""
    reservations = Reservations()

    @ui.page("/label/{queue}", title="govtheme")
    async def page(queue: int) -> RedirectResponse | None:
        if away := turned_away(desk):
            return away
        ui.add_css(STATIC / "label.css", shared=False)
        async with frame(desk, "/label") as shown:
            try:
                found = await asyncio.to_thread(_queue, desk, queue)
                shown.person.require("classify")
            except WorkbenchError as error:
                ui.label(str(error))
                return None
            seat = Seat(desk.database, reservations, queue, shown.person.name)
            table = _Table(desk, shown, found, seat)
            ui.context.client.on_disconnect(seat.leave)
            await table.begin()
        return None


def themes_of(queue: Queue, codebook: Codebook) -> tuple[Theme, ...]:
    """The themes of a queue; one that the model in use does not know is called by its id."""
    known = {theme.id: theme for theme in codebook.themes}
    return tuple(
        known.get(label, Theme(label, number, label, label))
        for number, label in enumerate(queue.labels, 1)
    )


class _Table:
    """What lies before a person, and what the keys do with it."""

    def __init__(self, desk: Desk, page: Page, queue: Queue, seat: Seat) -> None:
        self._desk, self._page, self._queue, self._seat = desk, page, queue, seat
        self._sheet = Sheet(None)
        self._standing = Standing(0, 0, 0, 0, 0)
        self._themes = themes_of(queue, page.codebook)
        self._turns = Turns()
        self._build()

    async def begin(self) -> None:
        """Show the first paragraph."""
        self._show(await asyncio.to_thread(self._seat.sit))
        await self._count()
        ui.timer(_LOOK_SECONDS, self._look, immediate=False)
        self._turns.on_keys(
            {
                **self._choice.actions(),
                " ": self._save,
                "u": self._undo,
                "s": self._skip,
                "h": self._show_help,
                "c": self._codebook,
            }
        )

    def _build(self) -> None:
        with ui.row().classes("label-head"):
            ui.link(say("← 队列", "← Queues"), "/label").classes("quiet")
            ui.label(self._queue.name).classes("label-title")
            if self._queue.blind:
                ui.label(say("盲标", "Blind")).classes("label-tag")
            ui.space()
            self._progress = ui.label().classes("quiet").mark("progress")
        self._bar = ui.linear_progress(0, show_value=False, size="4px").props("aria-hidden=true")
        with ui.column().classes("label-sheet") as self._paper:
            self._origin = ui.label().classes("quiet").mark("origin")
            self._text = ui.html("", sanitize=False).classes("label-text").mark("text")
            if not self._queue.blind:
                self._opinion = ui.label().classes("quiet").mark("opinion")
        with ui.column().classes("label-sheet") as self._end:
            self._end_text = ui.label().classes("label-end").mark("end")
            self._again = ui.button(on_click=self._take_up).props("outline").mark("again")
        with ui.column().classes("label-hands"):
            self._choice = Choice(self._themes, self._changed)
            self._buttons()
        self._help = ui.label(_keys_told()).classes("quiet label-help").mark("help")

    def _buttons(self) -> None:
        with ui.row().classes("label-actions"):
            for key, words, action in (
                ("u", say("撤销", "Undo"), self._undo),
                ("s", say("跳过", "Skip"), self._skip),
                ("c", say("手册", "Codebook"), self._codebook),
            ):
                self._turns.button(words, key, action).mark(f"key-{key}")
            ui.space()
            words = say("保存，下一段", "Save, next")
            self._save_button = self._turns.save_button(words, self._save)

    async def _save(self) -> None:
        self._desk.people.allowed("classify")
        paragraph = self._sheet.paragraph
        if paragraph is None:
            return
        self._choice.check()
        labels = self._choice.labels
        self._show(await asyncio.to_thread(self._seat.save, paragraph.id, labels))
        now = self._standing
        self._tell(replace(now, mine=now.mine + 1, left=max(now.left - 1, 0)))

    async def _skip(self) -> None:
        self._desk.people.allowed("classify")
        if self._sheet.paragraph is None:
            return
        self._show(await asyncio.to_thread(self._seat.skip, self._sheet.paragraph.id))
        now = self._standing
        self._tell(replace(now, skipped=now.skipped + 1, left=max(now.left - 1, 0)))

    async def _undo(self) -> None:
        self._desk.people.allowed("classify")
        self._show(await asyncio.to_thread(self._seat.undo))
        await self._count()

    async def _take_up(self) -> None:
        await self._turns.take(self._take_up_skipped)

    async def _take_up_skipped(self) -> None:
        self._desk.people.allowed("classify")
        self._show(await asyncio.to_thread(self._seat.take_up_skipped))
        await self._count()

    async def _codebook(self) -> None:
        self._page.meanings.open(self._choice.last)

    async def _show_help(self) -> None:
        self._help.set_visibility(not self._help.visible)

    def _changed(self) -> None:
        show_ready(self._save_button, self._choice.decided)

    def _show(self, sheet: Sheet) -> None:
        self._sheet = sheet
        paragraph = sheet.paragraph
        self._paper.set_visibility(paragraph is not None)
        self._end.set_visibility(paragraph is None)
        self._choice.enable(paragraph is not None)
        chosen: Sequence[str] | None = sheet.labels
        if paragraph is not None:
            if chosen is None and self._queue.preselected and paragraph.scores:
                chosen = paragraph.proposed
            self._lay(paragraph)
        self._choice.put(chosen)
        self._changed()

    def _lay(self, paragraph: Paragraph) -> None:
        number = say(f"第 {paragraph.place + 1} 段", f"No. {paragraph.place + 1}")
        parts = (paragraph.title, paragraph.doc, number)
        self._origin.set_text(" · ".join(part for part in parts if part))
        self._text.set_content(escape(paragraph.text))
        if not self._queue.blind:
            self._choice.note({i: f"{score:.0%}" for i, score in paragraph.scores.items()})
            self._opinion.set_text(_opinion(paragraph, self._themes))
            background_tasks.create(self._underline(paragraph))

    async def _underline(self, paragraph: Paragraph) -> None:
        """Show the words that decided, as soon as the server has told; without them all works."""
        try:
            result = await self._desk.client.classify(paragraph.text, evidence=True)
        except ClientError:
            return
        # Another model's reasons are not the reasons for these scores.
        if self._sheet.paragraph is paragraph and result.model == self._queue.model:
            numbers = {theme.id: number for number, theme in enumerate(self._themes, 1)}
            self._text.set_content(marked(paragraph.text, result.evidence, numbers))

    async def _count(self) -> None:
        self._tell(await asyncio.to_thread(self._seat.standing))

    def _tell(self, now: Standing) -> None:
        """Show how far this person and all are."""
        self._standing = now
        reachable = now.mine + now.skipped + now.left
        self._bar.set_value((now.mine + now.skipped) / reachable if reachable else 1.0)
        self._progress.set_text(
            say(
                f"我标了 {now.mine} · 全部 {now.done}/{now.total} · 等我的 {now.left}",
                f"Mine {now.mine} · all {now.done}/{now.total} · left {now.left}",
            )
        )
        if self._sheet.paragraph is None:
            self._end_text.set_text(_ended(self._queue, self._sheet.busy, now))
            self._again.set_visibility(now.skipped > 0)
            self._again.set_text(
                say(f"重看跳过的 {now.skipped} 段", f"The {now.skipped} skipped once more")
            )

    async def _look(self) -> None:
        if not self._turns.busy:
            await self._turns.take(self._look_again)

    async def _look_again(self) -> None:
        if self._sheet.paragraph is None:
            self._show(await asyncio.to_thread(self._seat.sit))
        await self._count()


def _opinion(paragraph: Paragraph, themes: Sequence[Theme]) -> str:
    """What the model says, in words; nothing where none was asked."""
    if not paragraph.scores:
        return ""
    names = {theme.id: theme_name(theme) for theme in themes}
    labels = "、".join(names.get(label, label) for label in paragraph.proposed)
    unsure = "、".join(names.get(label, label) for label in paragraph.uncertain)
    told = say("模型：", "Model: ") + (labels or say("无主题", "none of them"))
    return told + (say("；拿不准：", "; unsure: ") + unsure if unsure else "")


def _ended(queue: Queue, busy: bool, now: Standing) -> str:
    if queue.closed:
        return say("这个队列已经收起", "This queue has been set aside")
    if busy:
        return say(
            f"剩下的 {now.left} 段别人正在标，空出来会自动出现",
            f"Others are at the {now.left} that are left; what becomes free will appear",
        )
    return say(f"没有等您标的了。您标了 {now.mine} 段。", f"Nothing is left. You did {now.mine}.")


def _keys_told() -> str:
    return say(
        "1–9 选或不选主题，0 无主题，空格或回车 保存并到下一段，u 或 Ctrl+Z 撤销，s 跳过，"
        "c 编码手册（Esc 关上），h 显示或收起这一行",
        "1–9 choose a theme or not, 0 none, space or enter save and go on, u or Ctrl+Z undo, "
        "s skip, c codebook (Esc closes it), h show or hide this line",
    )


def _queue(desk: Desk, queue: int) -> Queue:
    with desk.database.session() as session:
        return get_queue(session, queue)
