"""The numbers that Word writes before the items of its lists: 一、 （一） 1. ①; they stand nowhere
in the text and are counted as Word counts them.
"""

from collections import defaultdict
from typing import Any

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DIGITS = "〇一二三四五六七八九"
_ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
_MOST = 9999


class Numbering:
    """Counts the items of every list of a document.

    Args:
        numbering: the root of the numbering part, None where there is none.
        styles: the root of the styles part.
    """

    def __init__(self, numbering: Any, styles: Any) -> None:
        self._levels: dict[str, dict[int, tuple[str, str, int]]] = {}
        self._lists: dict[str, str] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        self._styles = dict(_numbered_styles(styles)) if styles is not None else {}
        if numbering is not None:
            for abstract in numbering.iter(f"{_W}abstractNum"):
                self._levels[_get(abstract, "abstractNumId")] = dict(map(_level, _levels(abstract)))
            for num in numbering.iter(f"{_W}num"):
                self._lists[_get(num, "numId")] = _value(num, "abstractNumId")

    def label(self, paragraph: Any) -> str:
        """What stands before a paragraph, such as `（三）`; empty for one that is in no list."""
        list_id, level = self._place(paragraph)
        abstract = self._lists.get(list_id)
        levels = self._levels.get(abstract, {}) if abstract is not None else {}
        if abstract is None or level not in levels:
            return ""
        counts = self._counts[abstract]
        counts[level] = counts.get(level, levels[level][2] - 1) + 1
        for deeper in [other for other in counts if other > level]:
            del counts[deeper]
        if levels[level][0] == "bullet":
            return ""
        text = levels[level][1]
        for other in range(9):
            if f"%{other + 1}" in text:
                kind, _, start = levels.get(other, ("decimal", "", 1))
                text = text.replace(f"%{other + 1}", numeral(counts.get(other, start), kind))
        return text

    def _place(self, paragraph: Any) -> tuple[str, int]:
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        by_style = self._styles.get(_get(style, "val"), ("", 0)) if style is not None else ("", 0)
        own = paragraph.find(f"{_W}pPr/{_W}numPr")
        if own is None:
            return by_style
        level = _value(own, "ilvl")
        return _value(own, "numId") or by_style[0], int(level) if level.isdigit() else by_style[1]


def numeral(number: int, kind: str) -> str:
    """A number as one of Word's formats writes it; plain digits for the rarer ones."""
    if kind.startswith(("chinese", "japanese", "ideographTraditional", "taiwanese")):
        return chinese(number)
    if kind in ("decimalEnclosedCircle", "decimalEnclosedCircleChinese") and 1 <= number <= 20:
        return chr(ord("①") + number - 1)
    if kind in ("upperLetter", "lowerLetter") and 1 <= number <= 26:
        letter = chr(ord("A") + number - 1)
        return letter if kind == "upperLetter" else letter.lower()
    if kind in ("upperRoman", "lowerRoman") and 1 <= number <= 20:
        roman = "X" * (number // 10) + _ROMAN[number % 10]
        return roman if kind == "upperRoman" else roman.lower()
    return "" if kind == "none" else str(number)


def chinese(number: int) -> str:
    """A number from 0 to 9999 in Chinese: 21 is 二十一, 105 一百〇五; digits beyond."""
    if not 0 < number <= _MOST:
        return _DIGITS[0] if number == 0 else str(number)
    said = ""
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            said += _DIGITS[digit] + name
        elif said and not said.endswith(_DIGITS[0]) and number % unit:
            said += _DIGITS[0]
    return said.removeprefix("一") if 10 <= number < 20 else said


def _numbered_styles(styles: Any) -> list[tuple[str, tuple[str, int]]]:
    found = []
    for style in styles.iter(f"{_W}style"):
        own = style.find(f"{_W}pPr/{_W}numPr")
        if own is not None:
            level = _value(own, "ilvl")
            place = (_value(own, "numId"), int(level) if level.isdigit() else 0)
            found.append((_get(style, "styleId"), place))
    return found


def _levels(abstract: Any) -> list[Any]:
    return [level for level in abstract.iter(f"{_W}lvl") if _get(level, "ilvl").isdigit()]


def _level(level: Any) -> tuple[int, tuple[str, str, int]]:
    """A level's number; its format, its text with %1 … %9, and where it starts."""
    start = _value(level, "start")
    kind = _value(level, "numFmt") or "decimal"
    text = _value(level, "lvlText")
    return int(_get(level, "ilvl")), (kind, text, int(start) if start.isdigit() else 1)


def _value(node: Any, child: str) -> str:
    found = node.find(f"{_W}{child}")
    return _get(found, "val") if found is not None else ""


def _get(node: Any, name: str) -> str:
    value: str = node.get(f"{_W}{name}", "")
    return value
