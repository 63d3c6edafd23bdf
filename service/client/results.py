"""What the server answers, as frozen dataclasses; unknown keys of newer servers are left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from service.client.errors import AnswerError

Status = Literal["labelled", "none", "uncertain"]
Kind = Literal["body", "heading", "furniture"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stretch of the text that moved a theme's score; offsets from 0, the end not in it."""

    label: str
    start: int
    end: int
    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Result:
    """What the model says of one text.

    `scores` holds a probability for every theme; `model` is the version that answered.
    `evidence` is empty unless it was asked for; the last five are of a document's paragraphs only,
    `start` and `end` counted in the document.
    """

    labels: tuple[str, ...]
    status: Status
    uncertain: tuple[str, ...]
    scores: Mapping[str, float]
    model: str
    evidence: tuple[Evidence, ...] = ()
    para: int | None = None
    text: str | None = None
    start: int | None = None
    end: int | None = None
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a file, paragraph by paragraph; an archive holds several.

    `date` (ISO 8601), `author` and `origin` are empty where they are not known; `columns` are the
    other cells of a table's row.
    """

    doc: str
    title: str
    results: tuple[Result, ...]
    date: str = ""
    author: str = ""
    origin: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that could not be read, and why."""

    doc: str
    reason: str


@dataclass(frozen=True, slots=True)
class Scored:
    """What became of an uploaded file; `model` and `codebook` are the versions that answered."""

    documents: tuple[Document, ...]
    rejected: tuple[Rejected, ...]
    model: str = ""
    codebook: str = ""


@dataclass(frozen=True, slots=True)
class Streamed:
    """One answer of a stream: either `result` or `error`, under the id that was given."""

    id: str | int
    result: Result | None = None
    error: AnswerError | None = None


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme of the model in use; without a definition when the codebook has moved on."""

    id: str
    number: int
    name_zh: str
    name_en: str
    definition: str
    counts: tuple[str, ...]
    excludes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A model that the server has; `current` is the one that answers.

    `trained` is a time in ISO 8601; `macro_f1` is from cross-validation, None if it is not known.
    """

    version: str
    current: bool
    trained: str
    labels: tuple[str, ...]
    macro_f1: float | None


@dataclass(frozen=True, slots=True)
class Promotion:
    """A change of the model in use: `model` answers now, `before` did until then, if any did."""

    model: str
    before: str | None


def result(row: Mapping[str, Any], model: str) -> Result:
    """One result of an answer's `results`."""
    return Result(
        labels=tuple(row["labels"]),
        status=row["status"],
        uncertain=tuple(row["uncertain"]),
        scores=dict(row["scores"]),
        model=model,
        evidence=tuple(_evidence(item) for item in row.get("evidence") or ()),
        para=row.get("para"),
        text=row.get("text"),
        start=row.get("start"),
        end=row.get("end"),
        kind=row.get("kind"),
    )


def _evidence(item: Mapping[str, Any]) -> Evidence:
    return Evidence(item["label"], item["start"], item["end"], item["text"], item["weight"])


def results(answer: Mapping[str, Any]) -> list[Result]:
    """All results of an answer to `/classify`."""
    version = answer["model"]["version"]
    return [result(row, version) for row in answer["results"]]


def scored(answer: Mapping[str, Any]) -> Scored:
    """The answer to an uploaded file."""
    version = answer["model"]["version"]
    documents = tuple(
        Document(
            doc=entry["doc"],
            title=entry["title"],
            results=tuple(result(row, version) for row in entry["results"]),
            date=entry["date"],
            author=entry["author"],
            origin=entry["origin"],
            columns=dict(entry["columns"]),
        )
        for entry in answer["documents"]
    )
    rejected = tuple(Rejected(e["doc"], e["reason"]) for e in answer["rejected"])
    return Scored(documents, rejected, version, answer["model"]["codebook"])


def theme(entry: Mapping[str, Any]) -> Theme:
    """One theme of `GET /themes`."""
    return Theme(
        id=entry["id"],
        number=entry["number"],
        name_zh=entry["name_zh"],
        name_en=entry["name_en"],
        definition=entry["definition"],
        counts=tuple(entry["counts"]),
        excludes=tuple(entry["excludes"]),
    )


def model(entry: Mapping[str, Any]) -> Model:
    """One model of `GET /models`."""
    return Model(
        version=entry["version"],
        current=entry["current"],
        trained=entry["trained"],
        labels=tuple(entry["labels"]),
        macro_f1=entry["macro_f1"],
    )


def promotion(entry: Mapping[str, Any]) -> Promotion:
    """The answer to a change of the model in use."""
    return Promotion(model=entry["model"], before=entry["before"])
