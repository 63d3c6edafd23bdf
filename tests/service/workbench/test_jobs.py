"""Jobs with real processes: they end, fail, are cancelled, killed, resumed; none runs twice."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from model.bundled import bundled
from model.store import ModelStore
from service.workbench.database import Database
from service.workbench.errors import UnknownThingError, WorkbenchError
from service.workbench.jobs import OPEN, Jobs
from service.workbench.process import PROCESSES_FILE
from service.workbench.schema import Job

PATIENCE = 60.0

Opened = Callable[..., Jobs]


@pytest.fixture
def opened(store: ModelStore, tmp_path: Path) -> Iterator[Opened]:
    """Opens the jobs of one workbench again and again; what still runs at the end is stopped."""
    databases = []
    environment = {"GOVTHEME_MODELS": str(store.root), "GOVTHEME_SHARD_FILES": "4"}

    def open_(limit: int = 4) -> Jobs:
        databases.append(Database("", tmp_path / "workbench.sqlite"))
        return Jobs(databases[-1], tmp_path / "jobs", limit, environment)

    yield open_
    last = open_()
    for job in last.all():
        last.cancel(job.id)
    until(lambda: all(job.state not in OPEN for job in looked(last)))
    for database in databases:
        database.close()


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """Files enough for some seconds of work."""
    root = tmp_path / "papers"
    root.mkdir()
    page = bundled("sample_page.txt").read_bytes()
    for n in range(400):
        (root / f"{n:04}.txt").write_bytes(f"第{n}号简报\n".encode() + page)
    return root


def until(true: Callable[[], bool]) -> None:
    """Wait for something that other processes do."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def looked(jobs: Jobs) -> list[Job]:
    """All jobs, as they are now."""
    jobs.look()
    return jobs.all()


def ended(jobs: Jobs, job: str) -> Job:
    """A job, once it is over."""
    until(lambda: all(found.state not in OPEN for found in looked(jobs) if found.id == job))
    return jobs.get(job)


def asked(jobs: Jobs, *command: str) -> str:
    """A job that runs a command."""
    job = jobs.prepare()
    jobs.add(job, "score", "简报", "王一", command, {})
    return job


def scoring(jobs: Jobs, papers: Path) -> str:
    """A job that scores an archive, once the first paragraphs are scored."""
    job = jobs.prepare()
    out = jobs.folder(job) / "output" / "table.jsonl"
    words = ("score", str(papers), "--out", str(out), "--workers", "1")
    jobs.add(job, "score", "简报", "王一", words, {})

    def has_begun() -> bool:
        jobs.look()
        return bool(jobs.progress(jobs.get(job)).told.get("paragraphs"))

    until(has_begun)
    return job


def table(jobs: Jobs, job: str) -> bytes:
    """What a job that scores has made."""
    return (jobs.folder(job) / "output" / "table.jsonl").read_bytes()


def processes(jobs: Jobs, job: str) -> list[int]:
    """The supervisor and the command of a job that runs."""
    told: list[int] = []

    def both() -> bool:
        file = jobs.folder(job) / PROCESSES_FILE
        told[:] = json.loads(file.read_text()) if file.exists() else []
        return len(told) == 2

    until(both)
    return told


