import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.archive.errors import ChangedError
from service.archive.manifest import Manifest
from service.archive.plan import Unit, check_plan, units_of, write_plan
from service.reading.files import Found, Rejected

UNITS: list[Unit] = [
    Found(Path("/a/一.txt"), "一.txt", (), 100, 1),
    Rejected("坏.zip", "压缩包损坏"),
    Found(Path("/a/包.zip"), "包.zip!/内/二.txt", ("内/二.txt",), 60, 2),
    Found(Path(os.fsdecode(b"/a/\xff.txt")), "\ufffd.txt", (), 60, 3),
]


def test_units_come_back_shard_by_shard(tmp_path: Path) -> None:
    plan = write_plan(tmp_path / "plan", UNITS, most=3, largest=150)
    assert [(shard.units, shard.size) for shard in plan.shards] == [(2, 100), (2, 120)]
    assert [unit for shard in plan.shards for unit in units_of(plan.path, shard)] == UNITS
    assert (plan.units, plan.size) == (4, 220)


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(1, 5), st.integers(1, 100))
def test_every_unit_is_in_one_shard_and_none_is_too_large(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], most: int, largest: int
) -> None:
    path = tmp_path_factory.mktemp("plan") / "plan"
    units: list[Unit] = [Found(Path(f"/{n}"), str(n), (), size) for n, size in enumerate(sizes)]
    plan = write_plan(path, units, most, largest)
    assert [unit for shard in plan.shards for unit in units_of(path, shard)] == units
    for shard in plan.shards:
        assert shard.units <= most
        assert shard.size <= largest or shard.units == 1
    assert check_plan(path, units, most, largest) == plan


def test_a_change_is_named(tmp_path: Path) -> None:
    write_plan(tmp_path / "plan", UNITS, 3, 150)
    changed = [Found(Path("/a/一.txt"), "一.txt", (), 100, 9), *UNITS[1:]]
    for units, said in (
        (changed, r"一\.txt 改动过"),
        (UNITS[:3], "少了 \ufffd.txt"),
        ([*UNITS, Rejected("新", "")], "多了 新"),
    ):
        with pytest.raises(ChangedError, match=said):
            check_plan(tmp_path / "plan", units, 3, 150)


def test_the_manifest_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "manifest"
    assert Manifest.read(path) is None
    written = Manifest.begin(path, {"model": "x", "inputs": ["\udcff"]})
    written.add({"shard": 1, "documents": 3})
    written.add({"shard": 0, "documents": 4})
    read = Manifest.read(path)
    assert read is not None
    assert read.head["inputs"] == ["\udcff"]
    assert read.done == {1: {"shard": 1, "documents": 3}, 0: {"shard": 0, "documents": 4}}
    assert not read.finished
    written.finish()
    again = Manifest.read(path)
    assert again is not None
    assert again.finished


@pytest.mark.parametrize("torn", [b'{"shard": 2, "doc', b'{"shard": 2', b"\0\0\0\n", b"2\n"])
def test_a_torn_last_line_is_as_if_never_begun(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "manifest"
    Manifest.begin(path, {"model": "x"}).add({"shard": 0})
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    read = Manifest.read(path)
    assert read is not None
    assert list(read.done) == [0]
    assert path.read_bytes() == whole
    read.add({"shard": 2})
    again = Manifest.read(path)
    assert again is not None
    assert list(again.done) == [0, 2]
