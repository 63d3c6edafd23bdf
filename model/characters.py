"""What the characters of a line rule out: marks of characters, for whole arrays of code points.

Most lines are sentences, and that no pattern of furniture can match them shows by the characters
that they have not. What the marks do not rule out is looked at by the patterns themselves, so a
mark too many costs time and a mark too few would be a mistake; tests make lines from the patterns
and hold that every one is looked at.
"""

from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from model.kinds import NO_HEADING, NO_HEADING_END
from model.lines import UNBROKEN

Codes = NDArray[np.uint16]
Bools = NDArray[np.bool_]

BREAK, BLANK, LETTER, ALPHA, SENTENCE, POINTED, SEPARATOR, COLON, STOP, DATED = (
    1 << n for n in range(10)
)
RARE, MARKED, STATION, BY, HOST, BEYOND = (1 << n for n in range(10, 16))

_MARKS = {
    BREAK: "\r\n\u2028\u2029",
    SENTENCE: "。！？；!?",
    POINTED: "，。；：！？,",
    SEPARATOR: "|｜/·•>›»",
    COLON: ":：",
    STOP: NO_HEADING,
    # Between the year and the month.
    DATED: "-/.年",
    # Each pattern of what is legal has one of these, or STATION and BY, or HOST and a colon.
    RARE: "权©备码载摘声隐览辨gG",
    STATION: "站",
    BY: "由",
    HOST: "持办",
    # A file's ending, and counters of readers.
    MARKED: ".阅览击",
    # Stands for every character beyond the first plane.
    BEYOND: "\uffff",
}

OPENERS = "【[（("
BREADCRUMB_FIRST = "您现当的所位你网首"
DATE_FIRST = OPENERS + "二〇○零一九八七六五四三"
"""Or a digit."""

PATTERN_FIRST = OPENERS + (
    "相推延热最猜友更往点阅网站附"
    "分打关收返扫字大无长适繁简eE登注退搜高我纠复手移电客微官设加联在上下首尾mM查展全正"
    "前后"
)
"""With what lines that end no sentence begin when they are furniture by their first word."""


@cache
def marks() -> Codes:
    """The marks of each code point of the first plane, shape (65536,)."""
    table = np.zeros(1 << 16, np.uint16)
    every = [chr(code) for code in range(1 << 16)]
    blank = np.array([char.isspace() for char in every])
    alpha = np.array([char.isalpha() for char in every])
    # As the pattern [^\W\d_] has it.
    letter = np.array([char.isalnum() and not char.isdecimal() for char in every])
    for mark, has in ((BLANK | SEPARATOR, blank), (ALPHA, alpha), (LETTER, letter)):
        table[has] |= mark
    for mark, chars in _MARKS.items():
        table[_codes(chars)] |= mark
    return table


@cache
def begins() -> dict[str, Bools]:
    """Whether each code point may begin a breadcrumb, a date, another pattern; (65536,) each."""
    digits = (chr(code) for code in range(1 << 16) if chr(code).isdecimal())
    return {
        "breadcrumb": _table(BREADCRUMB_FIRST),
        "date": _table((*DATE_FIRST, *digits)),
        "pattern": _table(PATTERN_FIRST),
    }


@cache
def ends() -> dict[str, Bools]:
    """Whether each code point may end a line in the middle of a sentence, and a heading."""
    return {"broken": ~_table(UNBROKEN), "heading": ~_table(NO_HEADING_END)}


def _codes(chars: Iterable[str]) -> NDArray[np.intp]:
    return np.array([ord(char) for char in chars], np.intp)


def _table(chars: Iterable[str]) -> Bools:
    table = np.zeros(1 << 16, np.bool_)
    table[_codes(chars)] = True
    return table
