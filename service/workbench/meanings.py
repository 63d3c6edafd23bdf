"""The codebook beside the page: what each theme means, with examples, one click away."""

from nicegui import ui

from model.codebook import Codebook, Theme
from service.workbench.look import theme_class
from service.workbench.wording import say, theme_name


class Meanings:
    """A drawer with the codebook, shut at first.

    Args:
        codebook: its themes are told in order, its rules last.
    """

    def __init__(self, codebook: Codebook) -> None:
        self.codebook = codebook
        self._themes: dict[str, ui.expansion] = {}
        self._dialog = ui.dialog().props("position=right full-height")
        with self._dialog, ui.card().classes("meanings"):
            self._build()

    def open(self, theme: str | None = None) -> None:
        """Show it; with one theme, that theme's meaning only is unfolded."""
        for label, part in self._themes.items():
            part.set_value(theme in (None, label))
        self._dialog.open()

    def _build(self) -> None:
        with ui.row().classes("meanings-head"):
            ui.label(say("编码手册", "Codebook")).classes("meanings-title")
            ui.label(self.codebook.version).classes("quiet")
            ui.space()
            close = ui.button(icon="close", on_click=self._dialog.close).props("flat dense")
            close.props(f'aria-label="{say("关闭", "Close")}"')
        for number, theme in enumerate(self.codebook.themes, 1):
            title = f"{number} {theme_name(theme)}"
            with ui.expansion(title, value=True).classes(f"theme {theme_class(number)}") as part:
                _meaning(theme)
            self._themes[theme.id] = part
        if self.codebook.rules:
            with ui.expansion(say("总则", "General rules")).classes("theme"):
                for rule in self.codebook.rules:
                    ui.label(rule.text)
                    for example in rule.examples:
                        ui.label(example).classes("example")


def _meaning(theme: Theme) -> None:
    ui.label(theme.definition)
    for title, parts in (
        (say("算", "Counts"), theme.counts),
        (say("不算", "Does not count"), theme.excludes),
    ):
        if parts:
            ui.label(title).classes("meanings-part")
            with ui.element("ul"):
                for part in parts:
                    with ui.element("li"):
                        ui.label(part)
    for example in theme.examples:
        mark = "✓" if example.applies else "✗"
        ui.label(f"{mark} {example.text}").classes("example")
        ui.label(example.why).classes("example quiet")
