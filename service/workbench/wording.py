"""What the workbench says, in Chinese or English; both stand side by side where they are used."""

from collections.abc import Mapping
from typing import Literal, get_args

from nicegui import app

from model.codebook import Theme

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


def speak(language: Language) -> None:
    """Choose the language for this browser."""
    app.storage.user["language"] = language


def language() -> Language:
    """The language that this browser has chosen; Chinese where none has."""
    try:
        return "en" if app.storage.user.get("language") == "en" else "zh"
    except RuntimeError:
        # Nobody is looking: a job, or a test of what needs no page.
        return "zh"


def say(zh: str, en: str) -> str:
    """One of two wordings of the same thing."""
    return en if language() == "en" else zh


def theme_name(theme: Theme) -> str:
    """What a theme is called."""
    return say(theme.name_zh, theme.name_en)


STATES: Mapping[str, tuple[str, str]] = {
    "waiting": ("排队中", "waiting"),
    "running": ("进行中", "running"),
    "stopping": ("正在停止", "stopping"),
    "done": ("完成", "done"),
    "failed": ("失败", "failed"),
    "cancelled": ("已取消", "cancelled"),
    "interrupted": ("中断", "interrupted"),
}
"""What the states of a job are called."""
