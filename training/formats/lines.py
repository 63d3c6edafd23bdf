"""JSON Lines, arrays of JSON objects, and fastText's lines; doccano writes all three.

fastText's files hold texts cut into words. Where at least one in five neighbouring pairs of Chinese
characters is parted by a blank, the file is taken to be cut, and blanks between Chinese characters
are removed; else texts stay as they are.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from training.formats.entry import Columns, Entry, Reading

PREFIX = "__label__"

_CUT = 0.2
_HAN = r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af\u3000-\u303f\uff01-\uff60]"
_BLANKS = re.compile(rf"(?<={_HAN}) +(?={_HAN})")
_NEIGHBOURS = re.compile(rf"(?<={_HAN}) *(?={_HAN})")


def read_jsonl(file: str, text: str, columns: Columns, found: Reading) -> Iterator[Entry]:
    """One JSON object a line."""
    # Only line feeds end a JSON line: a text may hold U+2028 and the like.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as error:
            found.wrong(file, number, f"不是 JSON（{error}）")
            continue
        yield from _object(file, number, fields, columns, found)


def read_objects(file: str, items: list[Any], columns: Columns, found: Reading) -> Iterator[Entry]:
    """An array of JSON objects."""
    for number, fields in enumerate(items, 1):
        yield from _object(file, number, fields, columns, found)


def _object(
    file: str, number: int, fields: object, columns: Columns, found: Reading
) -> Iterator[Entry]:
    if not isinstance(fields, dict):
        found.wrong(file, number, "应是一个 JSON 对象 {…}")
    elif reasons := columns.missing(fields):
        for reason in reasons:
            found.wrong(file, number, reason)
    else:
        yield columns.entry(file, number, fields)


def read_fasttext(file: str, text: str, _columns: Columns, found: Reading) -> Iterator[Entry]:
    """`__label__甲 __label__乙 正文`; as in fastText, labels may stand anywhere in the line."""
    entries = []
    for number, line in enumerate(text.split("\n"), 1):
        words = line.strip("\r").split(" ")
        labels = [word[len(PREFIX) :] for word in words if word.startswith(PREFIX)]
        said = " ".join(word for word in words if not word.startswith(PREFIX))
        if line.strip():
            entries.append((number, said.strip(), labels))
    neighbours = [gap for _, said, _ in entries for gap in _NEIGHBOURS.findall(said)]
    cut = bool(neighbours) and sum(map(bool, neighbours)) >= _CUT * len(neighbours)
    if cut:
        found.note(file, "正文是切开的词，已去掉汉字之间的空格")
    for number, said, labels in entries:
        yield Entry(file, number, _BLANKS.sub("", said) if cut else said, labels, {})
