"""What a run found, counted shard by shard: the summary and all that the report shows.

A tally is small however large the archive is: groups beyond the first thousands are counted
together, and of the paragraphs only a few are kept.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.features import Floats
from model.kinds import KINDS
from service.archive.scored import STATUSES, Matrix, ScoredBatch

EXAMPLES = 5
"""Paragraphs that are kept for each theme, of the most certain and of the most uncertain."""

EXCERPT = 160
"""Characters that are kept of such a paragraph."""

ALL = ""
"""The key under which a group counts all of its paragraphs, furniture left out."""

OTHERS = "（其余）"
_MOST_GROUPS = 2000
_MONTH = re.compile(r"\d{4}-\d{2}")

Group = Counter[str]


@dataclass(frozen=True, slots=True, order=True)
class Example:
    """A paragraph that the report shows.

    Attributes:
        rank: the smaller, the sooner it is shown.
        doc, para: where it stands.
        score: the probability of the theme.
        text: its beginning, empty where no text is to be kept.
    """

    rank: float
    doc: str
    para: int
    score: float
    text: str


@dataclass(slots=True)
class Tally:
    """Counts of a shard, or of several.

    Attributes:
        documents, paragraphs, furniture, rejected: how many; furniture is among the paragraphs.
        none, uncertain: how many body paragraphs and headings got none, or are uncertain.
        labels: how many paragraphs got each theme.
        carried: the columns that the input carried, in the order in which they came.
        months, folders, origins: paragraphs and those of each theme, by month of the document, by
            the first folder of its name, by who published it.
        certain, doubtful: for each theme the paragraphs with the highest scores, and those whose
            scores are closest to the threshold.
    """

    documents: int = 0
    paragraphs: int = 0
    furniture: int = 0
    rejected: int = 0
    none: int = 0
    uncertain: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    carried: dict[str, None] = field(default_factory=dict)
    months: dict[str, Group] = field(default_factory=dict)
    folders: dict[str, Group] = field(default_factory=dict)
    origins: dict[str, Group] = field(default_factory=dict)
    certain: dict[str, list[Example]] = field(default_factory=dict)
    doubtful: dict[str, list[Example]] = field(default_factory=dict)

    def add(self, batch: ScoredBatch, thresholds: Sequence[float]) -> None:
        """Count a batch; the threshold of each label, in order."""
        body = batch.paragraphs.kinds != KINDS.index("furniture")
        statuses = np.bincount(batch.statuses[body], minlength=len(STATUSES)).tolist()
        self.paragraphs += len(batch)
        self.furniture += len(batch) - int(body.sum())
        self.none += statuses[STATUSES.index("none")]
        self.uncertain += statuses[STATUSES.index("uncertain")]
        self._count_documents(batch, body)
        for n, label in enumerate(batch.labels):
            self.labels[label] += int(batch.given[:, n].sum())
            scores = batch.scores[:, n]
            for kept, chosen, ranks in (
                (self.certain, batch.given[:, n], -scores),
                (self.doubtful, batch.uncertain[:, n], np.abs(scores - thresholds[n])),
            ):
                _keep(kept.setdefault(label, []), batch, np.flatnonzero(chosen), ranks, scores)

    def _count_documents(self, batch: ScoredBatch, body: Matrix) -> None:
        counts = np.zeros((len(batch.documents), len(batch.labels) + 1), np.int64)
        every = np.concatenate([body[:, None], batch.given], axis=1)
        np.add.at(counts, batch.paragraphs.document_of, every)
        names = (ALL, *batch.labels)
        for document, row in zip(batch.documents, counts.tolist(), strict=True):
            if not row[0]:
                continue
            found = {name: count for name, count in zip(names, row, strict=True) if count}
            _group(self.folders, folder_of(document.source)).update(found)
            if _MONTH.match(document.date):
                _group(self.months, document.date[:7]).update(found)
            if document.origin and "origin" in batch.fixed:
                _group(self.origins, document.origin).update(found)

    def merge(self, other: "Tally") -> None:
        """Add what another tally has counted after this one."""
        for name in ("documents", "paragraphs", "furniture", "rejected", "none", "uncertain"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.labels.update(other.labels)
        self.carried.update(other.carried)
        for name in _GROUPS:
            mine = getattr(self, name)
            for key, group in getattr(other, name).items():
                _group(mine, key).update(group)
        for name in _EXAMPLES:
            mine = getattr(self, name)
            for label, examples in getattr(other, name).items():
                kept = mine.setdefault(label, [])
                for example in examples:
                    _insert(kept, example)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        plain: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("documents", "paragraphs", "furniture", "rejected", "none", "uncertain")
        }
        plain["labels"] = dict(self.labels)
        plain["carried"] = list(self.carried)
        for name in _GROUPS:
            plain[name] = {key: dict(group) for key, group in getattr(self, name).items()}
        for name in _EXAMPLES:
            plain[name] = {
                label: [[e.rank, e.doc, e.para, e.score, e.text] for e in examples]
                for label, examples in getattr(self, name).items()
            }
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Tally":
        """The tally that `as_dict` gave."""
        found = dict(plain)
        found["labels"] = Counter(found["labels"])
        found["carried"] = dict.fromkeys(found["carried"])
        for name in _GROUPS:
            found[name] = {key: Counter(group) for key, group in found[name].items()}
        for name in _EXAMPLES:
            found[name] = {
                label: [Example(*fields) for fields in examples]
                for label, examples in found[name].items()
            }
        return cls(**found)


_GROUPS = ("months", "folders", "origins")
_EXAMPLES = ("certain", "doubtful")


def folder_of(doc: str) -> str:
    """The first folder of a document's name, or the archive or table it is in; may be empty."""
    head, slash, _ = doc.partition("/")
    if slash:
        return head.removesuffix("!")
    table, hash_sign, _ = doc.rpartition("#")
    return table if hash_sign else ""


def _group(groups: dict[str, Group], name: str) -> Group:
    found = groups.get(name)
    if found is None:
        found = groups.setdefault(name if len(groups) < _MOST_GROUPS else OTHERS, Counter())
    return found


def _keep(
    kept: list[Example],
    batch: ScoredBatch,
    chosen: NDArray[np.intp],
    ranks: Floats,
    scores: Floats,
) -> None:
    """Keep those of the chosen paragraphs that are among the first by rank."""
    for n in chosen[np.argsort(ranks[chosen], kind="stable")].tolist():
        rank = float(ranks[n])
        if len(kept) == EXAMPLES and rank >= kept[-1].rank:
            return
        text = batch.paragraphs.texts[n] if "text" in batch.fixed else ""
        excerpt = text if len(text) <= EXCERPT else text[:EXCERPT] + "……"
        doc = batch.documents[batch.paragraphs.document_of[n]].source
        _insert(kept, Example(rank, doc, int(batch.numbers[n]), float(scores[n]), excerpt))


def _insert(kept: list[Example], example: Example) -> None:
    """Keep an example if it is among the first; of equal texts only the first that came."""
    if example.text and any(example.text == other.text for other in kept):
        return
    kept.append(example)
    # Stable: of equal ranks the one that came first stays.
    kept.sort(key=lambda each: each.rank)
    del kept[EXAMPLES:]
