"""How far a run is, and the file in which other processes can read it: `OUT.run/progress.json`."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.archive.shard import Scored, Seen
from service.progress import put

EVERY = 1.0
"""Seconds between two states of the file; a new phase is written at once."""


@dataclass(slots=True)
class Standing:
    """How far a run is.

    Attributes:
        phase: `plan`, `score`, `write`; `stopped` or `failed` when it ended early.
        units: files and members of archives that are listed so far.
        shards, shards_done: how many there are, and how many are finished.
        size, total: bytes of input that are scored, and all.
        documents, paragraphs, rejected: so far, those of an earlier session among them.
        scored: paragraphs of this session.
        stopping: the run was asked to stop and finishes what is in hand.
    """

    phase: str = "plan"
    units: int = 0
    shards: int = 0
    shards_done: int = 0
    size: int = 0
    total: int = 0
    documents: int = 0
    paragraphs: int = 0
    rejected: int = 0
    scored: int = 0
    stopping: bool = False
    _began: float = field(default_factory=time.monotonic)
    _scoring: float | None = None
    _size_before: int = 0
    _open: dict[int, Seen] = field(default_factory=dict)

    def begin(self) -> None:
        """Begin to score; what is done by now is an earlier session's."""
        self.phase = "score"
        self._scoring = time.monotonic()
        self._size_before = self.size

    def see(self, seen: Seen) -> None:
        """Count what a shard in hand has."""
        was = self._open.get(seen.shard) or Seen(seen.shard, 0, 0, 0)
        self._add(seen, was)
        self._open[seen.shard] = seen

    def finish(self, scored: Scored, size: int) -> None:
        """Count a finished shard."""
        was = self._open.pop(scored.shard, None) or Seen(scored.shard, 0, 0, 0)
        self._add(scored, was)
        self.size += size
        self.shards_done += 1

    @property
    def seconds(self) -> float:
        """How long this session has taken."""
        return time.monotonic() - self._began

    @property
    def rate(self) -> float:
        """Paragraphs a second since this session began to score."""
        return self.scored / self._scored_for if self._scored_for else 0.0

    @property
    def left(self) -> float | None:
        """Seconds until everything is scored, by the bytes of finished shards; None if unknown."""
        gained = self.size - self._size_before
        return (self.total - self.size) * self._scored_for / gained if gained else None

    @property
    def _scored_for(self) -> float:
        return time.monotonic() - self._scoring if self._scoring is not None else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for machines."""
        left = self.left
        return {
            "phase": self.phase,
            "stopping": self.stopping,
            "units": self.units,
            "shards": self.shards,
            "shards_done": self.shards_done,
            "bytes": self.total,
            "bytes_done": self.size,
            "documents": self.documents,
            "paragraphs": self.paragraphs,
            "rejected": self.rejected,
            "scored": self.scored,
            "rate": round(self.rate, 1),
            "seconds": round(self.seconds, 1),
            "seconds_left": None if left is None else round(left, 1),
        }

    def _add(self, now: Seen | Scored, was: Seen) -> None:
        self.documents += now.documents - was.documents
        self.paragraphs += now.paragraphs - was.paragraphs
        self.scored += now.paragraphs - was.paragraphs
        self.rejected += now.rejected - was.rejected


Progress = Callable[[Standing], None]


def unwatched(_standing: Standing) -> None:
    """Progress that nobody watches."""


class StandingFile:
    """Keeps the standing of a run in a file, which readers find whole at any time.

    Args:
        path: the file.
        told: is told as well, every time.
    """

    def __init__(self, path: Path, told: Progress = unwatched) -> None:
        self._path = path
        self._told = told
        self._written: tuple[str, bool] | None = None
        self._at = 0.0
        self._writing = False

    def __call__(self, standing: Standing) -> None:
        """Write the standing, unless the same phase was written a moment ago."""
        state, now = (standing.phase, standing.stopping), time.monotonic()
        # A signal may ask for it in the middle of a write.
        if not self._writing and (state != self._written or now - self._at >= EVERY):
            self._writing = True
            self.write(standing)
            self._written, self._at, self._writing = state, now, False
        self._told(standing)

    def write(self, standing: Standing) -> None:
        """Write the standing now, and tell nobody."""
        said = {**standing.as_dict(), "process": os.getpid(), "time": round(time.time(), 3)}
        put(self._path, said)
