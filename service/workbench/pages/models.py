"""`/models`: all models with their scores, two or more side by side; which one is used."""

import asyncio
from collections.abc import Sequence
from functools import partial

from nicegui import app, ui
from starlette.responses import RedirectResponse, Response

from model.errors import UserError
from service.workbench.desk import Desk
from service.workbench.frame import Page, frame, told, turned_away
from service.workbench.look import theme_class
from service.workbench.models.parts import for_admins, in_use, tabs
from service.workbench.models.plots import reliability, whiskers
from service.workbench.models.versions import Score, Version, labels_of, versions
from service.workbench.wording import say, theme_name

_SHOWN = 30
_MOST_COMPARED = 4
_FILES = {"report.html": "text/html; charset=utf-8", "card.md": "text/plain; charset=utf-8"}
_SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def register(desk: Desk) -> None:
    """Make the page, and the files of a model behind it."""

    @ui.page("/models", title="govtheme")
    async def page(chosen: str = "") -> RedirectResponse | None:
        if away := turned_away(desk):
            return away
        async with frame(desk, "/models") as page:
            tabs("/models")
            await _Models(desk, page, chosen.split(",")).build()
        return None

    @app.get("/models/files/{version}/{name}")
    async def file(version: str, name: str) -> Response:
        if away := turned_away(desk):
            return away
        try:
            return await asyncio.to_thread(_file, desk, version, name)
        except (UserError, OSError):
            return Response(
                say("没有这个文件", "There is no such file"), 404, media_type="text/plain"
            )


def _file(desk: Desk, version: str, name: str) -> Response:
    """A report or a card, whose HTML may run nothing and load nothing."""
    if name not in _FILES:
        raise FileNotFoundError(name)
    content = (desk.store.folder(version) / name).read_bytes()
    headers = {"content-security-policy": _SANDBOX, "cache-control": "private, no-cache"}
    return Response(content, media_type=_FILES[name], headers=headers)


