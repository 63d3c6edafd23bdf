"""What keys and buttons of a labelling page do, one after the other."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from nicegui import ui
from nicegui.events import GenericEventArguments

from service.workbench.frame import STATIC, told
from service.workbench.wording import say

Action = Callable[[], Awaitable[None]]


class Turns:
    """Does what is pressed in its order, however quickly that comes.

    Whoever types ahead means the paragraph that will then be there, and not the one that is still
    being saved.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    @property
    def busy(self) -> bool:
        """Whether something is being done."""
        return self._turn.locked()

    async def take(self, action: Action) -> None:
        """Do something when all before it is done; its errors are told."""
        async with self._turn:
            await told(action)()

    def on_keys(self, actions: Mapping[str, Action]) -> None:
        """Do these when their keys are pressed: digits, `u`, `s`, `h`, `c` and a blank."""

        async def press(event: GenericEventArguments) -> None:
            if action := actions.get(str(event.args.get("key", ""))):
                await self.take(action)

        ui.add_body_html(f"<script>{(STATIC / 'label.js').read_text(encoding='utf-8')}</script>")
        ui.on("label-key", press)

    def button(self, words: str, key: str, action: Action) -> ui.element:
        """A button that says its key."""

        async def press() -> None:
            await self.take(action)

        button = press_button("label-action", press)
        with button:
            ui.label(words)
            show_key(key)
        return button

    def save_button(self, words: str, action: Action) -> ui.element:
        """The button of what a blank does."""
        return self.button(words, say("空格", "Space"), action).classes("label-save").mark("save")


def press_button(classes: str, press: Callable[[], object]) -> ui.element:
    """A plain button; pressed with the mouse it leaves the keyboard where it was."""
    button = ui.element("button").classes(classes).props('type="button"').on("click", press)
    return button.on("mousedown", js_handler="(event) => event.preventDefault()")


def show_key(key: str) -> None:
    """The key of a button, for those who see it."""
    ui.label(key).classes("key").props('aria-hidden="true"')


def show_ready(button: ui.element, ready: bool) -> None:
    """Show whether there is something to save."""
    button.classes(add="ready" if ready else "", remove="" if ready else "ready")
