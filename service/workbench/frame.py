"""What stands around every page: the bar with pages, language and person; how errors are told."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import ParamSpec

from nicegui import ui
from starlette.responses import RedirectResponse

from model.codebook import Codebook
from model.errors import UserError
from service.client.errors import ClientError
from service.workbench.desk import Desk
from service.workbench.errors import NoServerError
from service.workbench.meanings import Meanings
from service.workbench.people import Person
from service.workbench.wording import language, say, speak

STATIC = Path(__file__).resolve().parent / "static"

PAGES = (
    ("/", "menu_book", "阅读", "Read"),
    ("/archives", "folder_open", "档案", "Archives"),
    ("/label", "edit_note", "标注", "Label"),
    ("/models", "insights", "模型", "Models"),
)

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Page:
    """What a page is given: who looks at it, and the codebook to open beside it."""

    person: Person
    meanings: Meanings

    @property
    def codebook(self) -> Codebook:
        """The themes of the model in use; without any while no server answers."""
        return self.meanings.codebook


def turned_away(desk: Desk) -> RedirectResponse | None:
    """Where to go first, when nobody is signed in."""
    return RedirectResponse("/signin") if desk.people.present() is None else None


@asynccontextmanager
async def frame(desk: Desk, here: str) -> AsyncIterator[Page]:
    """The bar around a page; what is made in the block stands below it.

    Args:
        here: the path of the page in the bar that is marked.
    """
    person = desk.people.present()
    assert person is not None  # `turned_away` has seen to that
    _styled()
    try:
        codebook = await desk.codebook()
    except NoServerError:
        codebook = Codebook("", ())
    meanings = Meanings(codebook)
    _bar(desk, person, here, meanings)
    if not codebook.themes:
        _no_server()
    with ui.column().classes("page"):
        yield Page(person, meanings)


def told(handler: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
    """An event handler whose errors the person is told, in place of the server's log."""

    @wraps(handler)
    async def telling(*given: P.args, **named: P.kwargs) -> None:
        try:
            await handler(*given, **named)
        except (UserError, ClientError) as error:
            tell(error)

    return telling


def tell(error: Exception) -> None:
    """Say what went wrong, until the person has read it."""
    ui.notify(str(error), type="negative", multi_line=True, timeout=0, close_button="✕")


def _styled() -> None:
    ui.add_css(STATIC / "workbench.css", shared=False)
    ui.colors(primary="#1f4e79", secondary="#4a6b8a", accent="#b8561b")


def _bar(desk: Desk, person: Person, here: str, meanings: Meanings) -> None:
    with ui.header().classes("bar"):
        ui.link("govtheme", "/").classes("brand").tooltip(say("治理文本工作台", "Workbench"))
        with ui.element("nav").classes("pages"):
            for path, icon, zh, en in PAGES:
                with ui.link(target=path).classes("here" if path == here else "") as link:
                    ui.icon(icon)
                    ui.label(say(zh, en))
                if path == here:
                    link.props("aria-current=page")
        ui.space()
        book = ui.button(icon="help_outline", on_click=meanings.open, color=None).props(
            "flat dense"
        )
        book.tooltip(say("编码手册：各主题指什么", "Codebook: what the themes mean"))
        book.props(f'aria-label="{say("编码手册", "Codebook")}"').mark("codebook")
        other = ui.button(say("EN", "中"), on_click=_switch, color=None).props("flat dense")
        other.tooltip(say("Switch to English", "换成中文")).mark("language")
        _person(desk, person)


def _person(desk: Desk, person: Person) -> None:
    def leave() -> None:
        desk.people.sign_out()
        ui.navigate.to("/signin")

    button = ui.button(person.name, icon="person", on_click=leave, color=None)
    button.props("flat dense no-caps")
    button.classes("person").mark("person")
    leaving = say("退出登录", "Sign out")
    button.tooltip(leaving if desk.people.keys_wanted else say("换一个名字", "Another name"))


def _switch() -> None:
    speak("zh" if language() == "en" else "en")
    ui.navigate.reload()


def _no_server() -> None:
    with ui.row().classes("warning"):
        ui.icon("warning")
        ui.label(
            say(
                "判断服务没有回答，可能正在启动，或者还没有模型。稍后刷新；没有模型请到“模型”页训练一个。",
                "The server that classifies does not answer: it may be starting, or have no model. "
                "Reload in a moment, or train a model on the page “Models”.",
            )
        )
