"""The manifest of a run: what was asked for, then one line for every shard that is done.

Lines are only ever added, each put on the disk before anything counts on it. A last line that the
power took half of is as if it had never been begun.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model.files import sync_folder

FORMAT = 2
"""Goes up when a run folder of before can no longer be continued."""

Record = dict[str, Any]


class Manifest:
    """The manifest in a file.

    Attributes:
        head: what was asked for.
        done: what is known of each finished shard, by its number.
        finished: every shard is done, and the table and what goes with it are whole.
    """

    def __init__(self, path: Path, head: Record, records: list[Record]) -> None:
        self._path = path
        self.head = head
        self.done: dict[int, Record] = {r["shard"]: r for r in records if "shard" in r}
        self.finished = any("finished" in record for record in records)

    @classmethod
    def begin(cls, path: Path, asked: Mapping[str, Any]) -> "Manifest":
        """A new manifest; there is no such file before its first line is whole."""
        head = {"format": FORMAT, **asked}
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            file.write(_line(head))
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
        sync_folder(path.parent)
        return cls(path, head, [])

    @classmethod
    def read(cls, path: Path) -> "Manifest | None":
        """The manifest of a run that began; None when none did."""
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        records, whole = _records(data)
        if whole < len(data):
            os.truncate(path, whole)
        return cls(path, records[0], records[1:]) if records else None

    def add(self, record: Record) -> None:
        """Note that a shard is done; returns when the disk has it."""
        self._append(record)
        self.done[record["shard"]] = record

    def finish(self) -> None:
        """Note that everything is whole and only has to be put in its place."""
        self._append({"finished": True})
        self.finished = True

    def _append(self, record: Record) -> None:
        with self._path.open("ab") as file:
            file.write(_line(record))
            file.flush()
            os.fsync(file.fileno())


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=True).encode("ascii") + b"\n"


def _records(data: bytes) -> tuple[list[Record], int]:
    """The records that are whole, and how many bytes they take."""
    records: list[Record] = []
    whole = 0
    for line in data.splitlines(keepends=True):
        try:
            record = json.loads(line)
        except ValueError:
            break
        if not line.endswith(b"\n") or not isinstance(record, dict):
            break
        records.append(record)
        whole += len(line)
    return records, whole
