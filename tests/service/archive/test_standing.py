import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from service.archive.errors import OccupiedError, RunError, StoppedError
from service.archive.places import Places
from service.archive.run import How
from service.archive.shard import Scored, Seen
from service.archive.standing import EVERY, Standing, StandingFile
from tests.service.archive.conftest import PAGE, MakeJob, Score

FIELDS = {
    *("phase", "stopping", "units", "shards", "shards_done", "bytes", "bytes_done"),
    *("documents", "paragraphs", "rejected", "scored", "rate", "seconds", "seconds_left"),
    *("process", "time"),
}


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def test_what_a_shard_in_hand_has_counts_once_when_it_is_finished() -> None:
    standing = Standing(size=100, total=400, documents=3)
    standing.begin()
    standing.see(Seen(7, 1, 20, 0))
    standing.see(Seen(8, 0, 5, 0))
    assert (standing.documents, standing.paragraphs, standing.scored) == (4, 25, 25)
    assert standing.left is None
    time.sleep(0.01)
    standing.finish(Scored(7, {}, 2, 30, 1), 100)
    assert (standing.documents, standing.paragraphs, standing.rejected) == (5, 35, 1)
    assert (standing.size, standing.shards_done) == (200, 1)
    # A hundred bytes of this session took so long, and two hundred are left.
    left = standing.left
    assert left is not None
    assert 0.02 <= left < 60
    assert 0 < standing.rate <= 35 / 0.01


def test_another_process_can_read_how_far_a_run_is(
    archive: Path, make_job: MakeJob, score: Score
) -> None:
    job = make_job(archive, "out.jsonl", shard_files=2)
    states: list[dict[str, Any]] = []

    def look(_standing: Standing) -> None:
        states.append(read(job.places.progress))

    summary = score(job, How(2), progress=look)
    assert all(set(state) == FIELDS for state in states)
    assert list(dict.fromkeys(state["phase"] for state in states)) == ["plan", "score", "write"]
    last = states[-1]
    assert last["units"] == 8
    assert last["shards"] == last["shards_done"] == summary.shards
    assert last["bytes"] == last["bytes_done"] == summary.bytes
    for name in ("documents", "paragraphs", "rejected", "scored"):
        assert last[name] == getattr(summary, name), name
    assert last["rate"] > 0
    assert last["process"] == os.getpid()
    assert not job.places.run.exists()


def test_a_run_that_ended_early_says_so_and_the_next_begins_where_it_stood(
    archive: Path, make_job: MakeJob, score: Score
) -> None:
    job = make_job(archive, "out.jsonl", shard_files=1)

    def stop(standing: Standing) -> None:
        if standing.shards_done == 3:
            raise KeyboardInterrupt

    with pytest.raises(StoppedError):
        score(job, progress=stop)
    stopped = read(job.places.progress)
    assert (stopped["phase"], stopped["shards_done"]) == ("stopped", 3)
    with pytest.raises(RunError):
        score(job, How(resume=False))
    assert read(job.places.progress)["phase"] == "failed"
    first: list[Standing] = []

    def watch(standing: Standing) -> None:
        if standing.phase == "score" and not first:
            first.append(standing)
            said = standing.as_dict()
            assert said["documents"] >= stopped["documents"]
            assert said["shards_done"] >= 3

    summary = score(job, progress=watch)
    assert first
    assert summary.resumed == 3


def test_a_run_that_could_not_begin_touches_nobody_elses_folder(
    archive: Path, make_job: MakeJob, score: Score, tmp_path: Path
) -> None:
    strange = Places(tmp_path / "out.jsonl").run
    strange.mkdir()
    (strange / "别人的.txt").write_bytes(PAGE)
    with pytest.raises(OccupiedError):
        score(make_job(archive, "out.jsonl"))
    assert [path.name for path in strange.iterdir()] == ["别人的.txt"]


def test_the_file_is_written_about_once_a_second_and_at_once_when_the_phase_is_new(
    tmp_path: Path,
) -> None:
    told: list[int] = []
    path = tmp_path / "progress.json"
    progress = StandingFile(path, lambda standing: told.append(standing.documents))
    standing = Standing(phase="score")
    times = set()
    began = time.monotonic()
    for standing.documents in range(1000):
        progress(standing)
        times.add(read(path)["time"])
    assert told == list(range(1000))
    assert len(times) <= (time.monotonic() - began) / EVERY + 1
    standing.stopping = True
    progress(standing)
    assert (read(path)["documents"], read(path)["stopping"]) == (999, True)
    assert list(tmp_path.iterdir()) == [path]
