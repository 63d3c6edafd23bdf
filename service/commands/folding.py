"""Help that is whole at any width: Chinese has no blanks to break a line at.

typer cuts a word that does not fit its column, and takes a sentence for one word.
"""

from functools import cache, wraps
from typing import Any

import typer.rich_utils
from rich.text import Text


@cache
def fold_help() -> None:
    """Make typer break such a word where the line ends; once a process."""
    drawing: Any = typer.rich_utils
    # There is no other way in.
    make = drawing._make_rich_text

    @wraps(make)
    def folded(**given: Any) -> Any:
        made = make(**given)
        if isinstance(made, Text):
            made.overflow = "fold"
        return made

    drawing._make_rich_text = folded
