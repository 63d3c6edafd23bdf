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
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from model.files import write_text
from service.locks import held, take
from service.workbench.database import Database
from service.workbench.errors import UnknownThingError, WorkbenchError
from service.workbench.process import (
    ENDED_FILE,
    ERRORS_FILE,
    JOB_FILE,
    LOCK_FILE,
    PROCESSES_FILE,
    PROGRESS_FILE,
    STOP_FILE,
)
from service.workbench.schema import Job, now
from service.workbench.wording import say

OPEN = ("waiting", "running", "stopping")
"""The states of a job that is not over."""

_REASON_CHARACTERS = 2_000

_LEFT_SECONDS = 24 * 60 * 60
"""A prepared folder that no job was made of goes after so long."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    Attributes:
        step: what it is doing: a word of the command's.
        done, total: of what it counts; `total` is 0 while nobody knows.
        told: everything that the command tells.
    """

    step: str
    done: int
    total: int
    told: Mapping[str, Any]


class Jobs:
    """The jobs of a workbench; threads may share it, and so may workbenches a database.

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
        self._looking = threading.Lock()

    def prepare(self) -> str:
        """The id of a job to come, with its folders for what it reads and makes."""
        self._sweep()
        job = secrets.token_hex(6)
        for name in ("input", "output"):
            (self.folder(job) / name).mkdir(parents=True)
        return job

    def folder(self, job: str) -> Path:
        """The folder of a job."""
        return self._root / job

    def discard(self, job: str) -> None:
        """Remove the folder of a prepared job that will not be asked for after all."""
        with self._database.session() as session:
            if session.get(Job, job) is None:
                shutil.rmtree(self.folder(job), ignore_errors=True)

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
        step = told.get("step", told.get("phase", ""))
        done = told.get("done", told.get("bytes_done", 0))
        total = told.get("total", told.get("bytes", 0))
        return Progress(str(step), int(done), int(total), told)

    def cancel(self, job: str) -> None:
        """Stop a job; one that waits is over at once, one that runs when it has stopped."""
        with self._database.session() as session:
            found = session.get(Job, job, with_for_update=True)
            if found is None or found.state not in OPEN:
                return
            if found.state == "waiting":
                found.state, found.ended = "cancelled", now()
                return
            found.state = "stopping"
        # The file first: a process that has not begun yet looks for it before it does.
        (self.folder(job) / STOP_FILE).touch()
        self._terminate(self.folder(job))

    def resume(self, job: str) -> None:
        """Put a job that was cancelled, interrupted or failed in line again, as it was asked."""
        with self._database.session() as session:
            found = session.get(Job, job, with_for_update=True)
            if found is None or found.state in (*OPEN, "done"):
                return
            for name in (STOP_FILE, ENDED_FILE, PROGRESS_FILE):
                (self.folder(job) / name).unlink(missing_ok=True)
            found.state, found.status, found.reason, found.ended = "waiting", None, "", None
        self.look()

    def remove(self, job: str) -> None:
        """Forget a job that is over, and everything in its folder.

        Raises:
            WorkbenchError: it is not over.
        """
        with self._database.session() as session:
            found = session.get(Job, job, with_for_update=True)
            if found is None:
                return
            if found.state in OPEN:
                raise WorkbenchError(
                    say("任务还没有结束，请先取消", "The job is not over; cancel it first")
                )
            session.delete(found)
        shutil.rmtree(self.folder(job), ignore_errors=True)

    def look(self) -> None:
        """See what became of the jobs that run, and start those whose turn has come."""
        with self._looking, self._database.session() as session:
            # Other workbenches on the same database wait here until this one has looked.
            chosen = select(Job).where(Job.state.in_(OPEN)).order_by(Job.made, Job.id)
            found = list(session.scalars(chosen.with_for_update()))
            waiting = [job for job in found if job.state == "waiting"]
            begun = [job for job in found if job.state != "waiting"]
            for job in begun:
                self._settle(job)
            free = self._limit - sum(job.state in OPEN for job in begun)
            for job in waiting[: max(free, 0)]:
                self._start(job)

    def _settle(self, job: Job) -> None:
        folder = self.folder(job.id)
        if not _over(folder):
            return
        ended = _read(folder / ENDED_FILE)
        job.ended, job.status = now(), None if ended is None else int(ended["status"])
        if ended is not None and job.status == 0:
            job.state = "done"
        elif job.state == "stopping":
            job.state = "cancelled"
        elif ended is None or ended["stopped"] or ended["status"] < 0:
            # Nothing that it did itself: somebody or something ended it.
            job.state = "interrupted"
        else:
            job.state, job.reason = "failed", _last_words(folder / ERRORS_FILE)

    def _start(self, job: Job) -> None:
        folder = self.folder(job.id)
        try:
            with (folder / LOCK_FILE).open("ab") as lock:
                if not take(lock):
                    # Somebody looks at it this very moment, or it runs and that was not noted.
                    return
                if not (folder / ENDED_FILE).exists():
                    write_text(folder / JOB_FILE, json.dumps(job.command))
                    process = self._supervisor(folder, lock.fileno())
                    # Whoever does not ask how a child ended keeps it in the system's table.
                    threading.Thread(target=process.wait, daemon=True).start()
        except OSError as error:
            job.state, job.reason, job.ended = "failed", error.strerror or str(error), now()
            return
        job.state, job.began = "running", now()

    def _supervisor(self, folder: Path, lock: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  a folder of our own
            [sys.executable, "-m", "service.workbench.process", str(folder), str(lock)],
            env=os.environ | self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=(lock,),
        )

    def _terminate(self, folder: Path) -> None:
        """Ask the process of a job to stop; when that is gone, the command that it left behind."""
        if _over(folder):
            return
        known = _read(folder / PROCESSES_FILE) or []
        for process in known:
            try:
                # While the lock is held, the session that the first one opened still has members,
                # so that its number is nobody else's.
                if os.getsid(process) == known[0]:
                    os.kill(process, signal.SIGTERM)
                    return
            except ProcessLookupError:
                continue

    def _sweep(self) -> None:
        """Remove what was prepared long ago and never became a job."""
        if not self._root.is_dir():
            return
        with self._database.session() as session:
            known = set(session.scalars(select(Job.id)))
        for folder in self._root.iterdir():
            if folder.name not in known and time.time() - folder.stat().st_mtime > _LEFT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _over(folder: Path) -> bool:
    """Whether nobody works in a folder."""
    if not folder.is_dir():
        return True
    with held(folder / LOCK_FILE) as free:
        return free


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _last_words(path: Path) -> str:
    try:
        said = path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
    return said[-_REASON_CHARACTERS:]
