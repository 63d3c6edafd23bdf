"""Writing scored rows: JSON Lines, CSV that Excel opens as it should, Parquet.

Rows go to a file beside the wanted one, which takes its place only when it is whole.
"""

import csv
import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import orjson

from model.errors import UserError

SUFFIXES = (".jsonl", ".csv", ".parquet")

Row = dict[str, Any]


class TableError(UserError):
    """A table cannot be written; the message says why and what to do."""


class Table(Protocol):
    """Where rows go: `write` any number of times, then `close` once."""

    def write(self, rows: Sequence[Row]) -> None:
        """Append rows; every row has the same keys."""

    def close(self) -> None:
        """Write what is left and put it on the disk."""


def columns(labels: Sequence[str], evidence: bool) -> list[str]:
    """The columns of a scored row, in order."""
    head = ["doc", "title", "para", "start", "end", "kind", "text", "labels", "status", "uncertain"]
    tail = ["model", "codebook", *(["evidence"] if evidence else [])]
    return [*head, *(f"score_{label}" for label in labels), *tail]


def check_format(path: Path) -> None:
    """Make sure that a table can be written under this name, before any work is done.

    Raises:
        TableError: an unknown ending, or a format whose library is not installed.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise TableError(f"不认识输出格式 {suffix or path.name}；可用 {'、'.join(SUFFIXES)}")
    if suffix == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise TableError("写 Parquet 需要 pyarrow：pip install 'govtheme[archive]'")


def open_table(path: Path, names: Sequence[str]) -> Table:
    """A table for the format that the file name ends in.

    Raises:
        TableError: an unknown ending, or a format whose library is not installed.
    """
    check_format(path)
    suffix = path.suffix.lower()
    if suffix == ".jsonl":
        return _JsonLines(path)
    return _Csv(path, names) if suffix == ".csv" else _Parquet(path, names)


class _JsonLines:
    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def write(self, rows: Sequence[Row]) -> None:
        self._file.write(b"".join(orjson.dumps(row) + b"\n" for row in rows))

    def close(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


class _Csv:
    def __init__(self, path: Path, names: Sequence[str]) -> None:
        # Excel takes UTF-8 for what it is only with a byte-order mark.
        self._file = path.open("w", encoding="utf-8-sig", newline="", errors="replace")
        self._writer = csv.DictWriter(self._file, names)
        self._writer.writeheader()

    def write(self, rows: Sequence[Row]) -> None:
        self._writer.writerows({name: _flat(value) for name, value in row.items()} for row in rows)

    def close(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


def _flat(value: Any) -> Any:
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            return orjson.dumps(value).decode()
        return ";".join(value)
    return value


class _Parquet:
    def __init__(self, path: Path, names: Sequence[str]) -> None:
        import pyarrow
        from pyarrow import parquet

        self._arrow = pyarrow
        self._schema = pyarrow.schema([(name, _arrow_type(pyarrow, name)) for name in names])
        self._writer = parquet.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, rows: Sequence[Row]) -> None:
        self._writer.write_table(self._arrow.Table.from_pylist(list(rows), self._schema))

    def close(self) -> None:
        self._writer.close()


def _arrow_type(pyarrow: Any, name: str) -> Any:
    if name in ("para", "start", "end"):
        return pyarrow.int64()
    if name.startswith("score_"):
        return pyarrow.float64()
    if name in ("labels", "uncertain"):
        return pyarrow.list_(pyarrow.string())
    if name == "evidence":
        item = [("label", pyarrow.string()), ("start", pyarrow.int64()), ("end", pyarrow.int64())]
        return pyarrow.list_(
            pyarrow.struct([*item, ("text", pyarrow.string()), ("weight", pyarrow.float64())])
        )
    return pyarrow.string()
