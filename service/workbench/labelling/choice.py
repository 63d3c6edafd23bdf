"""The themes to choose from for one paragraph, as big buttons with a digit each."""

from collections.abc import Callable, Collection, Mapping, Sequence

from nicegui import ui

from model.codebook import Theme
from service.workbench.errors import WorkbenchError
from service.workbench.labelling.turns import Action, press_button, show_key
from service.workbench.look import theme_class
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

    def check(self) -> None:
        """Make sure that they have chosen.

        Raises:
            WorkbenchError: neither a theme nor that none applies.
        """
        if not self.decided:
            raise WorkbenchError(
                say(
                    "先选主题，或按 0 选“无主题”",
                    "Choose themes first, or press 0 for none of them",
                )
            )

    def actions(self) -> dict[str, Action]:
        """What the digits do."""
        return {str(digit): self._on_digit(digit) for digit in range(_MOST_KEYS + 1)}

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

    def _on_digit(self, digit: int) -> Action:
        async def press() -> None:
            if digit:
                self.toggle(digit)
            else:
                self.none()

        return press

    def _button(self, number: int, theme: Theme) -> None:
        def press() -> None:
            self.toggle(number)

        with press_button(f"choice-button {theme_class(number)}", press).mark(
            f"theme-{number}"
        ) as button:
            show_key(str(number) if number <= _MOST_KEYS else "")
            ui.label(theme_name(theme)).classes("choice-name")
            self._notes[theme.id] = ui.label().classes("choice-note")
        self._buttons[theme.id] = button

    def _none_button(self) -> None:
        with press_button("choice-button choice-none", self.none).mark("none") as self._none_shown:
            show_key("0")
            ui.label(say("无主题", "None of them")).classes("choice-name")

    def _draw(self) -> None:
        for label, button in self._buttons.items():
            _press(button, label in self._chosen)
        _press(self._none_shown, self._none)


def _press(button: ui.element, pressed: bool) -> None:
    said = "true" if pressed else "false"
    if button.props.get("aria-pressed") != said:
        button.props(f'aria-pressed="{said}"')
