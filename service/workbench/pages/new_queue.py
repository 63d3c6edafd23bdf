"""`/label/new`: a queue from a scored archive, a pasted list, or a file."""

import asyncio
import secrets
from dataclasses import replace
from pathlib import Path

from nicegui import background_tasks, ui
from starlette.responses import RedirectResponse

from model.errors import UserError
from service.client.errors import ClientError
from service.reading.options import reading_options
from service.tables.scored import find_table
from service.workbench.desk import Desk
from service.workbench.errors import WorkbenchError
from service.workbench.frame import STATIC, Page, frame, told, turned_away
from service.workbench.labelling.filebox import FileBox
from service.workbench.labelling.making import (
    Making,
    Order,
    make,
    new_seed,
    pasted,
    score,
    uploaded,
)
from service.workbench.labelling.queues import Wish, check_name
from service.workbench.labelling.selection import Plan
from service.workbench.people import Person
from service.workbench.reading.intake import Intake
from service.workbench.schema import Job
from service.workbench.wording import say

_WANTED = 500
_MOST = 20_000
_SHARE = 20
_SUFFIXES = (".txt", ".csv", ".tsv", ".xlsx", ".xls", ".jsonl", ".json")
_KIND = "score"

UPLOADS = "label-uploads"
"""The folder of files on their way into a queue; emptied when the workbench starts."""


def register(desk: Desk, makings: list[Making]) -> None:
    """Make the page and the way in for files; what is in the making is put into the list."""
    intake = Intake[FileBox](desk.people, "/label/new/file", "classify")

    @ui.page("/label/new", title="govtheme")
    async def page() -> RedirectResponse | None:
        if away := turned_away(desk):
            return away
        ui.add_css(STATIC / "label.css", shared=False)
        async with frame(desk, "/label") as shown:
            jobs = await asyncio.to_thread(desk.jobs.all, _KIND)
            done = [job for job in jobs if job.state == "done"]
            form = _Form(desk, shown, makings, done)
            form.build(intake.address(shown.person, form.box))
        return None


