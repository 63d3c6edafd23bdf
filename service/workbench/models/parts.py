"""What the pages about models share: their tabs, who may change things, which model is in use."""

import asyncio

from nicegui import ui

from service.client.errors import ClientError
from service.keys import Scope
from service.workbench.desk import Desk
from service.workbench.errors import NotAllowedError
from service.workbench.frame import STATIC
from service.workbench.people import Person
from service.workbench.wording import say

_PATIENCE_SECONDS = 3.0

_TABS = (
    ("/models", "各版本", "Versions"),
    ("/models/train", "训练", "Train"),
    ("/models/changes", "哪些段变了", "What changed"),
    ("/models/accuracy", "准确度", "Accuracy"),
)


def tabs(here: str) -> None:
    """Links to the pages about models, above each of them."""
    ui.add_css(STATIC / "models.css", shared=False)
    with ui.element("nav").classes("tabs").props(f'aria-label="{say("模型", "Models")}"'):
        for path, zh, en in _TABS:
            link = ui.link(say(zh, en), path)
            if path == here:
                link.classes("here").props("aria-current=page")


def allowed(desk: Desk, scope: Scope) -> Person:
    """Who is signed in now, when they may do this.

    Raises:
        NotAllowedError: they may not, or their key has been taken away.
    """
    person = desk.people.present()
    if person is None:
        raise NotAllowedError(say("请重新登录", "Please sign in again"))
    person.require(scope)
    return person


def for_admins(person: Person, *buttons: ui.button) -> None:
    """Buttons that only work for whoever may change models; to others they say so."""
    if "admin" in person.scopes:
        return
    for button in buttons:
        button.disable()
        button.tooltip(say("需要 admin 权限", "Takes the scope admin"))


async def in_use(desk: Desk) -> str | None:
    """The version that the server answers with; None while it does not answer or has none."""
    try:
        manifest = await asyncio.wait_for(desk.client.model(), _PATIENCE_SECONDS)
    except (ClientError, TimeoutError):
        return None
    return str(manifest["version"])


def shown_percent(value: float) -> str:
    """A share as people read it."""
    return f"{value:.1%}"
