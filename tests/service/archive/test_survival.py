"""The real command, killed again and again at random points, ends with the same table."""

import multiprocessing
import os
import random
import signal
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from model.store import ModelStore
from service.archive.places import Places
from service.cli import main
from tests.service.archive.conftest import PAGE

KILLS = 16
"""Of each of the two tables: 32 in all."""


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """Sixty files, every fifth of them a table, every seventh unreadable; and a large table."""
    root = tmp_path / "papers"
    root.mkdir()
    for n in range(60):
        if n % 7 == 6:
            (root / f"{n:02}.txt").write_bytes(b"\xff\xff\xff\x81")
        elif n % 5 == 4:
            table = f"正文,第{n}列\n网格员第{n}次上门。,{n}\n路修通了。,甲\n"
            (root / f"{n:02}.csv").write_text(table, encoding="utf-8")
        else:
            (root / f"{n:02}.txt").write_bytes(f"第{n}号简报\n".encode() + PAGE)
    rows = "".join(f'{n},"第{n}件：路灯不亮，\n请修。"\n' for n in range(500))
    (root / "大表.csv").write_text(f"编号,正文\n{rows}", encoding="utf-8")
    return root


@pytest.fixture
def small_shards(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that forked commands inherit: four files a shard, a large table in parts."""
    monkeypatch.setenv("GOVTHEME_MODELS", str(store.root))
    monkeypatch.setenv("GOVTHEME_SHARD_FILES", "4")
    monkeypatch.setenv("GOVTHEME_SHARD_BYTES", "8000")


def start(*words: str) -> BaseProcess:
    """The command in a process of its own, its libraries loaded already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "pyarrow.parquet", "rjieba"])
    process = context.Process(target=_command, args=(words, dict(os.environ)))
    process.start()
    return process


def _command(words: list[str], environment: dict[str, str]) -> None:
    os.environ.update(environment)
    raise SystemExit(main([*words]))


def kill(process: BaseProcess, workers_too: bool) -> bool:
    """SIGKILL, to the process alone or as a power cut does; whether it was still running."""
    pid = process.pid or 0
    children: list[str] = []
    if workers_too:
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except FileNotFoundError:
            return False
    for each in (pid, *map(int, children)):
        try:
            os.kill(each, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.join()
    return process.exitcode == -signal.SIGKILL


def table_bytes(out: Path) -> dict[str, bytes]:
    """What the table is made of, file by file, and what stands beside it."""
    files = sorted(out.iterdir()) if out.is_dir() else [out]
    rejected = Places(out).beside("rejected")
    return {path.name.replace(out.name, ""): path.read_bytes() for path in [*files, rejected]}


@pytest.mark.usefixtures("small_shards")
@pytest.mark.parametrize("name", ["table.csv", "table"])
def test_killed_at_random_points_nothing_is_lost_and_nothing_comes_twice(
    name: str, papers: Path, tmp_path: Path
) -> None:
    whole, out = tmp_path / f"whole_{name}", tmp_path / name
    began = time.monotonic()
    undisturbed = start("score", str(papers), "--out", str(whole), "--workers", "2")
    undisturbed.join()
    seconds = time.monotonic() - began
    wanted = table_bytes(whole)
    dice = random.Random(name)
    kills = rounds = 0
    while kills < KILLS:
        process = start("score", str(papers), "--out", str(out), "--workers", "2")
        if dice.random() < 0.75:
            # Most of the time there is work to be interrupted.
            _wait_for(Places(out).manifest, process)
        time.sleep(dice.random() * seconds * 0.6)
        kills += kill(process, workers_too=dice.random() < 0.5)
        if out.exists():
            assert table_bytes(out) == wanted, kills
            _finish(papers, out)
            _remove(out)
            rounds += 1
    _finish(papers, out)
    assert table_bytes(out) == wanted
    assert not Places(out).run.exists()


def _wait_for(path: Path, process: BaseProcess) -> None:
    while process.is_alive() and not path.exists():
        time.sleep(0.002)


def _finish(papers: Path, out: Path) -> None:
    process = start("score", str(papers), "--out", str(out), "--workers", "2")
    process.join()
    assert process.exitcode == 0


def _remove(out: Path) -> None:
    for path in sorted(out.iterdir()) if out.is_dir() else []:
        path.unlink()
    out.rmdir() if out.is_dir() else out.unlink()


@pytest.mark.usefixtures("small_shards")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_it_ends_cleanly_and_says_how_to_go_on(
    number: signal.Signals, papers: Path, tmp_path: Path
) -> None:
    whole, out = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    _finish(papers, whole)
    process = start("score", str(papers), "--out", str(out), "--workers", "1")
    while not list(Places(out).shards.glob("000000.*")):
        time.sleep(0.002)
    os.kill(process.pid or 0, number)
    process.join()
    assert process.exitcode == 1
    assert not out.exists()
    assert not list(Places(out).shards.glob("*.tmp.*"))
    _finish(papers, out)
    assert table_bytes(out) == table_bytes(whole)


@pytest.mark.usefixtures("small_shards")
def test_a_worker_does_not_outlive_its_parent(papers: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    process = start("score", str(papers), "--out", str(out), "--workers", "2")
    _wait_for(Places(out).manifest, process)
    children: list[str] = []
    while not children and process.is_alive():
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert kill(process, workers_too=False)
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{child}").exists() for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)