def is_alive(process: int) -> bool:
    """Whether a process runs; one that ended and was not asked for counts as gone."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_job_ends(opened: Opened, store: ModelStore) -> None:
    jobs = opened()
    job = ended(jobs, asked(jobs, "models", "list"))
    assert (job.state, job.status, job.reason, job.person) == ("done", 0, "", "王一")
    assert job.began
    assert job.ended
    assert job.made <= job.began <= job.ended
    said = (jobs.folder(job.id) / "said.txt").read_text(encoding="utf-8")
    assert str(store.current()) in said


def test_a_job_fails_with_the_reason_that_the_command_gave(opened: Opened, tmp_path: Path) -> None:
    jobs = opened()
    job = ended(jobs, asked(jobs, "score", str(tmp_path / "没有的"), "--out", "x.jsonl"))
    assert (job.state, job.status) == ("failed", 1)
    assert "没有的" in job.reason


def test_so_many_run_at_a_time_and_the_others_in_their_order(opened: Opened, papers: Path) -> None:
    jobs = opened(1)
    first = scoring(jobs, papers)
    second, third = asked(jobs, "models", "list"), asked(jobs, "models", "list")
    jobs.look()
    assert [jobs.get(job).state for job in (first, second, third)] == [
        "running",
        "waiting",
        "waiting",
    ]
    jobs.cancel(second)
    assert jobs.get(second).state == "cancelled"
    jobs.cancel(first)
    assert ended(jobs, third).state == "done"
    assert not (jobs.folder(second) / "job.json").exists()


def test_a_cancelled_job_goes_on_to_the_same_table(opened: Opened, papers: Path) -> None:
    jobs = opened()
    whole, job = scoring(jobs, papers), scoring(jobs, papers)
    jobs.cancel(job)
    assert jobs.get(job).state == "stopping"
    assert ended(jobs, job).state == "cancelled"
    told = jobs.progress(jobs.get(job))
    assert told.step == "score"
    assert told.total > 0
    assert told.told["stopping"]
    jobs.resume(job)
    assert ended(jobs, job).state == ended(jobs, whole).state == "done"
    assert table(jobs, job) == table(jobs, whole)
    summary = jobs.folder(job) / "output" / "table.jsonl.summary.json"
    assert json.loads(summary.read_bytes())["resumed"] > 0


def test_a_job_that_is_cancelled_at_once_never_begins(opened: Opened, tmp_path: Path) -> None:
    jobs = opened()
    keys = tmp_path / "keys.json"
    job = asked(jobs, "keys", "add", "甲", "--keys", str(keys))
    jobs.cancel(job)
    assert ended(jobs, job).state == "cancelled"
    assert not keys.exists()


ALONE = """
import sys
from pathlib import Path
from service.workbench.database import Database
from service.workbench.jobs import Jobs
folder, out, papers = map(Path, sys.argv[1:])
jobs = Jobs(Database("", folder / "workbench.sqlite"), folder / "jobs", 4, {})
job = jobs.prepare()
jobs.add(job, "score", "简报", "王一", ["score", str(papers), "--out", str(out)], {})
print(job, flush=True)
sys.stdin.read()
"""


def test_a_job_outlives_the_workbench(
    opened: Opened, papers: Path, store: ModelStore, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ALONE, str(tmp_path), str(tmp_path / "table.jsonl"), str(papers)],
        env=os.environ | {"GOVTHEME_MODELS": str(store.root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as workbench:
        assert workbench.stdout
        job = workbench.stdout.readline().decode().strip()
        workbench.kill()
    jobs = opened()
    jobs.look()
    assert jobs.get(job).state == "running"
    assert ended(jobs, job).state == "done"
    assert (tmp_path / "table.jsonl").read_bytes().count(b"\n") > 400


def test_a_killed_command_is_an_interruption_and_goes_on_to_the_same_table(
    opened: Opened, papers: Path
) -> None:
    jobs = opened()
    whole, job = scoring(jobs, papers), scoring(jobs, papers)
    os.kill(processes(jobs, job)[1], signal.SIGKILL)
    found = ended(jobs, job)
    assert (found.state, found.status) == ("interrupted", -signal.SIGKILL)
    jobs.resume(job)
    assert ended(jobs, job).state == ended(jobs, whole).state == "done"
    assert table(jobs, job) == table(jobs, whole)


def test_a_killed_supervisor_leaves_the_job_running_until_its_command_ends(
    opened: Opened, papers: Path
) -> None:
    jobs = opened()
    job = scoring(jobs, papers)
    supervisor, command = processes(jobs, job)
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: not is_alive(supervisor))
    jobs.look()
    assert jobs.get(job).state == "running"
    jobs.resume(job)
    assert is_alive(command)
    # And the command is reached without it.
    jobs.cancel(job)
    assert ended(jobs, job).state == "cancelled"
    assert not is_alive(command)
    jobs.resume(job)
    assert ended(jobs, job).state == "done"


def test_a_signal_that_nobody_asked_for_is_an_interruption(opened: Opened, papers: Path) -> None:
    """As when the machine shuts down in good order."""
    jobs = opened()
    job = scoring(jobs, papers)
    os.kill(processes(jobs, job)[0], signal.SIGTERM)
    assert ended(jobs, job).state == "interrupted"


def test_two_workbenches_start_no_job_twice(
    opened: Opened, store: ModelStore, tmp_path: Path
) -> None:
    """Every promotion leaves a line, so a job that ran twice would have left two."""
    copy = ModelStore(tmp_path / "models")
    shutil.copytree(store.root, copy.root)
    before = len(copy.promotions())
    both = [opened(2), opened(2)]
    for _ in range(4):
        asked(both[0], "models", "promote", str(copy.current()), "--models", str(copy.root))
    most = []

    def look(jobs: Jobs) -> None:
        while any(job.state in OPEN for job in looked(jobs)):
            most.append(sum(job.state == "running" for job in jobs.all()))

    threads = [threading.Thread(target=look, args=(jobs,)) for jobs in both for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [job.state for job in both[0].all()] == ["done"] * 4
    assert max(most) == 2
    assert len(copy.promotions()) == before + 4


def test_a_job_that_cannot_start_holds_up_no_other(opened: Opened, papers: Path) -> None:
    jobs = opened(1)
    running = scoring(jobs, papers)
    broken, after = asked(jobs, "models", "list"), asked(jobs, "models", "list")
    for path in sorted(jobs.folder(broken).rglob("*"), reverse=True):
        path.rmdir()
    jobs.folder(broken).rmdir()
    jobs.cancel(running)
    assert ended(jobs, after).state == "done"
    found = jobs.get(broken)
    assert found.state == "failed"
    assert found.reason


def test_a_job_is_removed_with_its_folder_once_it_is_over(opened: Opened, papers: Path) -> None:
    jobs = opened()
    job = scoring(jobs, papers)
    with pytest.raises(WorkbenchError, match="先取消"):
        jobs.remove(job)
    jobs.cancel(job)
    ended(jobs, job)
    jobs.remove(job)
    jobs.remove(job)
    assert not jobs.folder(job).exists()
    with pytest.raises(UnknownThingError):
        jobs.get(job)


def test_what_was_prepared_and_forgotten_goes_after_a_day(opened: Opened) -> None:
    jobs = opened()
    forgotten, asked_for, fresh = jobs.prepare(), asked(jobs, "models", "list"), jobs.prepare()
    for job in (forgotten, asked_for):
        os.utime(jobs.folder(job), (0, 0))
    jobs.discard(asked_for)
    jobs.discard(fresh)
    left = jobs.prepare()
    assert {path.name for path in jobs.folder(left).parent.iterdir()} == {asked_for, left}