class _Models:
    def __init__(self, desk: Desk, page: Page, chosen: Sequence[str]) -> None:
        self._desk = desk
        self._page = page
        self._names = {theme.id: theme_name(theme) for theme in page.codebook.themes}
        self._chosen = [version for version in chosen if version]
        self._all = False
        self._models: list[Version] = []
        self._current: str | None = None

    async def build(self) -> None:
        """Everything on the page."""
        await self._look()
        self._list()
        self._compared()

    async def _look(self) -> None:
        self._models = await asyncio.to_thread(versions, self._desk.store)
        self._current = await in_use(self._desk)
        known = {model.version for model in self._models if not model.wrong}
        self._chosen = [version for version in self._chosen if version in known]

    @ui.refreshable_method
    def _list(self) -> None:
        with ui.row().classes("heading"):
            ui.label(say("各版本", "Versions")).classes("title")
            ui.label(
                say(
                    "成绩来自各自训练语料上的交叉验证，方括号里是 95% 区间；语料不同的，不能直接比",
                    "Scores are of cross-validation on each model's own corpus, with 95% "
                    "intervals; those of different corpora cannot be compared",
                )
            ).classes("quiet")
            ui.space()
            back = ui.button(say("退回上一个", "Roll back"), icon="undo", on_click=self._ask_back)
            back.props("outline dense no-caps").mark("rollback")
            for_admins(self._page.person, back)
        if not self._models:
            ui.label(
                say("还没有模型，请到“训练”训练一个。", "There is no model yet: train one.")
            ).classes("empty")
            return
        shown = self._models if self._all else self._models[:_SHOWN]
        labels = labels_of(shown)
        with ui.element("div").classes("scroller"), ui.element("table").classes("models"):
            self._head(labels)
            with ui.element("tbody"):
                for model in shown:
                    self._row(model, labels)
        if len(shown) < len(self._models):
            ui.button(
                say(f"显示全部 {len(self._models)} 个", f"Show all {len(self._models)}"),
                on_click=self._show_all,
            ).props("flat dense no-caps")

    def _head(self, labels: Sequence[str]) -> None:
        names = [
            ("", ""),
            ("版本", "Version"),
            ("语料", "Corpus"),
            ("宏平均 F1", "Macro-F1"),
            ("整段全对", "Exact"),
        ]
        with ui.element("thead"), ui.element("tr"):
            for zh, en in names:
                _cell("th", say(zh, en))
            for label in labels:
                _cell("th", self._names.get(label, label)).classes(self._colour(label))
            _cell("th", "")

    def _row(self, model: Version, labels: Sequence[str]) -> None:
        current = model.version == self._current
        with ui.element("tr").classes("current" if current else "") as row:
            row.mark(f"model-{model.version}")
            with ui.element("td"):
                if not model.wrong:
                    self._choice(model)
            with ui.element("td"):
                ui.label(model.version).classes("version")
                if current:
                    ui.label(say("使用中", "in use")).classes("badge")
                ui.label(f"{model.trained.astimezone():%Y-%m-%d %H:%M}").classes("quiet")
                self._signature(model)
            if model.wrong:
                with ui.element("td").props(f"colspan={len(labels) + 4}"):
                    ui.label(say("不能使用：", "Cannot be used: ") + model.wrong).classes("wrong")
                return
            _corpus(model)
            _score(say("宏平均 F1", "Macro-F1"), model.macro_f1)
            _score(say("整段全对", "Exact"), model.exact)
            for label in labels:
                self._theme(model, label)
            with ui.element("td").classes("doing"):
                self._doing(model, current)

    def _choice(self, model: Version) -> None:
        def choose(chosen: bool) -> None:
            if chosen:
                self._chosen.append(model.version)
            else:
                self._chosen.remove(model.version)
            self._compared.refresh()

        box = ui.checkbox(value=model.version in self._chosen).props("dense")
        box.props(f'aria-label="{say("并排比较", "Compare")} {model.version}"')
        box.on_value_change(lambda event: choose(bool(event.value)))
        box.mark(f"choose-{model.version}")

    def _signature(self, model: Version) -> None:
        if model.signed_by:
            label = ui.label(say("有签名 ", "signed ") + model.signed_by[:8]).classes("quiet")
            label.tooltip(
                say(
                    "这里没有核对；核对：govtheme models verify --key 公钥",
                    "Not checked here; see govtheme models verify --key",
                )
            )

    def _theme(self, model: Version, label: str) -> None:
        with ui.element("td") as cell:
            # A label's name may hold anything.
            cell.props["data-name"] = self._names.get(label, label)
            scores = model.themes.get(label)
            if scores is None:
                ui.label("–")
                return
            ui.label(f"{scores.f1.value:.3f}").classes("figure")
            ui.label(f"P {scores.precision:.2f}　R {scores.recall:.2f}").classes("quiet")
            ui.label(say("阈值", "at") + f" {scores.threshold:.2f}").classes("quiet")

    def _doing(self, model: Version, current: bool) -> None:
        if not current:
            use = ui.button(say("换用", "Use"), on_click=partial(self._ask_use, model))
            use.props("outline dense no-caps").mark(f"use-{model.version}")
            for_admins(self._page.person, use)
        with ui.element("div").classes("links"):
            for name, zh, en in (("report.html", "报告", "report"), ("card.md", "说明卡", "card")):
                ui.link(say(zh, en), f"/models/files/{model.version}/{name}", new_tab=True)

    @ui.refreshable_method
    def _compared(self) -> None:
        models = [model for model in self._models if model.version in self._chosen]
        if len(models) < 2:
            if len(self._models) > 1:
                ui.label(
                    say("勾选两个或更多版本，并排比较。", "Tick two or more to compare them.")
                ).classes("quiet")
            return
        if len(models) > _MOST_COMPARED:
            models = models[:_MOST_COMPARED]
            ui.label(say("只并排前四个。", "The first four are shown.")).classes("quiet")
        self._side_by_side(models)

    def _side_by_side(self, models: Sequence[Version]) -> None:
        labels = labels_of(models)
        named = {self._called(model): model for model in models}
        ui.label(say("并排比较", "Side by side")).classes("title")
        with ui.element("div").classes("plots"):
            with ui.element("figure"):
                ui.label(say("各主题的 F1 和 95% 区间", "F1 of each theme, 95% intervals"))
                series = {
                    name: [model.themes[n].f1 if n in model.themes else None for n in labels]
                    for name, model in named.items()
                }
                ui.echart(whiskers([self._names.get(n, n) for n in labels], series))
            with ui.element("figure"):
                ui.label(
                    say(
                        "概率准不准：越贴近虚线越准",
                        "Calibration: the closer to the line the better",
                    )
                )
                axes = say("给出的概率", "probability given"), say("实际的比例", "share true")
                ui.echart(reliability(axes, {n: m.reliability for n, m in named.items()}))
        with ui.row():
            first, second = models[0].version, models[1].version
            ui.link(
                say("看它们在真实段落上哪里不同", "See where they differ on real paragraphs"),
                f"/models/changes?before={second}&after={first}",
            )

    def _called(self, model: Version) -> str:
        mark = say("（使用中）", " (in use)") if model.version == self._current else ""
        return f"{model.version}{mark}"

    def _colour(self, label: str) -> str:
        known = list(self._names)
        return theme_class(known.index(label) + 1) if label in known else ""

    def _show_all(self) -> None:
        self._all = True
        self._list.refresh()

    async def _ask_use(self, model: Version) -> None:
        before = self._current or say("（无）", "(none)")
        question = say(
            f"现在使用 {before}，换成 {model.version}？",
            f"{before} is in use. Use {model.version} instead?",
        )
        if await _confirmed(question, say("换用", "Use")):
            await self._use(model.version)

    @told
    async def _use(self, version: str) -> None:
        person = self._desk.people.allowed("admin")
        done = await self._desk.client.promote(version, by=person.name)
        await self._changed(say(f"已换用 {done.model}", f"{done.model} is in use now"))

    async def _ask_back(self) -> None:
        question = say(
            f"现在使用 {self._current}，退回在它之前使用的版本？",
            f"{self._current} is in use. Go back to the one before?",
        )
        if await _confirmed(question, say("退回", "Roll back")):
            await self._back()

    @told
    async def _back(self) -> None:
        person = self._desk.people.allowed("admin")
        done = await self._desk.client.rollback(by=person.name)
        await self._changed(say(f"已退回 {done.model}", f"Back to {done.model}"))

    async def _changed(self, what: str) -> None:
        await self._look()
        self._list.refresh()
        self._compared.refresh()
        ui.notify(what, type="positive")


