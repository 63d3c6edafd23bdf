"""Scoring one shard: its units read, split, scored, written to files under temporary names.

The files get their names, and the manifest its line, from the one process that runs the run; what
a worker that was killed leaves behind is never taken for a result.
"""

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from model.classifier import ThemeClassifier
from model.document import Document
from service.archive.plan import Shard, units_of
from service.archive.rows import Batch, BatchScorer, batches, overlapped
from service.archive.scored import ScoredBatch
from service.archive.tally import Tally
from service.reading.errors import Rejected
from service.reading.files import read_documents
from service.reading.options import ReadingOptions
from service.tables.columnar import Columnar
from service.tables.columns import Columns
from service.tables.json_lines import JsonLines

TEMPORARY = ".tmp."
_AHEAD = 2

CULPRIT = "处理它时工作进程两次以上意外终止，多半是内存不足；已跳过，其余不受影响"


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker must know to score shards of a run.

    Attributes:
        plan: the file that lists the units.
        folder: where the files of shards go.
        model: the folder of the artifact.
        version: which model that must be.
        kind: `parquet` or `jsonl`, the form in which the rows of a shard are kept.
        reading: what may be opened.
        evidence, keep_text: what rows hold.
    """

    plan: Path
    folder: Path
    model: Path
    version: str
    kind: str
    reading: ReadingOptions
    evidence: bool
    keep_text: bool


@dataclass(frozen=True, slots=True)
class Task:
    """A shard to score.

    Attributes:
        shard: which.
        again: a worker died of it once.
        alone: a worker died of it twice; one unit at a time, each told of before it is opened.
        skipped: units that killed a worker; they are rejected unread.
    """

    shard: Shard
    again: bool = False
    alone: bool = False
    skipped: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Seen:
    """What has been scored of a shard that is not done; `unit` is the one about to be opened."""

    shard: int
    documents: int
    paragraphs: int
    rejected: int
    unit: int | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """A shard that is scored, its files whole on the disk under temporary names.

    Attributes:
        shard: its number.
        files: the temporary name of each file by its ending.
        tally: the counts that progress shows: documents, paragraphs, rejected.
    """

    shard: int
    files: dict[str, str]
    documents: int
    paragraphs: int
    rejected: int


Watch = Callable[[Seen], None]


def unwatched(_seen: Seen) -> None:
    """For whoever does not ask how far a shard is."""


class ShardScorer:
    """Scores shards of one run with one loaded model.

    Args:
        work: what a worker must know.
        classifier: the model.
        read_ahead: batches that a thread reads ahead where reading waits; 0 for none.
    """

    def __init__(self, work: Work, classifier: ThemeClassifier, read_ahead: int = _AHEAD) -> None:
        self._read_ahead = read_ahead
        self._work = work
        self._scorer = BatchScorer(classifier, evidence=work.evidence, keep_text=work.keep_text)
        self._thresholds = classifier.thresholds.at

    def score(self, task: Task, watch: Watch = unwatched) -> Scored:
        """Score a shard.

        Raises:
            OSError: its files cannot be written.
        """
        number = task.shard.number
        stem = f"{number:06d}{TEMPORARY}{secrets.token_hex(4)}"
        files = _Files(self._work, stem, self._scorer.fixed)
        tally = Tally()
        read = batches(self._documents(task, tally, watch))
        try:
            in_turn = task.alone or not self._read_ahead
            for batch in read if in_turn else overlapped(read, self._read_ahead):
                self._add(batch, files, tally)
                watch(_seen(task, tally))
        except BaseException:
            files.discard()
            raise
        names = files.close(tally)
        return Scored(number, names, tally.documents, tally.paragraphs, tally.rejected)

    def _add(self, batch: Batch, files: "_Files", tally: Tally) -> None:
        scored = self._scorer.score(batch)
        tally.add(scored, self._thresholds)
        tally.documents += batch.finished
        tally.rejected += len(batch.rejected)
        files.add(scored, batch.rejected)

    def _documents(
        self, task: Task, tally: Tally, watch: Watch
    ) -> Iterator[Document | Rejected | None]:
        for number, unit in enumerate(units_of(self._work.plan, task.shard)):
            if isinstance(unit, Rejected):
                yield unit
            elif number in task.skipped:
                yield Rejected(unit.doc, CULPRIT)
            else:
                if task.alone:
                    yield None
                    watch(_seen(task, tally, number))
                yield from read_documents(unit, self._work.reading)


def _seen(task: Task, tally: Tally, unit: int | None = None) -> Seen:
    return Seen(task.shard.number, tally.documents, tally.paragraphs, tally.rejected, unit)


class _Files:
    """The files of a shard: its rows, its tally, and the list of what was rejected."""

    def __init__(self, work: Work, stem: str, fixed: tuple[str, ...]) -> None:
        self._work = work
        self._stem = stem
        self._columns = Columns(fixed)
        self._rows = self._path(work.kind)
        self._rejected = self._path("rejected")
        self._table = self._open()
        self._reasons = JsonLines(self._rejected)

    def add(self, scored: ScoredBatch, rejected: Sequence[Rejected]) -> None:
        """Append rows and rejections."""
        carried = {name: None for each in scored.carried() for name in each}
        if not carried.keys() <= set(self._columns.carried):
            self._widen(tuple(dict.fromkeys(self._columns.carried) | carried))
        if isinstance(self._table, Columnar):
            self._table.add(scored.table(self._table.schema))
        else:
            self._table.write(scored.rows())
        self._reasons.write([{"doc": each.doc, "reason": each.reason} for each in rejected])

    def close(self, tally: Tally) -> dict[str, str]:
        """Put everything on the disk; the names of the files by their endings."""
        self._table.close()
        self._reasons.close()
        tally.carried = dict.fromkeys(self._columns.carried)
        path = self._path("tally")
        with path.open("wb") as file:
            file.write(orjson.dumps(tally.as_dict()))
            file.flush()
            os.fsync(file.fileno())
        return {
            self._work.kind: self._rows.name,
            "rejected": self._rejected.name,
            "tally": path.name,
        }

    def discard(self) -> None:
        """Leave nothing behind."""
        self._table.close()
        self._reasons.close()
        for ending in (self._work.kind, "rejected"):
            self._path(ending).unlink(missing_ok=True)

    def _open(self) -> Columnar | JsonLines:
        if self._work.kind == "parquet":
            return Columnar(self._rows, self._columns, keep_text=self._work.keep_text)
        return JsonLines(self._rows)

    def _widen(self, carried: tuple[str, ...]) -> None:
        """Begin anew with more columns: a Parquet file has to know them before its first row."""
        self._columns = Columns(self._columns.fixed, carried)
        if not isinstance(self._table, Columnar):
            return
        self._table.close()
        narrow = self._path("narrow")
        os.replace(self._rows, narrow)
        wide = self._table = Columnar(self._rows, self._columns, keep_text=self._work.keep_text)
        wide.copy(narrow)
        narrow.unlink()

    def _path(self, ending: str) -> Path:
        return self._work.folder / f"{self._stem}.{ending}"


def finished_name(shard: int, ending: str) -> str:
    """The name of a finished shard's file."""
    return f"{shard:06d}.{ending}"
