"""What a page says of itself in its first lines: when, by whom and where it was published.

`来源：河湾区政府　作者：李明　发布时间：2024-05-06 10:20` is such a line.
Nothing is guessed from the text itself.
"""

import re
from datetime import date
from typing import NamedTuple

_OPENING = 1500
"""Characters; a byline stands near the beginning."""

_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d{2})\s*(?:[-/.]|年)\s*(\d{1,2})\s*(?:[-/.]|月)\s*(\d{1,2})(?!\d)"
    r"|(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?!\d)"
)
_BREAK = r"[^\S\r\n]*[:：][^\S\r\n]*"
_VALUE = r"([^\s:：|｜【】\[\]()（）]{1,40}?)"
_END = r"(?=\s|[|｜【】\[\]()（）]|$|[^\s:：]{2,6}[:：])"
# What may stand before these words (发布时间, 信息来源) changes nothing, and a pattern that begins
# with a known character is found much faster.
_WHEN = re.compile(rf"(?:时间|日期){_BREAK}(\d{{4}}[^\r\n]{{0,20}})")
_AUTHORS = ("作者", "撰稿", "撰文", "供稿", "记者")
_AUTHOR = re.compile(
    rf"(?:^|[\s|｜【\[(（])(?:{'|'.join(_AUTHORS)}|本报记者){_BREAK}{_VALUE}{_END}",
    re.MULTILINE,
)
_ORIGIN = re.compile(
    rf"来源{_BREAK}{_VALUE}{_END}"
    rf"|(?:发布机构|发布单位|发文机关|发布人){_BREAK}{_VALUE}{_END}"
)


class Byline(NamedTuple):
    """Date as ISO 8601, author, publisher; each empty where the page does not say."""

    date: str
    author: str
    origin: str


def byline(text: str) -> Byline:
    """What the first lines of a text say of it."""
    opening = text[:_OPENING]
    when = _WHEN.search(opening)
    named = any(word in opening for word in _AUTHORS)
    author = _AUTHOR.search(opening) if named else None
    origin = _ORIGIN.search(opening)
    return Byline(
        iso_date(when[1]) if when else "",
        author[1] if author else "",
        next(filter(None, origin.groups()), "") if origin else "",
    )


def iso_date(text: str) -> str:
    """The first date in a text as `2024-05-06`, empty where there is none that exists."""
    for match in _DATE.finditer(text):
        year, month, day = (int(part) for part in match.groups() if part)
        try:
            return date(year, month, day).isoformat()
        except ValueError:
            continue
    return ""
