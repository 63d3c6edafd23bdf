"""Rows as CSV that Excel opens as it should.

UTF-8 with a byte-order mark, lists joined with `;`. Excel would run a cell that begins like a
formula, so such a cell gets an apostrophe before it; so does one that has apostrophes before such a
beginning, which makes it possible to undo: `unguarded(guarded(text)) == text`. Plain numbers such
as `-5` stay as they are.
"""

import csv
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from service.tables.columns import Columns, Row

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_GUARDED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


class Separated:
    """Writes rows under a header; a column that a row does not have is empty."""

    def __init__(self, path: Path, columns: Columns) -> None:
        self._names = columns.names
        # Excel takes UTF-8 for what it is only with a byte-order mark.
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow([guarded(name) for name in self._names])

    def write(self, rows: Sequence[Row]) -> None:
        """Append rows."""
        self._writer.writerows([_cell(row.get(name)) for name in self._names] for row in rows)

    def close(self) -> None:
        """Write what is left and put it on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


def guarded(text: str) -> str:
    """The text, with an apostrophe before it where Excel would take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def unguarded(text: str) -> str:
    """The text that `guarded` was given."""
    return text[1:] if _GUARDED.match(text) and not _NUMBER.fullmatch(text) else text


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return guarded(value)
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            return orjson.dumps(value).decode()
        return ";".join(value)
    return value
