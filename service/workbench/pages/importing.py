"""`/label/import`: labels from elsewhere, as what a person says or as a new queue."""

import asyncio
from pathlib import Path

from nicegui import ui
from starlette.responses import RedirectResponse

from model.codebook import Codebook
from service.tables.scored import ScoredRow
from service.workbench.desk import Desk
from service.workbench.frame import STATIC, Page, frame, told, turned_away
from service.workbench.labelling.corpora import (
    IMPORTED,
    Imported,
    Labelled,
    import_judgements,
    read_labelled,
)
from service.workbench.labelling.filebox import FileBox
from service.workbench.labelling.queues import Overview, Wish, add_queue, overviews
from service.workbench.pages.new_queue import UPLOADS
from service.workbench.people import check_person
from service.workbench.reading.intake import Intake
from service.workbench.wording import say

_NEW = 0
"""In place of a queue's id: a queue to be."""


def register(desk: Desk) -> None:
    """Make the page, and the way in for files."""
    intake = Intake[FileBox](desk.people, "/label/import/file", "classify")

    @ui.page("/label/import", title="govtheme")
    async def page() -> RedirectResponse | None:
        if away := turned_away(desk):
            return away
        ui.add_css(STATIC / "label.css", shared=False)
        async with frame(desk, "/label") as shown:
            found = await asyncio.to_thread(_overviews, desk, shown.person.name)
            form = _Form(desk, shown, found)
            form.build(intake.address(shown.person, form.box))
        return None


class _Form:
    """What is asked before labels are taken in."""

    def __init__(self, desk: Desk, page: Page, queues: list[Overview]) -> None:
        self._desk, self._page = desk, page
        new = say("新的队列", "A new queue")
        self._queues = {_NEW: new} | {seen.queue.id: seen.queue.name for seen in queues}
        most = desk.settings.max_file
        self.box = FileBox(desk.folder / UPLOADS, IMPORTED, most, self._arrived)

    def build(self, address: str) -> None:
        """Show it; the file is sent to the address."""
        with ui.row().classes("label-head"):
            ui.link(say("← 队列", "← Queues"), "/label").classes("quiet")
            ui.label(say("导入标注", "Import labels")).classes("label-title")
        with ui.column().classes("label-sheet label-form"):
            ui.label(
                say(
                    "doccano（JSONL、CSV）、Label Studio（JSON）、CSV、XLSX、Parquet、JSONL。"
                    "标签可以是编码手册的编号、名称或代号。",
                    "doccano (JSONL, CSV), Label Studio (JSON), CSV, XLSX, Parquet, JSONL. Labels "
                    "are ids, numbers or names of the codebook.",
                )
            ).classes("quiet")
            self.box.build(address)
            self._fields()
            ui.button(say("导入", "Import"), on_click=told(self._import)).props("unelevated").mark(
                "import"
            )

    def _fields(self) -> None:
        with ui.element("div").classes("label-fields"):
            self._target = ui.select(self._queues, value=_NEW, label=say("放进", "Into"))
            self._target.props("outlined dense").mark("target")
            self._name = ui.input(say("新队列的名字", "Name of the new queue"))
            self._name.props("outlined dense").mark("name")
            self._name.bind_visibility_from(self._target, "value", value=_NEW)
            self._person = ui.input(
                say("记在谁的名下", "In whose name"), value=self._page.person.name
            )
            self._person.props("outlined dense").mark("person-name")
            self._text = ui.input(say("正文的列（空为自动）", "Column of the text"))
            self._text.props("outlined dense")
            self._labels = ui.input(say("标签的列（空为自动）", "Column of the labels"))
            self._labels.props("outlined dense")
        self._judged = ui.checkbox(
            say("文件里的标签就是这个人的判断", "The labels are this person's judgements"),
            value=True,
        )
        self._judged.bind_visibility_from(self._target, "value", value=_NEW)

    def _arrived(self, name: str) -> None:
        if not self._name.value:
            self._name.set_value(Path(name).stem[:100])

    async def _import(self) -> None:
        person = check_person(self._person.value or "")
        mine = person == self._page.person.name
        self._desk.people.allowed("classify" if mine else "admin")
        file = self.box.path()
        codebook = await self._desk.codebook()
        rows = await asyncio.to_thread(
            read_labelled, file, codebook, self._text.value or "", self._labels.value or ""
        )
        queue = int(self._target.value or _NEW)
        if queue == _NEW:
            wish = self._wish(codebook)
            judge = person if self._judged.value else None
            await asyncio.to_thread(_add, self._desk, wish, rows, judge)
            ui.navigate.to("/label")
            return
        done = await asyncio.to_thread(_judge, self._desk, queue, person, rows)
        ui.notify(
            say(
                f"导入 {done.judged} 段；另有 {done.missing} 段不在这个队列里，没有导入",
                f"{done.judged} imported; {done.missing} are not in this queue",
            ),
            type="positive",
            timeout=0,
            close_button="✕",
        )

    def _wish(self, codebook: Codebook) -> Wish:
        return Wish(
            name=self._name.value or "",
            person=self._page.person.name,
            origin=say(f"导入：{self.box.name}", f"Imported: {self.box.name}"),
            labels=codebook.ids,
            codebook=codebook.version,
        )


def _overviews(desk: Desk, person: str) -> list[Overview]:
    with desk.database.session() as session:
        return [seen for seen in overviews(session, person) if not seen.queue.closed]


def _add(desk: Desk, wish: Wish, rows: list[Labelled], person: str | None) -> None:
    """A queue of the rows in their order, a text once; with what a person says of them."""
    chosen = {row.text: ScoredRow(row.text, row.doc) for row in rows}
    with desk.database.session() as session:
        queue = add_queue(session, wish, [(candidate, False) for candidate in chosen.values()])
        if person is not None:
            import_judgements(session, queue, person, rows)


def _judge(desk: Desk, queue: int, person: str, rows: list[Labelled]) -> Imported:
    with desk.database.session() as session:
        return import_judgements(session, queue, person, rows)
