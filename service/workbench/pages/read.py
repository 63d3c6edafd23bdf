"""`/`: a text or a file, paragraph by paragraph, with its themes."""

import asyncio
from datetime import datetime
from pathlib import PurePath

from fastapi import Request
from nicegui import app, background_tasks, ui
from nicegui.events import GenericEventArguments, KeyEventArguments
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from model.bundled import bundled
from model.errors import UserError
from service.client.results import Scored
from service.workbench.desk import Desk
from service.workbench.frame import STATIC, Page, frame, tell, told, turned_away
from service.workbench.look import theme_class
from service.workbench.reading import markup
from service.workbench.reading.downloads import TYPES, attachment
from service.workbench.reading.inbox import clean_name, into_memory, megabytes, name_of
from service.workbench.reading.intake import Intake
from service.workbench.reading.sheet import KINDS, Shares, Sheet
from service.workbench.reading.uploader import uploader
from service.workbench.wording import say, theme_name

_FORMATS = "docx wps pdf ofd xlsx csv txt html eml zip"


def register(desk: Desk) -> None:
    """Make the page, the way in for what is to be read, and the way out for tables."""
    intake = Intake[_Reader](desk.people, "/read", "classify")

    @ui.page("/", title="govtheme")
    async def page() -> RedirectResponse | None:
        if away := turned_away(desk):
            return away
        async with frame(desk, "/") as framed:
            reader = _Reader(desk, framed)
            reader.build(intake.address(framed.person, reader))
        return None

    @app.get("/read/{token}/{kind}")
    async def table(token: str, kind: str) -> Response:
        reader = intake.find(token)
        if reader is None or reader.sheet is None or kind not in KINDS:
            return PlainTextResponse("", 404)
        data = await asyncio.to_thread(reader.sheet.table, kind)
        name = clean_name(f"{PurePath(reader.name).stem}.{kind}")
        return Response(data, media_type=TYPES[kind], headers=attachment(name))


