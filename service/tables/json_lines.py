"""Rows as JSON Lines: one JSON object a line, UTF-8, lists as lists."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson

from service.tables.columns import Row

_BLOCK = 2048


class JsonLines:
    """Writes rows; columns that the input carried stand behind the others where there are any."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def write(self, rows: Iterable[Row]) -> None:
        """Append rows."""
        self._file.write(b"".join(map(_line, rows)))

    def close(self) -> None:
        """Write what is left and put it on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


def read_rows(path: Path) -> Iterator[list[Row]]:
    """The rows of a file, some thousand at a time."""
    with path.open("rb") as file:
        block = []
        for line in file:
            block.append(orjson.loads(line))
            if len(block) == _BLOCK:
                yield block
                block = []
        if block:
            yield block


def _line(row: Row) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
