"""`/label`: the queues, how far each is, and what can be done with one."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable

from nicegui import app, ui
from starlette.responses import RedirectResponse

from service.workbench.desk import Desk
from service.workbench.frame import STATIC, Page, frame, told, turned_away
from service.workbench.labelling.corpora import export, export_by_person
from service.workbench.labelling.making import Making
from service.workbench.labelling.queues import Overview, close_queue, overviews, remove_queue
from service.workbench.pages import importing, labelling, new_queue, settle
from service.workbench.wording import say

_LOOK_SECONDS = 1.0

_STEPS = {
    "score": ("正在判断", "scoring"),
    "read": ("正在读", "reading"),
    "write": ("正在写入", "writing"),
}

_EXPORTS = (
    ("jsonl", "语料 JSONL", "Corpus, JSONL"),
    ("csv", "语料 CSV", "Corpus, CSV"),
    ("doccano", "doccano JSONL", "doccano JSONL"),
)


def register(desk: Desk) -> None:
    """Make the pages."""
    makings: list[Making] = []
    shutil.rmtree(desk.folder / new_queue.UPLOADS, ignore_errors=True)

    @ui.page("/label", title="govtheme")
    async def page() -> RedirectResponse | None:
        if away := turned_away(desk):
            return away
        ui.add_css(STATIC / "label.css", shared=False)
        async with frame(desk, "/label") as shown:
            await _Queues(desk, shown, makings).build()
        return None

    new_queue.register(desk, makings)
    importing.register(desk)
    labelling.register(desk)
    settle.register(desk)

    def stop() -> None:
        for making in makings:
            making.stop()

    app.on_shutdown(stop)


class _Queues:
    """The list of queues."""

    def __init__(self, desk: Desk, page: Page, makings: list[Making]) -> None:
        self._desk, self._page, self._makings = desk, page, makings
        self._shown: tuple[object, ...] = ()

    async def build(self) -> None:
        """Show it."""
        with ui.row().classes("label-head"):
            ui.label(say("标注队列", "Queues")).classes("label-title")
            ui.space()
            with ui.button(say("导出全部", "Export all")).props("flat no-caps"):
                self._exports(None, "全部队列")
            _link(say("导入", "Import"), "/label/import")
            button = _link(say("新建队列", "New queue"), "/label/new")
            button.props(remove="flat", add="unelevated").mark("new-queue")
        self._making_shown = ui.column().classes("w-full")
        self._list = ui.column().classes("w-full").style("gap: 10px")
        # The list that is drawn now has what is made already: drawn again it would shut a menu.
        self._shown = self._standing()
        self._draw_makings()
        await self._refresh()
        ui.timer(_LOOK_SECONDS, self._look)

    def _standing(self) -> tuple[object, ...]:
        return tuple((m.name, m.step, m.count, m.reason) for m in self._makings)

    async def _look(self) -> None:
        """Show what has become of queues in the making; list again when one is there."""
        now = self._standing()
        if now == self._shown:
            return
        made = any(made.queue is not None for made in self._makings)
        self._shown = now
        self._draw_makings()
        if made:
            await self._refresh()

    def _draw_makings(self) -> None:
        self._making_shown.clear()
        with self._making_shown:
            for making in self._makings:
                if making.step != "done":
                    _draw_making(making, self._makings)

    async def _refresh(self) -> None:
        person = self._page.person.name
        found = await asyncio.to_thread(_overviews, self._desk, person)
        self._list.clear()
        with self._list:
            if not found:
                self._nothing()
            for seen in found:
                self._queue(seen)

    def _nothing(self) -> None:
        with ui.column().classes("label-sheet"):
            ui.label(say("还没有队列。", "There is no queue yet.")).classes("label-end")
            ui.label(
                say(
                    "从判断过的档案里挑出最值得标的段落，或粘贴、上传一份清单，就成了一个队列；"
                    "大家按队列标，标完导出成语料或直接训练。",
                    "A queue holds the paragraphs of a scored archive, or of a list, that are most "
                    "worth labelling; what was labelled is exported as a corpus or trained on.",
                )
            ).classes("quiet")

    def _queue(self, seen: Overview) -> None:
        queue = seen.queue
        with ui.element("div").classes("queue closed" if queue.closed else "queue"):
            with ui.element("div"):
                with ui.element("div").classes("queue-about"):
                    ui.label(queue.name).classes("queue-name")
                    for tag in _tags(seen):
                        ui.label(tag).classes("label-tag")
                ui.label(queue.origin).classes("quiet")
            self._progress(seen)
            with ui.row().classes("queue-actions"):
                if not queue.closed:
                    button = _link(say("标注", "Label"), f"/label/{queue.id}")
                    button.props(remove="flat", add="unelevated").mark(f"label-{queue.id}")
                _link(say("一致与裁定", "Agreement"), f"/label/{queue.id}/settle")
                with ui.button(say("导出", "Export")).props("flat no-caps") as button:
                    button.mark(f"export-{queue.id}")
                    self._exports(queue.id, queue.name)
                self._more(seen)

    def _progress(self, seen: Overview) -> None:
        with ui.column().classes("queue-progress"):
            share = seen.done / seen.total if seen.total else 0.0
            bar = ui.linear_progress(share, show_value=False, size="6px")
            bar.props("rounded aria-hidden=true")
            people = "、".join(seen.people) or say("还没有人标", "nobody yet")
            done = say(f"完成 {seen.done}/{seen.total}", f"{seen.done} of {seen.total} done")
            mine = say(f"我 {seen.mine}", f"mine {seen.mine}")
            ui.label(f"{done} · {mine}").classes("quiet")
            ui.label(people).classes("quiet")

    def _exports(self, queue: int | None, name: str) -> None:
        with ui.menu():
            for form, zh, en in _EXPORTS:
                ui.menu_item(say(zh, en), told(self._exporting(queue, name, form))).mark(
                    f"as-{form}"
                )
            if queue is not None:
                words = say("每人一份（zip）", "One file a person (zip)")
                ui.menu_item(words, told(self._exporting(queue, name, "people"))).mark("as-people")

    def _exporting(self, queue: int | None, name: str, form: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            self._desk.people.allowed("classify")
            data = await asyncio.to_thread(_exported, self._desk, queue, form)
            endings = {"people": ".zip", "csv": ".csv", "jsonl": ".jsonl"}
            ui.download.content(data, _file_name(name) + endings.get(form, ".doccano.jsonl"))

        return run

    def _more(self, seen: Overview) -> None:
        queue = seen.queue
        with ui.button(icon="more_vert").props("flat dense") as button:
            button.props(f'aria-label="{say("更多", "More")}"').mark(f"more-{queue.id}")
            with ui.menu():
                words = say("重新打开", "Open again") if queue.closed else say("收起", "Set aside")
                ui.menu_item(words, told(self._closing(queue.id, not queue.closed)))
                ui.menu_item(say("删除…", "Delete…"), told(self._removing(seen)))

    def _closing(self, queue: int, closed: bool) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            self._desk.people.allowed("admin")
            with self._desk.database.session() as session:
                close_queue(session, queue, closed)
            await self._refresh()

        return run

    def _removing(self, seen: Overview) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            self._desk.people.allowed("admin")
            with ui.dialog() as dialog, ui.card():
                ui.label(
                    say(
                        f"删除“{seen.queue.name}”？{seen.total} 段和大家标的全部删掉，找不回来。",
                        f"Delete “{seen.queue.name}” with all that was labelled in it, for good?",
                    )
                )
                with ui.row():
                    ui.button(say("删除", "Delete"), on_click=lambda: dialog.submit(True)).props(
                        "unelevated color=negative"
                    )
                    ui.button(say("不删", "Keep"), on_click=dialog.close).props("flat")
            if await dialog:
                self._desk.people.allowed("admin")
                await asyncio.to_thread(_remove, self._desk, seen.queue.id)
                await self._refresh()

        return run


def _draw_making(making: Making, makings: list[Making]) -> None:
    with ui.row().classes("label-sheet").style("align-items: center"):
        if making.step == "failed":
            ui.icon("error_outline", color="negative")
            ui.label(f"{making.name}：{making.reason}")
            close = ui.button(icon="close", on_click=lambda: makings.remove(making))
            close.props(f'flat dense aria-label="{say("知道了", "Dismiss")}"')
            return
        ui.spinner(size="20px")
        zh, en = _STEPS[making.step]
        ui.label(f"{making.name}：{say(zh, en)} {making.count or ''}")


def _tags(seen: Overview) -> list[str]:
    queue = seen.queue
    tags = [say(f"每段 {queue.readers} 人", f"{queue.readers} a paragraph")]
    tags += [say("盲标", "blind")] if queue.blind else []
    tags += [say(f"随机 {seen.random} 段", f"{seen.random} at random")] if seen.random else []
    tags += [say("已收起", "set aside")] if queue.closed else []
    return tags


def _link(words: str, target: str) -> ui.button:
    # A real link: it can be opened beside, and works before the socket is open.
    return ui.button(words).props(f'flat no-caps href="{target}"')


def _file_name(name: str) -> str:
    return "".join(char if char.isalnum() or char in "-_" else "_" for char in name)[:80]


def _overviews(desk: Desk, person: str) -> list[Overview]:
    with desk.database.session() as session:
        return overviews(session, person)


def _exported(desk: Desk, queue: int | None, form: str) -> bytes:
    with desk.database.session() as session:
        if form == "people" and queue is not None:
            return export_by_person(session, queue)
        return export(session, queue, form)


def _remove(desk: Desk, queue: int) -> None:
    with desk.database.session() as session:
        remove_queue(session, queue)
