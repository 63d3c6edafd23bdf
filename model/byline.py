"""What a page says of itself: when, by whom and where it was published.

`来源：河湾区政府　作者：李明　发布时间：2024-05-06 10:20` is such a line. A date counts behind the
name of a field, in a short line of fields, alone in its line, or below a text as its signature has
it. A date or a 来源 in a sentence, or the time of a meeting, says nothing of the page.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

_OPENING = 1500
"""Characters; a byline stands near the beginning."""
_ENDING = 400
_LAST_LINES = 6
_SHORT = 60
"""Characters; a line of fields is not longer."""
_CHRONICLE = 3
"""So many different dates with a line of their own are the entries of a chronicle."""

_GAP = r"[^\S\r\n]*"
_NUMERALS = "〇○零ＯO一二三四五六七八九"
_VALUES = str.maketrans(_NUMERALS, "00000123456789")
_REST = (
    rf"\d\d(?:{_GAP}[-/.年]{_GAP}\d{{1,2}}{_GAP}[-/.月]{_GAP}\d{{1,2}}(?!\d)(?:{_GAP}日)?"
    r"|\d{4}(?!\d))"
)
# A pattern that begins with known characters is found much faster.
_DATES = (
    ("20", re.compile(rf"20(?<!\d20){_REST}")),
    ("19", re.compile(rf"19(?<!\d19){_REST}")),
    (
        "月",
        re.compile(
            rf"年(?<=([一二][{_NUMERALS}]{{3}})年){_GAP}[{_NUMERALS}十]{{1,3}}"
            rf"{_GAP}月{_GAP}[{_NUMERALS}十]{{1,3}}{_GAP}日"
        ),
    ),
)
_DAY = rf"{_GAP}[（(]?(?:星期|周)[一二三四五六日天][）)]?"
_CLOCK = re.compile(
    rf"(?:{_DAY})?(?:(?:T|{_GAP})\d{{1,2}}[:：时]\d{{1,2}}(?:[:：分](?:\d{{1,2}})?秒?)?)?"
)
_LINE = re.compile(r"[^\r\n]*")
_MARKS = " \t\u3000\xa0[]（）()【】〔〕"
_BEFORE = frozenset(_MARKS + "|｜·•”")
_TIME = re.compile(r"\d[日时分秒]?$")

_ACTS = (
    "发布|发文|成文|更新|印发|来信|提交|答复|回复|留言|刊发|刊登|发表|发稿|公开|公布|生成|签发|制发"
    "|加入|录入|添加|上传"
)
_WHEN = re.compile(rf"({_ACTS})?(?:时间|日期)$")
_FIELD_BEFORE = re.compile(r"[:：]\S{1,20}$")
_EVENT = re.compile(
    rf"^(?:{_DAY})?\s*(?:[上中下]午|[早晚]|\d{{1,2}}[:：]\d\d\s*[-—~～至]|至|到|起|前|止|[-—~～])|地\s*点"
)
_NAMES = "来源|作者|编辑|记者|发布|浏览|阅读|点击|字号"
_FIELD = re.compile(
    r"(?:来源|作者|编辑|记者|发布(?:于|者|人|单位|机构)?|(?:浏览|阅读|点击)(?:次数|数|量)?|字号)"
    r"(?=[\s:：\d|｜【】\[\]()（）]|$)"
)
_ON = re.compile(r"(?:^|[\s|｜【\[(（])(?:发布|发表|更新|刊登)于$")
_NEXT = re.compile(rf"(?:[】\])）])?(?:$|[|｜【\[(（·•]|\s(?!\s*[至到—~～-])|{_NAMES})")
_SENTENCE = frozenset("，。；！？")
_OFFICE = re.compile(
    r"[^\s，。；！？：:]"
    r"(?:政府|办|室|委|会|党组|支部|[局厅部院处司署所站队组馆]|公司|中心|学校|机制|银行|分行)(\s*)$"
)
_NOTES = re.compile(r"(?:\s*[（(【\[][^）)】\]]{0,30}[）)】\]])*\s*")

_BREAK = rf"{_GAP}[:：]{_GAP}"
_LABELS = (
    "作者|责任编辑|责编|编辑|本报记者|记者|通讯员|撰稿|撰文|供稿|审核|校对|摄影|(?:信息|文章|稿件|新闻|消息)?来源"
    "|发布机构|发布单位|发布人|发文机关|浏览次数|浏览量|浏览|阅读次数|阅读量|阅读|点击次数|点击量"
    f"|点击数|点击|访问量|字号|字体|(?:{_ACTS})?(?:时间|日期)"
)
_STOP = r"\s|｜【】\[\]()（），。；！？“”\""
_VALUE = (
    rf"([^:：{_STOP}]{{1,40}}?)(?=[{_STOP}]|$|(?:{_LABELS}){_GAP}[:：]"
    r"|\d*次(?:阅读|浏览|点击)|(?:19|20)\d\d[-/.年])"
)
_AUTHOR = re.compile(rf"[者稿文](?<=作者|撰稿|撰文|供稿|记者){_BREAK}{_VALUE}")
_ORIGIN = re.compile(rf"来源{_BREAK}{_VALUE}")
_PUBLISHER = re.compile(rf"发(?:布机构|布单位|文机关|布人){_BREAK}{_VALUE}")
_MEDIA = ("信息", "文章", "稿件", "新闻", "消息")
_WIRE = re.compile(r"(.{2,12})\1讯$")


class Byline(NamedTuple):
    """Date as ISO 8601, author, publisher; each empty where the page does not say."""

    date: str
    author: str
    origin: str


class _Dated(NamedTuple):
    """A date and what stands around it: before and after it in its line, and in all below it.

    The time of day belongs to the date and not to what stands after it.
    """

    iso: str
    said: str
    before: str
    after: str
    below: str


def byline(text: str) -> Byline:
    """What the first lines of a text say of it, and of its date what the last ones say."""
    opening = text[:_OPENING]
    return Byline(
        _opening_date(opening) or _ending_date(text[-_ENDING:]),
        _author(opening),
        _origin(opening),
    )


def iso_date(text: str) -> str:
    """The first date in a text as `2024-05-06`, empty where there is none that exists."""
    return min(_dates(text), default=(0, 0, ""))[2]


def _dates(text: str) -> Iterator[tuple[int, int, str]]:
    """Where the dates that exist begin and end, one way to write them after the other."""
    for sign, pattern in _DATES:
        if sign in text:
            for match in pattern.finditer(text):
                start = match.start(match.lastindex or 0)
                if iso := _iso(text[start : match.end()]):
                    yield start, match.end(), iso


def _iso(said: str) -> str:
    parts = [part for part in re.split(r"[-/.年月日\s]+", said) if part]
    if len(parts) == 1:
        parts = [said[:4], said[4:6], said[6:]]
    try:
        return date(*map(_number, parts)).isoformat()
    except ValueError:
        return ""


def _number(said: str) -> int:
    """12, 一二 and 十二 are the same."""
    tens, ten, ones = said.partition("十")
    if ten:
        return 10 * _number(tens or "一") + _number(ones or "零")
    return int(said.translate(_VALUES))


def _dated(text: str) -> list[_Dated]:
    """The dates in a text from its beginning on, each in its line."""
    found = []
    for start, end, iso in sorted(_dates(text)):
        first = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
        clock = _CLOCK.match(text, end)
        line = _LINE.match(text, clock.end() if clock else end)
        after = line[0] if line else ""
        below = text[end : end + _SHORT]
        found.append(_Dated(iso, text[start:end], text[first:start], after, below))
    return found


def _opening_date(opening: str) -> str:
    """The first date behind a field's full name, else the first that a byline may hold."""
    dated = _dated(opening)
    full = (one.iso for one in dated if _label(one.before) == "full")
    few = len({one.iso for one in dated if _is_alone(one)}) < _CHRONICLE
    others = (
        one.iso
        for one in dated
        if (_label(one.before) == "bare" and not _EVENT.search(one.below))
        or _is_among_fields(one)
        or (few and _is_alone(one))
    )
    return next(full, "") or next(others, "")


