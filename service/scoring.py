"""Scoring an archive: files in, one table of labelled paragraphs out.

Files are read one after the other, paragraphs are scored in batches across files, and rows are
written in order; what is held at a time does not grow with the archive.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from model.classifier import Classified, ThemeClassifier
from model.document import Document, Paragraph, paragraphs
from model.features import BATCH_CHARACTERS, BATCH_TEXTS
from service.answers import paragraph_result
from service.reading.files import Found, ReadingOptions, Rejected, read_documents
from service.tables import Row, columns, open_table

_FLUSH_AT = BATCH_TEXTS

Progress = Callable[[int, int, int], None]
"""Told how many documents were read, paragraphs written, and files rejected so far."""


def silent(_documents: int, _paragraphs: int, _rejected: int) -> None:
    """Progress that nobody watches."""


@dataclass(slots=True)
class Summary:
    """What a run did.

    Attributes:
        documents, paragraphs, furniture: how many; furniture is among the paragraphs.
        labels: how many paragraphs got each theme.
        none, uncertain: how many body paragraphs and headings got none, or are uncertain.
        rejected: the files that were not scored.
    """

    documents: int = 0
    paragraphs: int = 0
    furniture: int = 0
    none: int = 0
    uncertain: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    rejected: list[Rejected] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for `--json`."""
        return {
            "documents": self.documents,
            "paragraphs": self.paragraphs,
            "furniture": self.furniture,
            "none": self.none,
            "uncertain": self.uncertain,
            "labels": dict(self.labels),
            "rejected": [{"doc": r.doc, "reason": r.reason} for r in self.rejected],
        }


def score_archive(
    classifier: ThemeClassifier,
    files: Iterable[Found | Rejected],
    out: Path,
    *,
    options: ReadingOptions | None = None,
    evidence: bool = False,
    progress: Progress = silent,
) -> Summary:
    """Score files into one table; a bad file is rejected and the run goes on.

    The table appears under its name only when it is whole. Rejected files are listed beside it in
    `OUT.rejected.jsonl`.

    Raises:
        TableError: the format of `out` is unknown or not installed.
        OSError: `out` cannot be written.
    """
    summary = Summary(labels=Counter(dict.fromkeys(classifier.labels, 0)))
    partial = out.with_name(f".{out.name}.partial{out.suffix}")
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        table = open_table(partial, columns(classifier.labels, evidence))
        try:
            for batch in _batches(files, options, summary):
                table.write(_rows(classifier, batch, evidence, summary))
                progress(summary.documents, summary.paragraphs, len(summary.rejected))
        finally:
            table.close()
        _write_rejected(rejected_list(out), summary.rejected)
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)
    return summary


def rejected_list(out: Path) -> Path:
    """Where the rejected files of a run are listed: beside its table."""
    return out.with_name(out.name + ".rejected.jsonl")


def is_output(path: Path, out: Path) -> bool:
    """Whether a file is the table of an earlier run, or its list of rejected files."""
    return path.resolve() in (out.resolve(), rejected_list(out).resolve())


_Pending = tuple[Document, int, Paragraph]


def _batches(
    files: Iterable[Found | Rejected], options: ReadingOptions | None, summary: Summary
) -> Iterator[list[_Pending]]:
    """Paragraphs of many files, so many at a time that scoring them is worth it."""
    pending: list[_Pending] = []
    characters = 0
    for document in _documents(files, options):
        if isinstance(document, Rejected):
            summary.rejected.append(document)
            continue
        summary.documents += 1
        for number, paragraph in enumerate(paragraphs(document)):
            pending.append((document, number, paragraph))
            characters += len(paragraph.text)
            if len(pending) >= _FLUSH_AT or characters >= BATCH_CHARACTERS:
                yield pending
                pending, characters = [], 0
    if pending:
        yield pending


def _documents(
    files: Iterable[Found | Rejected], options: ReadingOptions | None
) -> Iterator[Document | Rejected]:
    for found in files:
        if isinstance(found, Rejected):
            yield found
        else:
            yield from read_documents(found, options)


def _rows(
    classifier: ThemeClassifier, batch: list[_Pending], evidence: bool, summary: Summary
) -> list[Row]:
    classified = classifier.classify_paragraphs([p for _, _, p in batch], evidence=evidence)
    rows = []
    for (document, number, _), item in zip(batch, classified, strict=True):
        _count(summary, item)
        rows.append(_row(classifier, document, number, item, evidence))
    return rows


def _count(summary: Summary, item: Classified) -> None:
    summary.paragraphs += 1
    summary.labels.update(item.decision.labels)
    if item.paragraph.kind == "furniture":
        summary.furniture += 1
    elif item.decision.status == "uncertain":
        summary.uncertain += 1
    elif item.decision.status == "none":
        summary.none += 1


def _row(
    classifier: ThemeClassifier, document: Document, number: int, item: Classified, evidence: bool
) -> Row:
    found = paragraph_result(item, evidence)
    scores = found.pop("scores")
    explained = {"evidence": found.pop("evidence")} if evidence else {}
    return {
        "doc": document.source,
        "title": document.title,
        **found,
        "para": number,
        **{f"score_{label}": score for label, score in scores.items()},
        "model": classifier.version,
        "codebook": classifier.codebook.version,
        **explained,
    }


def _write_rejected(path: Path, rejected: Sequence[Rejected]) -> None:
    """List the rejected files; a list left by an earlier run goes."""
    if not rejected:
        path.unlink(missing_ok=True)
        return
    lines = [orjson.dumps({"doc": r.doc, "reason": r.reason}) + b"\n" for r in rejected]
    path.write_bytes(b"".join(lines))
