"""Labels out and in as corpora: for `govtheme train`, from doccano, Label Studio and the like.

Which formats there are and how each is read is known to `govtheme corpus convert` alone; it runs as
a process of its own, between a JSON Lines file of ours and the user's.
"""

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from model.codebook import Codebook
from model.errors import LabelError
from service.tables.scored import storable, text_key
from service.workbench.errors import WorkbenchError
from service.workbench.labelling.judging import judge
from service.workbench.labelling.labels import settled
from service.workbench.labelling.queues import get_queue
from service.workbench.schema import Judgement, Paragraph, Queue

FORMATS: Mapping[str, tuple[str, str]] = {
    "jsonl": (".jsonl", "jsonl"),
    "csv": (".csv", "csv"),
    "doccano": (".doccano.jsonl", "doccano-jsonl"),
}
"""What labels are exported as: how the file's name ends, and what the command calls it."""

IMPORTED = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".xlsx", ".parquet", ".txt")
"""How the name of a file to import may end."""

_CONVERT_SECONDS = 600
_SHOWN = 5
_SHOWN_TEXT = 40
_LAST_WORDS = 1_500


@dataclass(frozen=True, slots=True)
class Labelled:
    """A row of an imported file: a text and its label ids, in the codebook's order."""

    text: str
    labels: tuple[str, ...]
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of imported rows.

    Attributes:
        judged: those that are now judgements.
        missing: those whose text is not in the queue.
    """

    judged: int
    missing: int


def export(session: Session, queue: int | None, form: str) -> bytes:
    """The decided paragraphs of a queue, or of all queues, as a corpus.

    Where queues decided differently on one text it is left out; where alike, it comes once.

    Raises:
        WorkbenchError: nothing is decided yet.
    """
    rows = list(_decided(session, queue))
    if not rows:
        raise WorkbenchError("还没有定下来的标签：先标，意见不一的先裁定")
    return _converted(rows, form)


def export_by_person(session: Session, queue: int) -> bytes:
    """What each person said in a queue, as a zip with a JSON Lines file for each.

    Raises:
        WorkbenchError: nobody has said anything.
    """
    said: dict[str, list[dict[str, Any]]] = {}
    for paragraph, person, labels, name in session.execute(
        select(Paragraph, Judgement.person, Judgement.labels, Queue.name)
        .join(Judgement, Judgement.paragraph_id == Paragraph.id)
        .join(Queue, Queue.id == Paragraph.queue_id)
        .where(Paragraph.queue_id == queue, Judgement.latest, Judgement.labels.is_not(None))
        .order_by(Judgement.person, Paragraph.place)
    ):
        row = _row(paragraph.id, paragraph.text, labels or [], name, paragraph.doc, [person])
        said.setdefault(person, []).append(row)
    if not said:
        raise WorkbenchError("这个队列还没有人标过")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for person, rows in said.items():
            # Names hold letters, digits and _ . @ - only, so they can be names of files.
            archive.writestr(f"{person}.jsonl", _lines(rows))
    return out.getvalue()


def read_labelled(
    path: Path, codebook: Codebook, text_column: str = "", label_column: str = ""
) -> list[Labelled]:
    """The rows of a file in any of the formats of a corpus.

    Args:
        codebook: what labels may be: ids, numbers or names.
        text_column, label_column: where they are; empty to find them.

    Raises:
        WorkbenchError: it is no labelled corpus, or has labels that the codebook does not.
    """
    options = ["--codebook", "none"]
    options += ["--text-column", text_column] if text_column else []
    options += ["--label-column", label_column] if label_column else []
    with TemporaryDirectory() as folder:
        out = Path(folder) / "labelled.jsonl"
        _convert(path, out, options)
        rows = [orjson.loads(line) for line in out.read_bytes().splitlines()]
    return _resolved(rows, codebook)


def import_judgements(session: Session, queue: int, person: str, rows: list[Labelled]) -> Imported:
    """Take rows as what a person says of the paragraphs with the same text.

    Raises:
        WorkbenchError: a label that the queue does not have, a text with two answers, or the
            queue is closed.
    """
    get_queue(session, queue)
    keys: dict[str, Labelled] = {}
    for row in rows:
        if keys.setdefault(text_key(row.text), row).labels != row.labels:
            raise WorkbenchError(f"文件里同一段文字有两种标签：{row.text[:_SHOWN_TEXT]}……")
    places = session.execute(select(Paragraph.key, Paragraph.id).where(Paragraph.queue_id == queue))
    found = {key: paragraph for key, paragraph in places if key in keys}
    for key, paragraph in found.items():
        judge(session, paragraph, person, keys[key].labels)
    return Imported(len(found), len(keys) - len(found))


def _decided(session: Session, queue: int | None) -> Iterator[dict[str, Any]]:
    names = {found.id: found.name for found in session.scalars(select(Queue))}
    people = _people(session, queue)
    texts: dict[str, dict[str, Any] | None] = {}
    for item in settled(session, queue):
        row = _row(
            item.paragraph,
            item.text,
            list(item.labels),
            names[item.queue],
            item.doc,
            people.get(item.paragraph, []),
        )
        first = texts.setdefault(item.text, row)
        if first is not None and first["labels"] != row["labels"]:
            texts[item.text] = None
    yield from (row for row in texts.values() if row is not None)


def _people(session: Session, queue: int | None) -> dict[int, list[str]]:
    """Who has judged each paragraph."""
    chosen = (
        select(Judgement.paragraph_id, Judgement.person)
        .join(Paragraph)
        .where(Judgement.latest, Judgement.labels.is_not(None))
        .order_by(Judgement.person)
    )
    if queue is not None:
        chosen = chosen.where(Paragraph.queue_id == queue)
    found: dict[int, list[str]] = {}
    for paragraph, person in session.execute(chosen):
        found.setdefault(paragraph, []).append(person)
    return found


def _row(
    paragraph: int, text: str, labels: list[str], queue: str, doc: str, people: list[str]
) -> dict[str, Any]:
    return {
        "id": f"workbench-{paragraph}",
        "text": text,
        "labels": labels,
        "source": queue,
        # Paragraphs of one document are alike, so that they should be learnt from together.
        "group": doc or f"workbench-{paragraph}",
        "doc": doc,
        "annotators": people,
    }


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def _converted(rows: list[dict[str, Any]], form: str) -> bytes:
    data = _lines(rows)
    ending, name = FORMATS[form]
    if form == "jsonl":
        return data
    with TemporaryDirectory() as folder:
        path = Path(folder) / "labelled.jsonl"
        path.write_bytes(data)
        out = Path(folder) / f"converted{ending}"
        _convert(path, out, ["--codebook", "none", "--to", name])
        return out.read_bytes()


def _convert(path: Path, out: Path, options: list[str]) -> None:
    words = ["corpus", "convert", str(path), "--out", str(out), *options]
    try:
        done = subprocess.run(  # noqa: S603  the options are ours, the columns words of their own
            [sys.executable, "-m", "service", *words],
            env=os.environ | {"COLUMNS": "1000", "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_CONVERT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise WorkbenchError(f"文件太大：{_CONVERT_SECONDS} 秒里没有读完") from error
    if done.returncode:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
        # Its own name means something to the user; where we keep it does not.
        told = said.replace(str(path.parent) + os.sep, "")[:_LAST_WORDS]
        raise WorkbenchError(f"文件读不进来：{told}")


def _resolved(rows: list[dict[str, Any]], codebook: Codebook) -> list[Labelled]:
    unknown: dict[str, LabelError] = {}
    found = []
    for row in rows:
        ids = set()
        for label in row["labels"]:
            try:
                ids.add(codebook.resolve(label))
            except LabelError as error:
                unknown[label] = error
        doc = str(row.get("doc") or row.get("group") or "")
        labels = tuple(label for label in codebook.ids if label in ids)
        found.append(Labelled(storable(row["text"]), labels, storable(doc)))
    if unknown:
        reason = "；".join(str(error) for error in list(unknown.values())[:_SHOWN])
        raise WorkbenchError(f"文件里有不认识的标签：{reason}")
    return found
