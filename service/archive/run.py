"""A run over an archive from beginning to end, or from where it stopped to the end."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

import orjson

from model.classifier import ThemeClassifier
from model.errors import UserError
from model.files import sync_folder
from service.archive.assembly import (
    put_in_place,
    whole_tally,
    write_rejected,
    write_table,
)
from service.archive.errors import ChangedError, EmptyError, RunError, StoppedError
from service.archive.job import Job
from service.archive.lock import locked
from service.archive.manifest import Manifest
from service.archive.places import Places, remove, sync_file
from service.archive.plan import Plan, Shard, Unit, check_plan, write_plan
from service.archive.report import report
from service.archive.shard import TEMPORARY, Scored, Seen, Work, finished_name
from service.archive.standing import Progress, Standing, StandingFile, unwatched
from service.archive.stopping import Stop, interruptible, on_signals
from service.archive.summary import Summary
from service.archive.workers import LocalEngine

_COUNTED = 100
"""Units that are listed between two looks at whether to say so."""


class Engine(Protocol):
    """What scores shards."""

    def score(
        self, work: Work, classifier: ThemeClassifier, shards: Iterable[Shard], stop: Stop
    ) -> Iterator[Seen | Scored]:
        """Score shards in any order, and say how far they are."""


@dataclass(frozen=True, slots=True)
class How:
    """How a run is carried out; none of it changes a row.

    Attributes:
        workers: processes, or the cluster's actors.
        engine: `local` or `ray`.
        address: of a Ray cluster; None starts a local one.
        resume: go on with an unfinished run; else there must be none.
        restart: drop an unfinished run.
    """

    workers: int = 1
    engine: str = "local"
    address: str | None = None
    resume: bool = True
    restart: bool = False


def score_archive(
    classifier: ThemeClassifier,
    job: Job,
    how: How | None = None,
    progress: Progress = unwatched,
) -> Summary:
    """Score an archive into one table; a bad file is rejected and the run goes on.

    The table appears under its name only when it is whole, and with it `OUT.summary.json`,
    `OUT.report.html` and, if anything was rejected, `OUT.rejected.jsonl`. Until then everything is
    in `OUT.run/`, and the same call goes on where the last one stopped, whatever stopped it; how
    far it is stands in `OUT.run/progress.json`.

    Args:
        classifier: the model of the job, loaded.
        job: what is asked for.
        how: how it is carried out.
        progress: told how far the run is, often.

    Raises:
        RunError: it cannot begin or go on; `StoppedError` when the user stopped it.
        TableError: the format of the output is unknown or not installed.
        OSError: something cannot be written.
    """
    how = how or How()
    job.places.check_free()
    work = job.work
    with locked(job.places) as lock:
        run = _Run(job, work, classifier, progress)
        try:
            with interruptible():
                return run.carry_out(how, lock)
        except KeyboardInterrupt as error:
            run.leave("stopped")
            raise StoppedError(len(run.done), run.shards) from error
        except EmptyError:
            job.places.clear()
            raise
        except (UserError, OSError):
            run.leave("failed")
            raise


class _Run:
    def __init__(
        self, job: Job, work: Work, classifier: ThemeClassifier, progress: Progress
    ) -> None:
        self._job = job
        self._work = work
        self._classifier = classifier
        self._progress = StandingFile(job.places.progress, progress)
        self._standing = Standing()
        self.done: dict[int, dict[str, Any]] = {}
        self.shards = 0

    def carry_out(self, how: How, lock: BinaryIO) -> Summary:
        places = self._job.places
        manifest = self._unfinished(how)
        if manifest is not None and manifest.finished:
            # Killed between the last shard and the last file in its place.
            return self._put_in_place(places)
        plan, manifest = self._planned(manifest)
        self.done, self.shards = manifest.done, len(plan.shards)
        left = self._left(plan, manifest)
        self._standing.begin()
        self._score(how, lock, left, manifest)
        self._tell("write")
        self._write(how, plan, manifest, resumed=self.shards - len(left))
        return self._put_in_place(places)

    def _unfinished(self, how: How) -> Manifest | None:
        """The manifest of a run to go on with; what another left behind goes if it may."""
        places = self._job.places
        manifest = Manifest.read(places.manifest)
        if manifest is not None:
            changes = self._job.changes(manifest.head)
            if manifest.finished:
                # Whatever comes now, the table of that run is whole and must not be lost.
                put_in_place(places)
            elif not how.restart:
                self._check_same(changes, how)
            if not how.restart and not (manifest.finished and changes):
                return manifest
        _sweep(places)
        return None

    def _check_same(self, changes: list[str], how: How) -> None:
        if changes:
            raise ChangedError(self._job.places.run, changes)
        if not how.resume:
            raise RunError(
                f"{self._job.places.run} 里有一次没有做完的运行；去掉 --no-resume 可接着做，"
                "加 --restart 则丢弃它，从头开始"
            )

    def _planned(self, manifest: Manifest | None) -> tuple[Plan, Manifest]:
        job, places = self._job, self._job.places
        self._tell("plan")
        sizes = (job.shard_files, job.shard_bytes)
        if manifest is not None:
            return check_plan(places.plan, self._counted(job.units()), *sizes), manifest
        plan = write_plan(places.plan, self._counted(job.units()), *sizes)
        if not plan.shards:
            raise EmptyError(job.inputs)
        places.shards.mkdir()
        return plan, Manifest.begin(places.manifest, {**job.asked(), "plan": plan.sha256})

    def _counted(self, units: Iterable[Unit]) -> Iterator[Unit]:
        """The same, and a word of how many there are from time to time."""
        for unit in units:
            self._standing.units += 1
            if not self._standing.units % _COUNTED:
                self._progress(self._standing)
            yield unit

    def _left(self, plan: Plan, manifest: Manifest) -> list[Shard]:
        """The shards to score; what a killed worker left of them goes."""
        _discard_unfinished(self._work)
        for shard in plan.shards:
            record = manifest.done.get(shard.number)
            if record is not None and _is_whole(self._work, record):
                self._standing.size += shard.size
                self._standing.documents += record["documents"]
                self._standing.paragraphs += record["paragraphs"]
                self._standing.rejected += record["rejected"]
                self._standing.shards_done += 1
            else:
                manifest.done.pop(shard.number, None)
        self._standing.total, self._standing.shards = plan.size, len(plan.shards)
        return [shard for shard in plan.shards if shard.number not in manifest.done]

    def _score(self, how: How, lock: BinaryIO, left: list[Shard], manifest: Manifest) -> None:
        sizes = {shard.number: shard.size for shard in left}

        def stopping() -> None:
            self._standing.stopping = True
            self._progress(self._standing)

        with on_signals(stopping) as stop:
            engine = _engine(how, lock)
            for news in engine.score(self._work, self._classifier, left, stop):
                if isinstance(news, Scored):
                    manifest.add(_kept(self._work, news))
                    self._standing.finish(news, sizes[news.shard])
                else:
                    self._standing.see(news)
                self._progress(self._standing)
        if stop.asked:
            _discard_unfinished(self._work)
            raise KeyboardInterrupt
        if len(manifest.done) < self.shards:
            raise RunError("引擎没有交回全部结果；已做完的都已存好，同一条命令再运行一次可接着做")

    def _write(self, how: How, plan: Plan, manifest: Manifest, resumed: int) -> None:
        job, places = self._job, self._job.places
        codebook = self._classifier.codebook
        tally = whole_tally(places.shards, self.shards, self._classifier.labels)
        write_table(job, self.shards, tally, codebook)
        write_rejected(places, self.shards)
        summary = Summary.of(
            tally,
            out=str(job.out),
            model=job.version,
            codebook=codebook.version,
            engine=how.engine,
            workers=how.workers,
            shards=self.shards,
            resumed=resumed,
            bytes=plan.size,
            scored=self._standing.scored,
            seconds=round(self._standing.seconds, 3),
        )
        places.draft("summary").write_bytes(
            orjson.dumps(summary.as_dict(), option=orjson.OPT_INDENT_2)
        )
        places.draft("report").write_text(
            report(summary, tally, codebook, places.draft("rejected")), encoding="utf-8"
        )
        for what in ("summary", "report"):
            sync_file(places.draft(what))
        sync_folder(places.run)
        manifest.finish()

    def _put_in_place(self, places: Places) -> Summary:
        put_in_place(places)
        summary = Summary(**orjson.loads(places.beside("summary").read_bytes()))
        places.clear()
        return summary

    def _tell(self, phase: str) -> None:
        """Say that a phase begins."""
        self._standing.phase = phase
        self._progress(self._standing)

    def leave(self, phase: str) -> None:
        """Say in the file, if that can be written, that the run ended before its time."""
        self._standing.phase = phase
        with contextlib.suppress(OSError):
            self._progress.write(self._standing)


def _engine(how: How, lock: BinaryIO) -> Engine:
    if how.engine == "ray":
        from service.archive.cluster import RayEngine

        return RayEngine(how.workers, how.address)
    return LocalEngine(how.workers, lock)


def _kept(work: Work, scored: Scored) -> dict[str, Any]:
    """Give the files of a shard their names; what the manifest is to say of it."""
    sizes = {}
    for ending, name in scored.files.items():
        path = work.folder / finished_name(scored.shard, ending)
        os.replace(work.folder / name, path)
        sizes[ending] = path.stat().st_size
    sync_folder(work.folder)
    return {
        "shard": scored.shard,
        "documents": scored.documents,
        "paragraphs": scored.paragraphs,
        "rejected": scored.rejected,
        "sizes": sizes,
    }


def _discard_unfinished(work: Work) -> None:
    """Remove what workers that were stopped or killed have begun."""
    for path in work.folder.glob(f"*{TEMPORARY}*"):
        path.unlink()


def _is_whole(work: Work, record: dict[str, Any]) -> bool:
    """Whether the files of a shard are what the manifest says."""
    for ending, size in record["sizes"].items():
        path = work.folder / finished_name(record["shard"], ending)
        if not path.is_file() or path.stat().st_size != size:
            return False
    return True


def _sweep(places: Places) -> None:
    """Remove what an abandoned run left; the manifest first, so that nothing counts on the rest."""
    places.manifest.unlink(missing_ok=True)
    sync_folder(places.run)
    for path in places.run.iterdir():
        if path != places.lock:
            remove(path)
