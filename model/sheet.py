"""Texts under one another in one array of code points: where their lines begin and end.

Which of them may be hard-wrapped, and which lines may have to be cut, shows by widths and lengths;
whether it is so, `lines` says.
"""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from model.characters import BLANK, BREAK, Bools, Codes, ends, marks
from model.lines import (
    GAPPED,
    LONGEST,
    RUN_ON,
    WRAP_LEAST_BROKEN,
    WRAP_LEAST_LINES,
    WRAP_LEAST_WIDTH,
    WRAP_MOST_WIDTH,
    WRAP_UNEVEN,
    Line,
    cut_up,
    is_run_on,
)

Ints = NDArray[np.int64]

_WINDOW = 1 << 20
"""Characters that are looked up at a time."""


class Sheet:
    """Texts under one another.

    Attributes:
        text: all of them, each but the last with a line end.
        codes: its code points, those beyond the first plane as 0xFFFF.
        marks: what kind of character each is, and one without any behind the last.
        begins: where each text begins, shape (texts,).
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.text = "\n".join(texts)
        self.codes = _codes(self.text)
        self.marks = _marks(self.codes)
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        self.begins: Ints = np.cumsum(lengths + 1) - lengths - 1

    def text_of(self, places: Ints) -> Ints:
        """The number of the text in which each place lies."""
        return np.searchsorted(self.begins, places, "right") - 1

    def within(self, starts: Ints, stops: Ints) -> Codes:
        """The marks of all characters of each stretch together; no stretch is empty."""
        found: Codes = np.bitwise_or.reduceat(self.marks, _between(starts, stops))[::2]
        return found

    def lines(self) -> tuple[Ints, Ints, Ints]:
        """The lines that are not empty: where each begins, where its text does, and where it ends.

        The text is without the blanks at its ends.
        """
        begin = np.concatenate(([0], np.flatnonzero((self.marks & BREAK) > 0) + 1))
        # A run of characters that are no blanks lies in one line, for line ends are blanks.
        filled = np.concatenate(([False], (self.marks[:-1] & BLANK) == 0, [False]))
        edges = np.flatnonzero(filled[1:] != filled[:-1])
        firsts, lasts = edges[::2], edges[1::2]
        line_of = np.searchsorted(begin, firsts, "right") - 1
        new = np.flatnonzero(np.diff(line_of, prepend=-1))
        final = np.append(new[1:], len(firsts))[: len(new)] - 1
        return begin[line_of[new]], firsts[new], lasts[final]

    def wrapped(self, begin: Ints, starts: Ints, stops: Ints) -> Bools:
        """Which texts may be hard-wrapped, shape (texts,), by what `lines` asks for at least.

        Args:
            begin, starts, stops: their lines.
        """
        of, texts = self.text_of(starts), len(self.begins)
        in_ascii = np.append(self.codes < 128, False)
        narrow = np.add.reduceat(in_ascii, _between(begin, stops), dtype=np.int64)[::2]
        widths = 2 * (stops - begin) - narrow
        most = np.zeros(texts, np.int64)
        np.maximum.at(most, of, widths)
        full = widths >= most[of] - WRAP_UNEVEN

        def count(chosen: Bools) -> Ints:
            return np.bincount(of[chosen], minlength=texts)

        fulls = count(full)
        broken = count(full & ends()["broken"][self.codes[stops - 1]])
        goes_on = (broken >= WRAP_LEAST_BROKEN) & (count(starts > begin) >= WRAP_LEAST_BROKEN)
        wide = count(widths >= WRAP_LEAST_WIDTH)
        is_even = fulls >= np.maximum(WRAP_LEAST_LINES, wide // 2)
        fits = (most >= WRAP_LEAST_WIDTH) & (most <= WRAP_MOST_WIDTH)
        return fits & (2 * broken > fulls) & (goes_on | is_even)

    def cut_up(self, starts: Ints, stops: Ints) -> tuple[Ints, Ints]:
        """The same lines, with the pieces of those that are cut in their places."""
        long = self._long(starts, stops)
        pieces = [
            list(cut_up(Line(self.text[start:stop], start, stop, False, False)))
            for start, stop in zip(starts[long].tolist(), stops[long].tolist(), strict=True)
        ]
        counts = np.ones(len(starts), np.int64)
        counts[long] = [len(each) for each in pieces]
        places = np.repeat(np.stack((starts, stops)), counts, axis=1)
        cut = [(piece.start, piece.end) for piece in chain.from_iterable(pieces)]
        places[:, np.repeat(long, counts)] = np.array(cut, np.int64).reshape(-1, 2).T
        return places[0], places[1]

    def _long(self, starts: Ints, stops: Ints) -> Bools:
        """Which lines are cut."""
        lengths = stops - starts
        blank = (self.marks & BLANK) > 0
        gaps = np.flatnonzero(blank[1:] & blank[:-1])
        gapped = np.searchsorted(gaps, starts) < np.searchsorted(gaps, stops)
        long = (lengths > LONGEST) | ((lengths >= GAPPED) & gapped)
        for n in np.flatnonzero(~long & (lengths >= RUN_ON)).tolist():
            long[n] = is_run_on(self.text, int(starts[n]), int(stops[n]))
        return long


def _between(starts: Ints, stops: Ints) -> Ints:
    """Starts and stops in turn, for `reduceat`: every other result is that of a stretch."""
    return np.stack((starts, stops), axis=1).reshape(-1)


def _codes(text: str) -> Codes:
    data = text.encode("utf-16-le", "surrogatepass")
    if len(data) == 2 * len(text):
        return np.frombuffer(data, np.uint16)
    wide = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    return np.minimum(wide, 0xFFFF).astype(np.uint16)


def _marks(codes: Codes) -> Codes:
    found = np.zeros(len(codes) + 1, np.uint16)
    for start in range(0, len(codes), _WINDOW):
        window = codes[start : start + _WINDOW]
        found[start : start + len(window)] = marks().take(window)
    return found