def _ending_date(ending: str) -> str:
    """The date below a text, alone in its line or behind the office that signs."""
    if next(_dates(ending), None) is None:
        return ""
    lines = [line for line in ending.splitlines() if line.strip()][-_LAST_LINES:]
    signed = (one.iso for line in reversed(lines) for one in _dated(line) if _is_signature(one))
    return next(signed, "")


def _label(before: str) -> str:
    """Whether a date stands behind a field's full name (发布时间), a bare one (时间), or none."""
    named = before.rstrip(_MARKS)
    match = _WHEN.search(named[:-1].rstrip()) if named.endswith((":", "：")) else None
    if match is None:
        return ""
    front = named[: match.start()]
    if _stands_free(front):
        return "full" if match[1] else "bare"
    return "full" if match[1] and _FIELD_BEFORE.search(front) else ""


def _stands_free(front: str) -> bool:
    """Whether a field may begin behind this: a line's beginning, a blank, a mark or a time."""
    return not front or front[-1] in _BEFORE or bool(_TIME.search(front[-2:]))


def _is_alone(dated: _Dated) -> bool:
    """The line is nothing but a date; a bare row of digits might be any number."""
    return not dated.said.isdecimal() and not (dated.before + dated.after).strip(_MARKS)


def _is_among_fields(dated: _Dated) -> bool:
    """A short line holds the date and a field, and no sentence."""
    before, line = dated.before, dated.before + dated.said + dated.after
    return (
        len(line) <= _SHORT
        and _SENTENCE.isdisjoint(line)
        and (not before or before[-1] in _BEFORE or bool(_ON.search(before)))
        and not before.rstrip().endswith((*":：至到—~～-",))
        and bool(_NEXT.match(dated.after))
        and bool(_FIELD.search(before) or _FIELD.search(dated.after) or _ON.search(before))
    )


def _is_signature(dated: _Dated) -> bool:
    """A line ends with a date, and holds nothing else or an office before it."""
    if not _NOTES.fullmatch(dated.after):
        return False
    if not dated.before.strip(_MARKS):
        return not dated.said.isdecimal()
    office = _OFFICE.search(dated.before[-_SHORT:])
    return bool(office and (office[1] or not dated.said[0].isdecimal()))


def _author(opening: str) -> str:
    found = _AUTHOR.finditer(opening)
    return next((match[1] for match in found if _begins(opening, match.start() - 1, ("本报",))), "")


def _origin(opening: str) -> str:
    if "来源" in opening:
        for match in _ORIGIN.finditer(opening):
            if _begins(opening, match.start(), _MEDIA):
                return _WIRE.sub(r"\1", match[1])
    published = _PUBLISHER.search(opening)
    return published[1] if published else ""


def _begins(text: str, start: int, heads: tuple[str, ...]) -> bool:
    """Whether a field begins there, or before it with one of the words that may precede it."""
    front = text[max(0, start - 2) : start]
    return front[-1:] in "\r\n" or front in heads or _stands_free(front)
