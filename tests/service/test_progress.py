"""How far a command is, for other processes to read."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from model.store import ModelStore
from service.progress import VARIABLE, teller
from tests.small import small_corpus


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "progress.json"))
    return tmp_path / "progress.json"


def test_a_new_step_and_the_end_of_one_are_written_at_once(file: Path) -> None:
    tell = teller()
    for step, done in (("甲", 0), ("甲", 9), ("乙", 0), ("乙", 9)):
        tell(step, done, 9)
        assert json.loads(file.read_bytes()) == {"step": step, "done": done, "total": 9}
    assert [path.name for path in file.parent.iterdir()] == ["progress.json"]


def test_what_comes_fast_is_not_all_written(file: Path) -> None:
    """A thousand steps in less than the pause leave the first."""
    tell = teller()
    for done in range(1, 1001):
        tell("甲", done, 10**6)
    assert json.loads(file.read_bytes())["done"] < 1000


def test_a_folder_that_is_gone_stops_nothing(file: Path) -> None:
    tell = teller()
    file.parent.rmdir()
    tell("甲", 1, 1)
    assert not file.exists()


def test_without_the_variable_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    teller()("甲", 1, 1)
    assert list(tmp_path.iterdir()) == []


def test_a_training_tells_how_far_it_is(file: Path, tmp_path: Path) -> None:
    rows = [
        json.dumps({"id": row.id, "text": row.text, "labels": row.labels}, ensure_ascii=False)
        for row in small_corpus().rows
    ]
    (tmp_path / "corpus.jsonl").write_text("\n".join(rows), encoding="utf-8")
    words = ("train", str(tmp_path / "corpus.jsonl"), "--models", str(tmp_path / "m"), "--json")
    command = [sys.executable, "-m", "service", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(file.read_bytes()) == {"step": "训练分类器", "done": 1, "total": 1}
    assert json.loads(done.stdout)["version"] in ModelStore(tmp_path / "m").versions()
