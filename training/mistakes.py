"""The worst mistakes of a model, with the words that led it astray."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from model.classifier import ThemeClassifier
from model.decision import Evidence
from training.corpus import Row
from training.judged import Judged

MOST = 30

Explain = Callable[[str, tuple[str, ...]], tuple[Evidence, ...]]
"""Which stretches of a text speak for these labels."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A row that was judged wrongly.

    Attributes:
        row: the row; its labels are the true ones.
        given: what the model gave.
        missed, added: true labels not given; labels given that are not true.
        probabilities: of the labels missed and added.
        evidence: stretches that speak for the labels missed and added.
    """

    row: Row
    given: tuple[str, ...]
    missed: tuple[str, ...]
    added: tuple[str, ...]
    probabilities: dict[str, float]
    evidence: tuple[Evidence, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "id": self.row.id,
            "text": self.row.text,
            "labels": list(self.row.labels),
            "given": list(self.given),
            "scores": self.probabilities,
            "evidence": [asdict(item) for item in self.evidence],
        }


def worst_mistakes(judged: Judged, explain: Explain, most: int = MOST) -> list[Mistake]:
    """The rows whose true labels the model thought least likely, worst first."""
    likely = np.where(judged.true, judged.probabilities, 1 - judged.probabilities)
    blame = np.log(np.clip(likely, 1e-12, 1.0)).sum(axis=1)
    wrong = np.flatnonzero(np.logical_or.reduce(judged.true != judged.given, axis=1))
    order = wrong[np.argsort(blame[wrong], kind="stable")][:most]
    return [_mistake(judged, n, explain) for n in order.tolist()]


def _mistake(judged: Judged, n: int, explain: Explain) -> Mistake:
    true, given = judged.true[n], judged.given[n]
    missed, added = judged.named(true & ~given), judged.named(given & ~true)
    places = {label: i for i, label in enumerate(judged.labels)}
    return Mistake(
        judged.rows[n],
        judged.named(given),
        missed,
        added,
        {label: float(judged.probabilities[n, places[label]]) for label in (*added, *missed)},
        explain(judged.rows[n].text, (*added, *missed)),
    )


def explainer(classifier: ThemeClassifier) -> Explain:
    """What a classifier has to say for any label, also for one that it does not give."""

    def explain(text: str, labels: tuple[str, ...]) -> tuple[Evidence, ...]:
        asked = dict.fromkeys(labels, 0.0)
        (decision,) = classifier.classify([text], evidence=True, threshold=asked)
        return tuple(item for item in decision.evidence if item.label in labels)

    return explain
