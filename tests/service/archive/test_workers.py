"""Workers that die, as the system kills them when the memory is full."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from model.classifier import ThemeClassifier
from service.archive.assembly import read_tally
from service.archive.errors import RunError, WorkerError
from service.archive.job import Job
from service.archive.plan import Plan, write_plan
from service.archive.run import How
from service.archive.shard import CULPRIT, Scored, Seen
from service.archive.stopping import Stop
from service.archive.workers import LocalEngine
from service.tables.json_lines import read_rows
from tests.service.archive.conftest import MakeJob, Score

LONG = "网格员每天入户走访，把问题记进台账。\n" * 9_000
"""Three batches: there is something left to do when the first is reported."""


@pytest.fixture
def job(make_job: MakeJob, tmp_path: Path) -> Job:
    root = tmp_path / "in"
    root.mkdir()
    for name, text in (("a", "路修通了。"), ("b", LONG), ("c", LONG), ("d", "物业费涨了。")):
        (root / f"{name}.txt").write_text(text, encoding="utf-8")
    return make_job(root, "out.jsonl")


@pytest.fixture
def plan(job: Job) -> Plan:
    job.places.shards.mkdir(parents=True)
    return write_plan(job.places.plan, job.units(), 100, 10**9)


def kill_workers() -> None:
    for process in multiprocessing.active_children():
        os.kill(process.pid or 0, signal.SIGKILL)


def scored_while(
    job: Job, plan: Plan, classifier: ThemeClassifier, kills: Callable[[Seen], bool]
) -> list[Scored]:
    """What comes out when the workers are killed whenever `kills` says so of their news."""
    found = []
    for news in LocalEngine(1).score(job.work, classifier, plan.shards, Stop()):
        if isinstance(news, Scored):
            found.append(news)
        elif kills(news):
            kill_workers()
    return found


def test_a_worker_that_dies_once_costs_nothing(
    job: Job, plan: Plan, classifier: ThemeClassifier
) -> None:
    deaths: list[int] = []

    def once(_seen: Seen) -> bool:
        deaths.append(1)
        return len(deaths) == 1

    (scored,) = scored_while(job, plan, classifier, once)
    assert (scored.documents, scored.rejected) == (4, 0)
    assert scored.paragraphs == 2 + 2 * 9_000


def test_the_unit_that_kills_is_rejected_and_the_others_are_scored(
    job: Job, plan: Plan, classifier: ThemeClassifier
) -> None:
    deaths: list[int] = []

    def by_the_third(seen: Seen) -> bool:
        """Twice in whatever is done, then whenever the third unit is opened."""
        deadly = seen.unit == 2 or (seen.unit is None and len(deaths) < 2)
        deaths.extend([1] * deadly)
        return deadly

    (scored,) = scored_while(job, plan, classifier, by_the_third)
    assert len(deaths) == 3
    assert (scored.documents, scored.rejected) == (3, 1)
    (row,) = next(read_rows(job.work.folder / scored.files["rejected"]))
    assert row == {"doc": "c.txt", "reason": CULPRIT}


def test_workers_that_always_die_end_the_run(
    job: Job, plan: Plan, classifier: ThemeClassifier
) -> None:
    """Killed before a unit is opened or whichever is: it is not the units."""
    with pytest.raises(WorkerError, match="--workers"):
        scored_while(job, plan, classifier, lambda seen: seen.unit is None or seen.unit == 0)


def test_what_a_worker_cannot_write_is_an_error_of_the_run(
    job: Job, plan: Plan, classifier: ThemeClassifier
) -> None:
    job.work.folder.rmdir()
    with pytest.raises(FileNotFoundError, match="shards"):
        scored_while(job, plan, classifier, lambda _seen: False)


def test_a_fault_of_ours_is_told_without_any_text(
    job: Job, plan: Plan, classifier: ThemeClassifier
) -> None:
    """The plan is damaged behind the worker's back."""
    plan.path.write_bytes(b"[1]" + plan.path.read_bytes()[3:])
    with pytest.raises(RunError, match="JSONDecodeError") as raised:
        scored_while(job, plan, classifier, lambda _seen: False)
    assert "a.txt" not in str(raised.value)


def test_the_number_of_workers_changes_nothing(
    make_job: MakeJob, score: Score, archive: Path
) -> None:
    jobs = [make_job(archive, f"{workers}.jsonl", shard_files=2) for workers in (1, 3)]
    for workers, job in zip((1, 3), jobs, strict=True):
        score(job, How(workers=workers))
    assert jobs[0].out.read_bytes() == jobs[1].out.read_bytes()


def test_what_was_counted_is_kept_with_the_shard(
    job: Job, plan: Plan, classifier: ThemeClassifier
) -> None:
    (scored,) = scored_while(job, plan, classifier, lambda _seen: False)
    folder = job.work.folder
    os.replace(folder / scored.files["tally"], folder / "000000.tally")
    tally = read_tally(folder, 0)
    assert tally.paragraphs == scored.paragraphs
    assert tally.labels["grid_management"] == 18_000