class _Form:
    """What is asked before a queue is made."""

    def __init__(self, desk: Desk, page: Page, makings: list[Making], jobs: list[Job]) -> None:
        self._desk, self._page, self._makings = desk, page, makings
        self._jobs = {job.id: f"{job.title} · {job.made:%Y-%m-%d %H:%M}" for job in jobs}
        most = desk.settings.max_file
        self.box = FileBox(desk.folder / UPLOADS, _SUFFIXES, most, self._arrived)

    def build(self, address: str) -> None:
        """Show it; the file is sent to the address."""
        with ui.row().classes("label-head"):
            ui.link(say("← 队列", "← Queues"), "/label").classes("quiet")
            ui.label(say("新建队列", "New queue")).classes("label-title")
        with ui.column().classes("label-sheet label-form"):
            self._sources(address)
            self._name = ui.input(say("队列的名字", "Name of the queue")).props("outlined")
            self._name.classes("w-full").mark("name")
            self._numbers()
            self._opinions()
            make_it = ui.button(say("建立队列", "Make it"), on_click=told(self._make))
            make_it.props("unelevated").mark("make")

    def _sources(self, address: str) -> None:
        self._source = ui.toggle(
            {
                "archive": say("判断过的档案", "Scored archive"),
                "paste": say("粘贴", "Paste"),
                "upload": say("上传文件", "Upload"),
            },
            value="archive" if self._jobs else "paste",
        ).props("no-caps")
        with (
            ui.column()
            .classes("w-full")
            .bind_visibility_from(self._source, "value", value="archive")
        ):
            if self._jobs:
                self._job = ui.select(self._jobs, value=next(iter(self._jobs)))
                self._job.props("outlined").classes("w-full").mark("archive")
            else:
                words = say("还没有做完的档案，请先到“档案”页", "No archive is scored yet")
                ui.label(words).classes("quiet")
        self._pasted = ui.textarea(say("一行一段", "One paragraph a line")).props("outlined")
        self._pasted.classes("w-full").mark("pasted")
        self._pasted.bind_visibility_from(self._source, "value", value="paste")
        with (
            ui.column()
            .classes("w-full")
            .bind_visibility_from(self._source, "value", value="upload")
        ):
            words = say("文本一行一段，表格一行一段", "A line or a row is a paragraph")
            ui.label(words).classes("quiet")
            self.box.build(address)
            self._column = ui.input(say("正文在哪一列（空为自动）", "Column of the text"))
            self._column.props("outlined dense").classes("w-full")

    def _numbers(self) -> None:
        with ui.element("div").classes("label-fields"):
            self._wanted = _number(say("多少段", "Paragraphs"), _WANTED, 1, _MOST).mark("wanted")
            self._share = _number(say("随机抽取，%", "At random, %"), _SHARE, 0, 100).mark("share")
            self._readers = _number(say("每段几人标", "People a paragraph"), 1, 1, 20)
            self._readers.mark("readers")
        ui.label(
            say(
                "随机抽取的段落用来估计准确率；其余的挑模型最拿不准、彼此又不雷同的。"
                "同样的文字只算一次，页面杂项不要。",
                "Those at random serve to estimate accuracy; the others are those of which the "
                "model is least sure, and not alike. A text counts once; furniture is left out.",
            )
        ).classes("quiet")

    def _opinions(self) -> None:
        self._blind = ui.checkbox(
            say("盲标：不显示模型的意见", "Blind: the model's opinion is hidden"), value=True
        ).mark("blind")
        self._preselected = ui.checkbox(
            say("预先选上模型给的主题", "The model's themes are chosen already")
        )
        self._preselected.bind_enabled_from(self._blind, "value", backward=lambda on: not on)

    def _arrived(self, name: str) -> None:
        if not self._name.value:
            self._name.set_value(Path(name).stem[:100])

    async def _make(self) -> None:
        person = self._desk.people.allowed("classify")
        plan = Plan(int(self._wanted.value or 0), float(self._share.value or 0) / 100, new_seed())
        texts = await self._texts()
        wish = self._wish(person)
        await asyncio.to_thread(_check, self._desk, wish.name)
        codebook = await self._desk.codebook()
        table = self._table() if texts is None else _new_file(self._desk)
        order = Order(
            table=table,
            names={theme.name_zh: theme.id for theme in codebook.themes},
            plan=plan,
            wish=wish,
            models=self._desk.settings.models,
            database=self._desk.settings.database,
            file=self._desk.folder / "workbench.sqlite",
        )
        making = Making(wish.name, person.name)
        self._makings.append(making)
        background_tasks.create(_made(self._desk, order, texts, making))
        ui.navigate.to("/label")

    async def _texts(self) -> list[str] | None:
        """The paragraphs that were given; None for an archive."""
        if self._source.value == "archive":
            return None
        if self._source.value == "paste":
            texts = pasted(self._pasted.value or "")
        else:
            options = reading_options(self._desk.settings, self._column.value or None)
            texts = await asyncio.to_thread(uploaded, self.box.path(), self.box.name, options)
        if not texts:
            raise WorkbenchError(say("没有一段文字", "There is no text"))
        return texts

    def _wish(self, person: Person) -> Wish:
        source = str(self._source.value)
        job = self._jobs.get(self._job.value, "") if source == "archive" and self._jobs else ""
        origins = {
            "archive": say(f"档案：{job}", f"Archive: {job}"),
            "paste": say("粘贴的清单", "A pasted list"),
            "upload": say(f"上传：{self.box.name}", f"Uploaded: {self.box.name}"),
        }
        return Wish(
            name=self._name.value or "",
            person=person.name,
            origin=origins[source],
            labels=self._page.codebook.ids,
            readers=int(self._readers.value or 0),
            blind=bool(self._blind.value),
            preselected=bool(self._preselected.value),
        )

    def _table(self) -> Path:
        if not self._jobs or self._job.value not in self._jobs:
            raise WorkbenchError(say("请选一份判断过的档案", "Choose a scored archive"))
        return find_table(self._desk.jobs.folder(str(self._job.value)) / "output")


async def _made(desk: Desk, order: Order, texts: list[str] | None, making: Making) -> None:
    try:
        if texts is not None:
            await score(desk.client, texts, order.table, making)
            order = _without_refused(order, making.refused)
        await asyncio.to_thread(make, order, making)
    except (UserError, ClientError, OSError) as error:
        making.fail(str(error))
    finally:
        if texts is not None:
            order.table.unlink(missing_ok=True)


def _without_refused(order: Order, refused: int) -> Order:
    if not refused:
        return order
    words = say(f"；{refused} 段太长，没有收", f"; {refused} too long, left out")
    return replace(order, wish=replace(order.wish, origin=order.wish.origin + words))


def _new_file(desk: Desk) -> Path:
    folder = desk.folder / UPLOADS
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{secrets.token_hex(8)}.jsonl"


def _check(desk: Desk, name: str) -> None:
    with desk.database.session() as session:
        check_name(session, name)


def _number(words: str, value: int, low: int, high: int) -> ui.number:
    number = ui.number(words, value=value, min=low, max=high, precision=0)
    return number.props("outlined dense")
