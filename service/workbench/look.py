"""The colours of themes, by number: a class of the style sheet that all pages share."""

COLOURS = 8
"""After so many themes the colours begin again."""


def theme_class(number: int) -> str:
    """The class that gives a theme its colour.

    Args:
        number: its place in the codebook, from 1.
    """
    return f"theme-{(number - 1) % COLOURS + 1}"