async def _confirmed(question: str, yes: str) -> bool:
    """Whether the person says yes to a question."""
    with ui.dialog() as dialog, ui.card().classes("question"):
        ui.label(question)
        ui.label(
            say(
                "从下一段文字起就用它判断，阅读、档案和接口都是；随时可以再换回来。",
                "It is used from the next text on, by all pages and the API; you can go back.",
            )
        ).classes("quiet")
        with ui.row().classes("answers"):
            ui.button(say("不换", "No"), on_click=lambda: dialog.submit(False)).props(
                "flat no-caps"
            )
            ui.button(yes, on_click=lambda: dialog.submit(True)).props(
                "unelevated no-caps autofocus"
            ).mark("yes")
    answer = await dialog
    dialog.delete()
    return bool(answer)


def _cell(kind: str, text: str) -> ui.element:
    with ui.element(kind) as cell:
        ui.label(text)
    return cell


def _corpus(model: Version) -> None:
    with ui.element("td").props(f'data-name="{say("语料", "Corpus")}"'):
        ui.label(say(f"{model.rows:,} 段", f"{model.rows:,} rows"))
        held = say(f"另留出 {model.held_out:,}", f"{model.held_out:,} held out")
        ui.label(held).classes("quiet")
        ui.label(say("手册 ", "book ") + model.codebook).classes("quiet")


def _score(name: str, score: Score) -> None:
    with ui.element("td").props(f'data-name="{name}"'):
        ui.label(f"{score.value:.3f}").classes("figure")
        ui.label(f"[{score.low:.3f}, {score.high:.3f}]").classes("quiet")
