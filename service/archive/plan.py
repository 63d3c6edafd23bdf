"""The plan of a run: every unit of work in order, and how they are cut into shards.

The plan is a file of one line a unit, so that neither a million files nor what is known of each
fills the memory; the same list made anew and held against it shows what has changed since.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from service.archive.errors import ChangedError
from service.reading.files import Found, Rejected
from service.reading.source import Part

Unit = Found | Rejected


@dataclass(frozen=True, slots=True)
class Shard:
    """A stretch of the plan that is scored in one piece.

    Attributes:
        number: from 0, in the order of the input.
        offset, length: its place in the plan, bytes.
        units: how many units it has.
        size: bytes of input.
    """

    number: int
    offset: int
    length: int
    units: int
    size: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The shards of a run.

    Attributes:
        path: the file that lists the units.
        shards: in order.
        sha256: of that file.
    """

    path: Path
    shards: tuple[Shard, ...]
    sha256: str

    @property
    def units(self) -> int:
        """How many units there are."""
        return sum(shard.units for shard in self.shards)

    @property
    def size(self) -> int:
        """Bytes of input."""
        return sum(shard.size for shard in self.shards)


def write_plan(path: Path, units: Iterable[Unit], most: int, largest: int) -> Plan:
    """List the units in a file and cut them into shards.

    Args:
        path: where to; there is no such file before the list is whole.
        units: what to score, in order.
        most: units of a shard.
        largest: bytes of a shard; one unit may be more.
    """
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:

        def written() -> Iterator[tuple[bytes, int]]:
            for unit in units:
                line = _line(unit)
                file.write(line)
                yield line, _size(unit)

        plan = _cut(path, written(), most, largest)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
    return plan


def check_plan(path: Path, units: Iterable[Unit], most: int, largest: int) -> Plan:
    """The plan of a run that goes on, held against the input as it is now.

    Raises:
        ChangedError: a unit is new, gone or changed; names the first.
    """
    with path.open("rb") as file:

        def compared() -> Iterator[tuple[bytes, int]]:
            for was, unit in zip_longest(file, units):
                line = None if unit is None else _line(unit)
                if was is None or line != was:
                    raise ChangedError(path.parent, [_difference(was, unit)])
                yield was, _size(_unit(was))

        return _cut(path, compared(), most, largest)


def units_of(path: Path, shard: Shard) -> list[Unit]:
    """The units of one shard."""
    with path.open("rb") as file:
        file.seek(shard.offset)
        return [_unit(line) for line in file.read(shard.length).splitlines()]


def _cut(path: Path, lines: Iterable[tuple[bytes, int]], most: int, largest: int) -> Plan:
    digest = hashlib.sha256()
    shards: list[Shard] = []
    offset = length = units = total = 0
    for line, size in lines:
        if units and (units == most or total + size > largest):
            shards.append(Shard(len(shards), offset, length, units, total))
            offset, length, units, total = offset + length, 0, 0, 0
        digest.update(line)
        length, units, total = length + len(line), units + 1, total + size
    if units:
        shards.append(Shard(len(shards), offset, length, units, total))
    return Plan(path, tuple(shards), digest.hexdigest())


def _line(unit: Unit) -> bytes:
    """A unit in one line of ASCII: names of files need not be valid Unicode."""
    if isinstance(unit, Rejected):
        fields: list[object] = [unit.doc, unit.reason]
    else:
        fields = [unit.doc, str(unit.path), unit.inside, unit.size, unit.stamp, unit.part]
    return json.dumps(fields, separators=(",", ":")).encode("ascii") + b"\n"


def _unit(line: bytes) -> Unit:
    fields = json.loads(line)
    if len(fields) == 2:
        return Rejected(*fields)
    doc, path, inside, size, stamp, part = fields
    return Found(Path(path), doc, tuple(inside), size, stamp, Part(*part) if part else None)


def _size(unit: Unit) -> int:
    return unit.size if isinstance(unit, Found) else 0


def _difference(was: bytes | None, unit: Unit | None) -> str:
    if unit is None:
        return f"少了 {_unit(was).doc}" if was else "少了文件"
    if was is None:
        return f"多了 {unit.doc}"
    before = _unit(was)
    if unit.doc == before.doc:
        return f"{unit.doc} 改动过"
    gone = isinstance(before, Found) and not before.path.exists()
    return f"少了 {before.doc}" if gone else f"多了 {unit.doc}"
