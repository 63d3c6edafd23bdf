"""Runs over archives as jobs: what is asked for, who may have what was made, and where it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from service.archive.places import Places
from service.tables.formats import format_of
from service.workbench.errors import NotAllowedError
from service.workbench.jobs import Jobs, Progress
from service.workbench.people import Person
from service.workbench.schema import Job
from service.workbench.wording import say

KIND = "score"

_OUTS = {"xlsx": "table.xlsx", "csv": "table.csv", "parquet": "table", "jsonl": "table.jsonl"}
FORMATS = tuple(_OUTS)
"""Which tables can be had; `parquet` is a folder."""

PARTS = ("table", "summary", "rejected", "report")
"""What a run leaves."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run over an archive is to make.

    Attributes:
        title: what people call it.
        format: one of `FORMATS`.
        keep_text: with what the documents say.
        evidence: with the words that decided.
        model: the version; it stays the same when the run goes on later.
        origin: where the documents are from, for people.
    """

    title: str
    format: str
    keep_text: bool
    evidence: bool
    model: str
    origin: str


def begin(jobs: Jobs, job: str, person: str, source: Path, wanted: Wanted) -> None:
    """Put a run over a folder in line.

    Raises:
        TableError: a library for the table is not installed.
        KeyError: an unknown format.
    """
    out = jobs.folder(job) / "output" / _OUTS[wanted.format]
    format_of(out)
    words = ["score", str(source), "--out", str(out), "--model", wanted.model]
    words += ["--keep-text", "yes" if wanted.keep_text else "no"]
    words += ["--evidence"] if wanted.evidence else []
    asked = {
        "format": wanted.format,
        "keep_text": wanted.keep_text,
        "evidence": wanted.evidence,
        "model": wanted.model,
        "origin": wanted.origin,
    }
    jobs.add(job, KIND, wanted.title, person, words, asked)


def require(person: Person | None, job: Job) -> None:
    """Make sure that somebody may see and change a run: their own, or anybody's as administrator.

    Raises:
        NotAllowedError: they may not.
    """
    if person is None:
        raise NotAllowedError(say("请先登录", "Sign in first"))
    person.require("classify")
    if person.name != job.person and "admin" not in person.scopes:
        raise NotAllowedError(
            say(
                f"这是 {job.person} 的任务；只有本人和有 admin 权限的人可以看",
                f"This job is {job.person}’s; only they and those with the scope admin may see it",
            )
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run is, and what there is of it.

    Attributes:
        job: as it is now.
        progress: as the command last told.
        made: which of the `PARTS` there are.
        summary: the figures of a run that is done.
    """

    job: Job
    progress: Progress
    made: tuple[str, ...]
    summary: Mapping[str, Any]

    @classmethod
    def of(cls, jobs: Jobs, job: Job) -> "Standing":
        """Look at the folder of a job."""
        if job.state != "done":
            return cls(job, jobs.progress(job), (), {})
        made = tuple(part for part in PARTS if part_path(jobs, job, part).exists())
        summary: Mapping[str, Any] = {}
        if "summary" in made:
            summary = orjson.loads(part_path(jobs, job, "summary").read_bytes())
        return cls(job, jobs.progress(job), made, summary)


def part_path(jobs: Jobs, job: Job, part: str) -> Path:
    """Where one of the `PARTS` is."""
    out = jobs.folder(job.id) / "output" / _OUTS[str(job.asked["format"])]
    return out if part == "table" else Places(out).beside(part)
