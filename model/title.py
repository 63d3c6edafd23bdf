"""Which texts have a title: the first line of several, when it is short.

Messages and news often come as a title, a line end, and the text. What stands in the title says
more than the rest, so a model may let it count several times: see `features.Counter`.
"""

import numpy as np

from model.normalisation import NormalText, Offsets

LONGEST = 60
"""Characters of a title at most; a longer first line is text."""


def title_ends(normal: NormalText) -> Offsets:
    """Where the title of each text ends, shape (texts,): where the text begins if it has none.

    Args:
        normal: a batch in normal form; offsets are in its codes.
    """
    starts, stops = normal.bounds[:-1], normal.bounds[1:]
    if not len(normal.lines):
        return starts
    first = normal.lines.take(normal.lines.searchsorted(starts), mode="clip")
    # A line end before the start is that of an earlier text: there is none in this one.
    titled = (first > starts) & (first + 1 < stops) & (first - starts <= LONGEST)
    return np.where(titled, first, starts)
