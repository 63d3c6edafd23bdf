"""The kinds of many paragraphs at once: what marks rule out, and the rest looked at one by one."""

from collections.abc import Sequence

import numpy as np

from model import characters as c
from model.characters import Bools, Codes
from model.furniture import is_legal
from model.kinds import (
    KINDS,
    LONGEST_HEADING,
    is_heading,
    is_link_list,
    is_set_aside,
    kinds,
)
from model.sheet import Ints, Sheet

_BODY, _HEADING, _FURNITURE = (KINDS.index(kind) for kind in ("body", "heading", "furniture"))

# What `furniture` asks of lengths.
_LEGAL = 250
_SHORT = 120
_WORD = 8
_OFFICE = 40


class Candidates:
    """Paragraphs of a sheet.

    Args:
        sheet: the texts.
        texts: of the paragraphs.
        starts, stops: where they stand in the sheet.
        of: the number of the text that each belongs to.
    """

    def __init__(
        self, sheet: Sheet, texts: Sequence[str], starts: Ints, stops: Ints, of: Ints
    ) -> None:
        self._texts = texts
        self._of = of
        self._lengths = stops - starts
        self._first: Codes = sheet.codes[starts]
        self._last: Codes = sheet.codes[stops - 1]
        # A mark at the very end is no sentence before it.
        inner = sheet.within(starts, np.maximum(stops - 1, starts + 1))
        self._inner: Codes = np.where(self._lengths > 1, inner, 0)
        self._marks: Codes = self._inner | sheet.marks[stops - 1]

    def kinds(self) -> Ints:
        """The place of each paragraph's kind in `KINDS`."""
        found = np.where(self._headings(), _HEADING, _BODY)
        lists = set()
        looked_at = np.flatnonzero(self._looked_at())
        of = self._of[looked_at]
        bounds = (np.searchsorted(self._of, of + side).tolist() for side in (0, 1))
        for n, first, last in zip(looked_at.tolist(), *bounds, strict=True):
            if is_set_aside(self._texts, n, first, last):
                found[n] = _FURNITURE
                if is_link_list(self._texts[n]):
                    lists.add((first, last))
            elif self._marks[n] & c.BEYOND:
                found[n] = _HEADING if is_heading(self._texts[n]) else _BODY
        for first, last in lists:
            # What stands below the head of a list depends on what came before.
            found[first:last] = [KINDS.index(kind) for kind in kinds(self._texts[first:last])]
        return found

    def _has(self, mark: int) -> Bools:
        found: Bools = (self._marks & mark) > 0
        return found

    def _headings(self) -> Bools:
        found: Bools = (
            (self._lengths <= LONGEST_HEADING)
            & self._has(c.ALPHA)
            & c.ends()["heading"][self._last]
            & ~self._has(c.STOP)
        )
        return found

    def _looked_at(self) -> Bools:
        """Which paragraphs a pattern of furniture may match."""
        short = (self._lengths <= _SHORT) & ((self._inner & c.SENTENCE) == 0)
        breadcrumb = (self._lengths <= _LEGAL) & c.begins()["breadcrumb"][self._first]
        menu = self._has(c.SEPARATOR) & ~self._has(c.POINTED)
        found: Bools = (
            ~self._has(c.LETTER)
            | self._has(c.BEYOND)
            | breadcrumb
            | menu
            | (short & self._short())
            | self._signatures()
        )
        found |= self._legal(~found)
        return found

    def _short(self) -> Bools:
        """Which may be furniture if they hold no sentence."""
        pattern: Bools = c.begins()["pattern"][self._first]
        return pattern | self._has(c.MARKED | c.COLON) | self._dates() | (self._lengths <= _WORD)

    def _dates(self) -> Bools:
        found: Bools = c.begins()["date"][self._first] & self._has(c.DATED)
        return found

    def _signatures(self) -> Bools:
        """Which may be the name of an office, a date standing below."""
        below = np.append(self._dates()[1:], False)
        found: Bools = (self._lengths <= _OFFICE) & below
        return found

    def _legal(self, wanted: Bools) -> Bools:
        """Which of those that are wanted say something of rights or of who runs the site."""
        may = self._has(c.RARE) | (self._has(c.STATION) & self._has(c.BY))
        may |= self._has(c.HOST) & self._has(c.COLON)
        may &= wanted & (self._lengths <= _LEGAL)
        for n in np.flatnonzero(may).tolist():
            may[n] = is_legal(self._texts[n])
        return may