class _Reader:
    """One open page: what it reads, and where it shows it."""

    def __init__(self, desk: Desk, page: Page) -> None:
        self._desk = desk
        self._page = page
        self._address = ""
        self.name = ""
        self.sheet: Sheet | None = None
        self._task: asyncio.Task[None] | None = None
        self._keys: dict[str, ui.button] = {}

    async def receive(self, request: Request) -> None:
        """Take a file or a pasted text in, and read it.

        Raises:
            RefusedError: it is too large.
        """
        data = await into_memory(request, self._desk.settings.max_upload)
        self.take(name_of(request) or say("粘贴的文字.txt", "pasted.txt"), data)

    def take(self, name: str, data: bytes) -> None:
        """Read something, in place of what is read at the moment."""
        if self._task is not None:
            self._task.cancel()
        self._task = background_tasks.create(self._read(name, data))

    def tell(self, error: UserError) -> None:
        """Say on the page what went wrong."""
        self._progress.set_visibility(False)
        with self._head:
            tell(error)

    def build(self, address: str) -> None:
        """Show the page; what it is to read is sent to the address."""
        self._address = address
        ui.add_css(STATIC / "read.css", shared=False)
        ui.add_css(_filters(len(self._page.codebook.themes)))
        ui.add_body_html(f"<script>{(STATIC / 'read.js').read_text(encoding='utf-8')}</script>")
        with ui.column().classes("paper"):
            self._inlet()
        self._progress = ui.linear_progress(show_value=False).props(
            "indeterminate instant-feedback"
        )
        self._progress.set_visibility(False)
        self._head = ui.column().classes("read-head")
        self._rows = ui.element("div").classes("sheet").props("data-only=all")
        self._rows.on(
            "click",
            self._meaning,
            js_handler="(e) => { const chip = e.target.closest('[data-theme]');"
            " if (chip) emit(chip.dataset.theme); }",
        )
        ui.keyboard(self._pressed, ignore=["input", "select", "textarea"])

    def _inlet(self) -> None:
        limit = self._desk.settings.max_upload
        box = ui.element("textarea").classes("paste").mark("paste")
        box.props("rows=4 autofocus spellcheck=false")
        hint = say(
            "把文字粘贴在这里，或者把文件拖到页面上",
            "Paste a text here, or drop a file anywhere on the page",
        )
        box.props(f'placeholder="{hint}" aria-label="{hint}" data-inbox={self._address}')
        with ui.row().classes("inlet"):
            go = ui.button(say("判断主题", "Find the themes"), icon="play_arrow").mark("go")
            go.on("click", js_handler="() => sendText()").props("unelevated no-caps")
            go.tooltip("Ctrl + Enter")
            files = uploader(self._address, limit, begun=self._begun)
            box.props(f"data-files={files.id}")
            choose = ui.button(say("选择文件", "Choose a file"), icon="upload_file").mark("choose")
            choose.on("click", js_handler=f"(e) => getElement({files.id}).pickFiles(e)")
            choose.props("outline no-caps")
            sample = ui.button(say("看一个例子", "See an example"), on_click=self._sample)
            sample.props("flat no-caps").mark("sample")
            most = megabytes(limit)
            ui.label(
                say(
                    f"可读 {_FORMATS} 等，最大 {most}；文字只在这一页里，不留在服务器上",
                    f"{_FORMATS} and more, at most {most}; nothing is kept on the server",
                )
            ).classes("quiet")

    def _begun(self) -> None:
        self._progress.set_visibility(True)

    @told
    async def _sample(self) -> None:
        self.take(say("例子.txt", "example.txt"), bundled("sample_page.txt").read_bytes())

    async def _read(self, name: str, data: bytes) -> None:
        with self._head:
            await told(self._show)(name, data)

    async def _show(self, name: str, data: bytes) -> None:
        began = datetime.now().astimezone()
        self._empty()
        self._progress.set_visibility(True)
        try:
            scored = await self._desk.client.classify_bytes(data, name, evidence=True)
            await self._fill(name, scored)
        finally:
            self._progress.set_visibility(False)
        seconds = (datetime.now().astimezone() - began).total_seconds()
        self._took.set_text(say(f"{seconds:.1f} 秒", f"{seconds:.1f} s"))

    def _empty(self) -> None:
        self.sheet = None
        self._keys = {}
        self._head.clear()
        self._rows.clear()
        self._filter("all")

    async def _fill(self, name: str, scored: Scored) -> None:
        book = {theme.id: theme for theme in self._page.codebook.themes}
        first = next((r for document in scored.documents for r in document.results), None)
        labels = tuple(first.scores) if first else tuple(book)
        names = [book[label].name_zh if label in book else label for label in labels]
        shown = [theme_name(book[label]) if label in book else label for label in labels]
        sheet = Sheet(scored, labels, names)
        shares = await asyncio.to_thread(sheet.shares)
        self.name, self.sheet = name, sheet
        with self._head:
            self._title(scored, shares)
            self._shares(shares, shown)
            if scored.rejected:
                self._rejected(scored)
            if shares.paragraphs > markup.MOST_ROWS:
                _cut_short()
        for piece in markup.chunks(sheet, markup.Themes(labels, shown)):
            with self._rows:
                ui.html(piece.html, sanitize=False).classes("chunk " + " ".join(piece.classes))
            # Others have their turn, and what is made by now goes out.
            await asyncio.sleep(0.01)

    def _title(self, scored: Scored, shares: Shares) -> None:
        with ui.row().classes("read-title"):
            ui.label(self.name).classes("read-name")
            many = len(scored.documents)
            counts = say(
                f"{f'{many:,} 篇，' if many > 1 else ''}{shares.paragraphs:,} 段",
                f"{f'{many:,} documents, ' if many > 1 else ''}{shares.paragraphs:,} paragraphs",
            )
            ui.label(counts).classes("quiet")
            self._took = ui.label("").classes("quiet")
            ui.space()
            for kind in KINDS:
                link = ui.link(kind.upper(), f"{self._address}/{kind}").props("download")
                link.classes("download").mark(f"download-{kind}")
                link.tooltip(say(f"下载 {kind.upper()} 表", f"Download as {kind.upper()}"))

    def _shares(self, shares: Shares, names: list[str]) -> None:
        counts = [*shares.labels.values(), shares.none]
        with ui.element("div").classes("shares").props('aria-hidden="true"'):
            for place, count in enumerate(counts, 1):
                theme = theme_class(place) if place <= len(names) else "nothing"
                ui.element("i").classes(theme).style(f"flex-grow:{count}")
        with ui.row().classes("keys").props(f'role=group aria-label="{say("筛选", "Filter")}"'):
            self._key("all", say("全部", "All"), shares.paragraphs, "")
            for place, (name, count) in enumerate(zip(names, counts, strict=False), 1):
                self._key(
                    f"t{place}",
                    name,
                    count,
                    theme_class(place),
                    shares.text,
                )
            self._key("t0", say("无主题", "None"), shares.none, "nothing", shares.text)
            self._key("unsure", say("拿不准", "Uncertain"), shares.uncertain, "", shares.text)
            if shares.furniture:
                self._key("furniture", say("页面杂项", "Furniture"), shares.furniture, "")
        self._filter("all")

    def _key(self, key: str, name: str, count: int, theme: str, of: int = 0) -> None:
        number = key[1:] if key[1:].isdecimal() and len(key) == 2 else ""
        share = f"{count / of:.0%}" if of else ""
        button = ui.button(on_click=lambda: self._filter(key)).props("flat dense no-caps")
        with button.classes(f"key {theme}").mark(f"filter-{key}"):
            ui.label(number).classes("key-number")
            ui.label(name)
            ui.label(f"{count:,}").classes("key-count")
            ui.label(share).classes("quiet")
        self._keys[key] = button

    def _rejected(self, scored: Scored) -> None:
        many = len(scored.rejected)
        title = say(f"{many:,} 个文件没有读，原因如下", f"{many:,} files were not read")
        with ui.expansion(title, icon="report", value=not scored.documents).classes("rejected"):
            ui.html(markup.rejected(scored.rejected), sanitize=False, tag="ul")

    def _filter(self, key: str) -> None:
        if key != "all" and self._rows.props.get("data-only") == key:
            key = "all"
        self._rows.props(f"data-only={key}")
        for name, button in self._keys.items():
            button.props(f"aria-pressed={'true' if name == key else 'false'}")

    def _pressed(self, event: KeyEventArguments) -> None:
        held = event.modifiers
        if not event.action.keydown or held.ctrl or held.alt or held.meta:
            return
        key = "all" if event.key.escape else f"t{event.key.number}"
        if key in self._keys:
            self._filter(key)

    def _meaning(self, event: GenericEventArguments) -> None:
        if event.args in self._page.codebook.ids:
            self._page.meanings.open(str(event.args))


def _cut_short() -> None:
    most = markup.MOST_ROWS
    ui.label(
        say(
            f"这里只显示前 {most:,} 行，下载的表是全的；更大的文件请放到“档案”页处理",
            f"Only the first {most:,} rows are shown here, the tables have all of them; "
            "larger files are for the page “Archives”",
        )
    ).classes("cut-short")


def _filters(themes: int) -> str:
    """The rules that hide what is not looked for."""
    keys = (*(f"t{place}" for place in range(themes + 1)), "unsure", "furniture")
    hidden = '.sheet[data-only="{0}"] :is(.chunk,.para):not(.{0}){{display:none}}'
    return "\n".join(hidden.format(key) for key in keys)
