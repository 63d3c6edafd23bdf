"""Jobs: work that outlives the page and the workbench, each in a process and a folder of its own.

The database says what was asked and what state a job was last seen in; the folder says what really
became of it (`service/workbench/process.py`). `look` brings the first up to date with the second.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from model.files import write_text
from service.locks import held
from service.workbench.database import Database
from service.workbench.errors import UnknownThingError, WorkbenchError
from service.workbench.process import ENDED_FILE, ERRORS_FILE, JOB_FILE, LOCK_FILE, PROGRESS_FILE
from service.workbench.schema import Job, now

OPEN = ("waiting", "running", "stopping")
"""The states of a job that is not over."""

_PROCESS_FILE = "process.txt"
_REASON_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    Attributes:
        step: what it is doing, in words.
        done, total: of what it counts; `total` is 0 while nobody knows.
        told: everything that the command tells.
    """

    step: str
    done: int
    total: int
    told: Mapping[str, Any]


class Jobs:
    """The jobs of a workbench.

    Args:
        database: where they are written down.
        root: the folder of their folders.
        limit: how many run at a time, at least 1.
        environment: variables that their commands get beside the workbench's own.
    """

    def __init__(
        self, database: Database, root: Path, limit: int, environment: Mapping[str, str]
    ) -> None:
        self._database = database
        self._root = root
        self._limit = limit
        self._environment = dict(environment)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def prepare(self) -> str:
        """The id of a job to come, with its folders for what it reads and makes."""
        job = secrets.token_hex(6)
        for name in ("input", "output"):
            (self.folder(job) / name).mkdir(parents=True)
        return job

    def folder(self, job: str) -> Path:
        """The folder of a job."""
        return self._root / job

    def add(
        self,
        job: str,
        kind: str,
        title: str,
        person: str,
        command: Sequence[str],
        asked: Mapping[str, Any],
    ) -> None:
        """Put a prepared job in line; `look` starts it when its turn has come.

        Args:
            command: the words after `govtheme`.
            asked: plain data that the page wants to find again.
        """
        with self._database.session() as session:
            session.add(
                Job(
                    id=job,
                    kind=kind,
                    title=title,
                    person=person,
                    command=list(command),
                    asked=dict(asked),
                    state="waiting",
                )
            )
        self.look()

    def all(self, *kinds: str) -> list[Job]:
        """The jobs of some kinds, the newest first; all when no kind is named."""
        with self._database.session() as session:
            chosen = select(Job).order_by(Job.made.desc())
            return list(session.scalars(chosen.where(Job.kind.in_(kinds)) if kinds else chosen))

    def get(self, job: str) -> Job:
        """A job.

        Raises:
            UnknownThingError: there is none of this id.
        """
        with self._database.session() as session:
            found = session.get(Job, job)
        if found is None:
            raise UnknownThingError(f"没有任务 {job[:20]}")
        return found

    def progress(self, job: Job) -> Progress:
        """How far a job is, as its command last told."""
        told = _read(self.folder(job.id) / PROGRESS_FILE) or {}
        return Progress(
            str(told.get("step", "")), int(told.get("done", 0)), int(told.get("total", 0)), told
        )

    def cancel(self, job: str) -> None:
        """Stop a job; one that waits is over at once, one that runs when it has stopped."""
        with self._database.session() as session:
            found = session.get(Job, job)
            if found is None or found.state not in OPEN:
                return
            if found.state == "waiting":
                found.state, found.ended = "cancelled", now()
                return
            found.state = "stopping"
        self._signal(job, signal.SIGTERM)

    def resume(self, job: str) -> None:
        """Put a job that was cancelled, interrupted or failed in line again, as it was asked."""
        with self._database.session() as session:
            found = session.get(Job, job)
            if found is None or found.state in (*OPEN, "done"):
                return
            (self.folder(job) / ENDED_FILE).unlink(missing_ok=True)
            found.state, found.status, found.reason, found.ended = "waiting", None, "", None
        self.look()

    def remove(self, job: str) -> None:
        """Forget a job that is over, and everything in its folder.

        Raises:
            WorkbenchError: it is not over.
        """
        with self._database.session() as session:
            found = session.get(Job, job)
            if found is None:
                return
            if found.state in OPEN:
                raise WorkbenchError("任务还没有结束，请先取消")
            session.delete(found)
        shutil.rmtree(self.folder(job), ignore_errors=True)

    def look(self) -> None:
        """See what became of the jobs that run, and start those whose turn has come."""
        # Asking how a child ended is what removes it from the system's table.
        self._processes = {
            job: process for job, process in self._processes.items() if process.poll() is None
        }
        with self._database.session() as session:
            running = list(session.scalars(select(Job).where(Job.state.in_(OPEN[1:]))))
            for job in running:
                self._settle(job)
            free = self._limit - sum(job.state in OPEN for job in running)
            waiting = select(Job).where(Job.state == "waiting").order_by(Job.made)
            for job in session.scalars(waiting.limit(max(free, 0))):
                self._start(job)

    def _settle(self, job: Job) -> None:
        folder = self.folder(job.id)
        if not self._over(folder):
            return
        ended = _read(folder / ENDED_FILE)
        job.ended = now()
        if ended is None:
            job.state = "cancelled" if job.state == "stopping" else "interrupted"
            return
        job.status = int(ended["status"])
        if job.state == "stopping" and job.status != 0:
            job.state = "cancelled"
        else:
            job.state = "done" if job.status == 0 else "failed"
            job.reason = _last_words(folder / ERRORS_FILE) if job.status else ""

    def _over(self, folder: Path) -> bool:
        """Whether nobody works in a folder; a process that has just been started counts."""
        if folder.name in self._processes:
            return False
        if not folder.is_dir():
            return True
        with held(folder / LOCK_FILE) as free:
            return free

    def _start(self, job: Job) -> None:
        folder = self.folder(job.id)
        write_text(folder / JOB_FILE, json.dumps(job.command))
        process = subprocess.Popen(  # noqa: S603  a folder of our own
            [sys.executable, "-m", "service.workbench.process", str(folder)],
            env=os.environ | self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._processes[job.id] = process
        write_text(folder / _PROCESS_FILE, str(process.pid))
        job.state, job.began = "running", now()

    def _signal(self, job: str, number: signal.Signals) -> None:
        folder = self.folder(job)
        if self._over(folder):
            return
        try:
            os.kill(int((folder / _PROCESS_FILE).read_text(encoding="ascii")), number)
        except (OSError, ValueError):
            # It ended a moment ago; the next look sees that.
            return


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _last_words(path: Path) -> str:
    try:
        said = path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
    return said[-_REASON_CHARACTERS:]
