"""The themes to choose from for one paragraph: big buttons, and the keys that press them."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from nicegui import ui
from nicegui.events import GenericEventArguments

from model.codebook import Theme
from service.workbench.frame import STATIC
from service.workbench.wording import say, theme_name

_MOST_KEYS = 9


class Choice:
    """Which themes somebody has chosen, if they have chosen yet.

    Args:
        themes: the buttons, in this order; the first nine have keys.
        changed: is called after each change by hand.
    """

    def __init__(self, themes: Sequence[Theme], changed: Callable[[], None]) -> None:
        self._themes = tuple(themes)
        self._changed = changed
        self._chosen: set[str] = set()
        self._none = False
        self.last: str | None = None
        """The theme that was chosen or taken away last."""
        self._buttons: dict[str, ui.element] = {}
        self._notes: dict[str, ui.label] = {}
        with ui.element("div").classes("choice").props('role="group"') as self._group:
            for number, theme in enumerate(self._themes, 1):
                self._button(number, theme)
            self._none_button()

    @property
    def decided(self) -> bool:
        """Whether they have chosen, be it that no theme applies."""
        return self._none or bool(self._chosen)

    @property
    def labels(self) -> tuple[str, ...]:
        """The chosen themes, in the order of the buttons."""
        return tuple(theme.id for theme in self._themes if theme.id in self._chosen)

    def toggle(self, number: int) -> None:
        """Choose a theme by its number from 1, or take it away; nothing where there is none."""
        if 1 <= number <= len(self._themes):
            self.last = self._themes[number - 1].id
            self._none = False
            self._chosen ^= {self.last}
            self._draw()
            self._changed()

    def none(self) -> None:
        """Choose that no theme applies, or take that back."""
        self._none, self._chosen, self.last = not self._none, set(), None
        self._draw()
        self._changed()

    def put(self, labels: Collection[str] | None) -> None:
        """Choose these; None for nothing chosen yet."""
        self._chosen = set(labels or ()) & {theme.id for theme in self._themes}
        self._none = labels is not None and not self._chosen
        self.last = None
        self._draw()

    def enable(self, enabled: bool) -> None:
        """Show the buttons, or not while there is nothing to choose for."""
        self._group.set_visibility(enabled)

    def note(self, notes: Mapping[str, str]) -> None:
        """Write something small on the buttons, by theme."""
        for label, part in self._notes.items():
            part.set_text(notes.get(label, ""))

    def _button(self, number: int, theme: Theme) -> None:
        def press() -> None:
            self.toggle(number)

        with _button(f"choice-button theme-{(number - 1) % 8 + 1}", press).mark(
            f"theme-{number}"
        ) as button:
            _key(str(number) if number <= _MOST_KEYS else "")
            ui.label(theme_name(theme)).classes("choice-name")
            self._notes[theme.id] = ui.label().classes("choice-note")
        self._buttons[theme.id] = button

    def _none_button(self) -> None:
        with _button("choice-button choice-none", self.none).mark("none") as self._none_shown:
            _key("0")
            ui.label(say("无主题", "None of them")).classes("choice-name")

    def _draw(self) -> None:
        for label, button in self._buttons.items():
            _press(button, label in self._chosen)
        _press(self._none_shown, self._none)


def action_button(words: str, key: str, press: Callable[[], Awaitable[None]]) -> ui.element:
    """A button that says its key."""
    button = _button("label-action", press)
    with button:
        ui.label(words)
        _key(key)
    return button


def on_keys(handler: Callable[[GenericEventArguments], object]) -> None:
    """Have the page's keys told: `1` to `9`, `0`, `u`, `s`, `h`, `c` and a blank."""
    ui.add_body_html(f"<script>{(STATIC / 'label.js').read_text(encoding='utf-8')}</script>")
    ui.on("label-key", handler)


def _button(classes: str, press: Callable[[], object]) -> ui.element:
    button = ui.element("button").classes(classes)
    button.props('type="button"').on("click", press)
    # A press with the mouse leaves the keyboard where it was.
    return button.on("mousedown", js_handler="(event) => event.preventDefault()")


def _key(key: str) -> None:
    ui.label(key).classes("key").props('aria-hidden="true"')


def _press(button: ui.element, pressed: bool) -> None:
    said = "true" if pressed else "false"
    if button.props.get("aria-pressed") != said:
        button.props(f'aria-pressed="{said}"')
