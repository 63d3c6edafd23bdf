"""The local engine: worker processes that score shards, each with the model that it was born with.

Where processes can be forked the model is loaded once and its memory shared. A worker that dies is
noticed: its shard is done once more, then unit by unit, and the unit that kills is rejected.
"""

import contextlib
import gc
import importlib
import multiprocessing
import os
import signal
import sys
import time
import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import BinaryIO

from model.classifier import ThemeClassifier
from service.archive.allocation import keep_freed_memory
from service.archive.errors import RunError, WorkerError
from service.archive.plan import Shard
from service.archive.shard import Scored, Seen, ShardScorer, Task, Work
from service.archive.stopping import Stop

_LISTEN = 0.5
"""Seconds between looks at whether the run is to stop, or its parent gone."""

_PATIENCE = 10.0
"""Seconds that shards in hand are given when a run is to stop; then they are dropped."""

_MOST_CULPRITS = 8
"""Units of one shard that may kill a worker; after that it is not the units."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A worker could not write, or met an error that is no fault of a file."""

    message: str
    number: int | None = None
    path: str | None = None


class LocalEngine:
    """Scores shards in processes of this machine.

    Args:
        workers: how many processes at most.
        lock: the open lock of the run, which workers must not hold on to.
    """

    def __init__(self, workers: int, lock: BinaryIO | None = None) -> None:
        self._most = workers
        self._lock = lock

    def score(
        self, work: Work, classifier: ThemeClassifier, shards: Iterable[Shard], stop: Stop
    ) -> Iterator[Seen | Scored]:
        """Score shards in any order; what was dropped because the run stops does not come out.

        Raises:
            OSError: a worker could not write.
            RunError: workers die or fail whatever they are given.
        """
        if work.kind == "parquet":
            # Loaded once and shared by those that are forked; the first array loads pandas, if any.
            importlib.import_module("pyarrow.parquet")
            importlib.import_module("pyarrow").array([])
        waiting = deque(Task(shard) for shard in shards)
        workers = [
            _Worker(work, classifier, self._lock) for _ in range(min(self._most, len(waiting)))
        ]
        try:
            yield from _drive(workers, waiting, stop)
        finally:
            for worker in workers:
                worker.end()


def _drive(workers: "list[_Worker]", waiting: deque[Task], stop: Stop) -> Iterator[Seen | Scored]:
    asked_at: float | None = None
    while True:
        if stop.asked and asked_at is None:
            asked_at = time.monotonic()
        if stop.asked > 1 or (asked_at and time.monotonic() - asked_at > _PATIENCE):
            return
        for worker in workers:
            if worker.task is None and waiting and not stop.asked:
                worker.give(waiting.popleft())
        busy = [worker for worker in workers if worker.task is not None]
        if not busy:
            return
        ready = wait([x for w in busy for x in (w.line, w.process.sentinel)], _LISTEN)
        for worker in busy:
            if worker.line in ready or worker.process.sentinel in ready:
                # Asked before the line is read to its end: nothing is said after death.
                died = not worker.process.is_alive()
                yield from worker.answers()
                if died and worker.task is not None:
                    waiting.appendleft(worker.bury())


class _Worker:
    """One worker process, and its successors when it dies."""

    def __init__(self, work: Work, classifier: ThemeClassifier, lock: BinaryIO | None) -> None:
        self._born_with = (work, classifier, lock)
        self.task: Task | None = None
        self._unit: int | None = None
        self.line: Connection
        self.process: BaseProcess
        self._start()

    def give(self, task: Task) -> None:
        """Hand a shard over."""
        self.task = task
        self._unit = None
        # A worker that died while idle is found dead by the sentinel.
        with contextlib.suppress(OSError):
            self.line.send(task)

    def answers(self) -> Iterator[Seen | Scored]:
        """What the process has to say by now.

        Raises:
            OSError: it could not write.
            RunError: it met an error that is no fault of a file.
        """
        while self._has_news():
            try:
                said = self.line.recv()
            except (EOFError, OSError):
                return
            if isinstance(said, Failed):
                if said.number is not None:
                    raise OSError(said.number, said.message, said.path)
                raise RunError(said.message)
            if isinstance(said, Scored):
                self.task = None
            else:
                self._unit = said.unit
            yield said

    def bury(self) -> Task:
        """Start a successor; the task with which to find out what killed.

        Raises:
            WorkerError: it was no unit of the shard.
        """
        self.process.join()
        code = self.process.exitcode
        task = self.task
        if task is None:
            raise WorkerError(code)
        if task.alone:
            if self._unit is None or len(task.skipped) >= _MOST_CULPRITS:
                raise WorkerError(code)
            task = replace(task, skipped=task.skipped | {self._unit})
        elif task.again:
            task = replace(task, alone=True)
        else:
            task = replace(task, again=True)
        self.line.close()
        self.task = None
        self._start()
        return task

    def end(self) -> None:
        """Let an idle process go, and end one that works."""
        if self.task is None:
            with contextlib.suppress(OSError):
                self.line.send(None)
            self.process.join(_LISTEN)
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.line.close()

    def _has_news(self) -> bool:
        try:
            return self.line.poll()
        except OSError:
            return False

    def _start(self) -> None:
        work, classifier, lock = self._born_with
        forked = sys.platform == "linux"
        context = multiprocessing.get_context("fork" if forked else "spawn")
        self.line, theirs = context.Pipe()
        inherited = (classifier, lock, self.line) if forked else (None, None, None)
        self.process = context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(theirs, os.getpid(), work, *inherited), name="govtheme-worker"
        )
        with warnings.catch_warnings():
            # The threads of numpy's BLAS, which Python warns of, survive a fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process.start()
        theirs.close()


def _serve(
    line: Connection,
    parent: int,
    work: Work,
    classifier: ThemeClassifier | None,
    lock: BinaryIO | None,
    parents_end: Connection | None,
) -> None:
    """A worker's life: a shard, the next, until there are no more or nobody asks."""
    # Ctrl-C goes to the whole group; whether to stop is the parent's decision.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for inherited in (lock, parents_end):
        if inherited is not None:
            inherited.close()
    keep_freed_memory()
    # What there is by now stays to the end, and need not be looked at again and again.
    gc.freeze()
    scorer = ShardScorer(work, classifier or ThemeClassifier.load(work.model))

    def watch(seen: Seen) -> None:
        if os.getppid() != parent:
            os._exit(1)
        line.send(seen)

    while (task := _next(line, parent)) is not None:
        try:
            line.send(scorer.score(task, watch))
        except OSError as error:
            line.send(Failed(error.strerror or str(error), error.errno or 0, error.filename))
        except Exception as error:  # noqa: BLE001  the parent says what it was
            line.send(Failed(_said(error)))


def _next(line: Connection, parent: int) -> Task | None:
    while not line.poll(_LISTEN):
        # A sibling holds the other end open as well, so that its closing tells nothing.
        if os.getppid() != parent:
            return None
    try:
        task: Task | None = line.recv()
    except EOFError:
        return None
    return task


def _said(error: Exception) -> str:
    """Where and what, without the message, which may hold a document's text."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
    return f"工作进程出错：{type(error).__name__}（{where}）"
