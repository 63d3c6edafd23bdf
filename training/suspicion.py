"""Labels that the model strongly doubts, by confident learning (Northcutt, Jiang and Chuang 2021).

The probabilities are those of classifiers that had not seen the row; cleanlab, an extra, estimates
from them which labels are wrong. It proposes and a person decides: see `review`.
"""

import importlib.util
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.classifier import ThemeClassifier
from model.decision import Evidence
from model.errors import UserError
from model.features import Floats
from training.corpus import Corpus, Row
from training.judged import Bools, Judged
from training.mistakes import Explain, explainer
from training.parameters import Parameters
from training.train import Progress, silent, train


class ReviewError(UserError):
    """Labels cannot be looked through, or a file of reviewed labels cannot be used."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A row whose labels are doubted.

    Attributes:
        row: as it stands in the corpus.
        doubt: how much, 0 to 1.
        suggested: the labels that the model would give.
        probabilities: of the labels that would change.
        evidence: stretches that speak for the labels that would change.
    """

    row: Row
    doubt: float
    suggested: tuple[str, ...]
    probabilities: dict[str, float]
    evidence: tuple[Evidence, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, without the text."""
        return {
            "id": self.row.id,
            "doubt": self.doubt,
            "labels": list(self.row.labels),
            "suggested": list(self.suggested),
            "scores": self.probabilities,
            "evidence": [item.text for item in self.evidence],
        }


def check_library() -> None:
    """Make sure, before any work is done, that cleanlab is there.

    Raises:
        ReviewError: it is not.
    """
    if importlib.util.find_spec("cleanlab") is None:
        raise ReviewError("找可疑的标签需要 cleanlab：pip install 'govtheme[review]'")


def suspicions(
    corpus: Corpus, parameters: Parameters | None = None, progress: Progress = silent
) -> list[Suspicion]:
    """The rows of a corpus whose labels are doubted, most doubtful first.

    Raises:
        ReviewError: cleanlab is not installed.
        TooLittleError: too little to learn from.
    """
    check_library()
    with tempfile.TemporaryDirectory() as folder:
        trained = train(corpus, Path(folder), parameters or Parameters(), progress)
        classifier = ThemeClassifier.load(Path(folder) / trained.version)
        return doubted(trained.judged, explainer(classifier))


def doubted(judged: Judged, explain: Explain) -> list[Suspicion]:
    """The doubted rows among those judged out of fold, most doubtful first."""
    one = bool((judged.true.sum(axis=1) == 1).all())
    suggested, quality = _single(judged) if one else _several(judged)
    rows = np.flatnonzero(np.logical_or.reduce(suggested != judged.true, axis=1))
    order = rows[np.argsort(quality[rows], kind="stable")]
    return [_suspicion(judged, n, suggested[n], quality[n], explain) for n in order.tolist()]


def _single(judged: Judged) -> tuple[Bools, Floats]:
    """Where each row has one label: what it should be, and how good the one it has is."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    labels = judged.true.argmax(axis=1)
    chances = np.clip(judged.probabilities, 1e-9, 1.0)
    chances = chances / chances.sum(axis=1, keepdims=True)
    issues = find_label_issues(labels, chances, n_jobs=1)
    suggested = judged.true.copy()
    suggested[issues] = False
    suggested[issues, chances[issues].argmax(axis=1)] = True
    return suggested, get_label_quality_scores(labels, chances)


def _several(judged: Judged) -> tuple[Bools, Floats]:
    """Where rows have any number of labels: each label is a question of its own."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    suggested = judged.true.copy()
    quality = np.ones(len(judged.rows))
    for n in range(len(judged.labels)):
        chance = np.clip(judged.probabilities[:, n], 1e-9, 1 - 1e-9)
        chances = np.stack([1 - chance, chance], axis=1)
        has = judged.true[:, n].astype(np.int64)
        issues = find_label_issues(has, chances, n_jobs=1)
        scores = get_label_quality_scores(has, chances)
        suggested[issues, n] ^= True
        quality[issues] = np.minimum(quality[issues], scores[issues])
    return suggested, quality


def _suspicion(
    judged: Judged, n: int, suggested: Bools, quality: float, explain: Explain
) -> Suspicion:
    changed = judged.named(judged.true[n] != suggested)
    places = {label: i for i, label in enumerate(judged.labels)}
    return Suspicion(
        judged.rows[n],
        1.0 - float(quality),
        judged.named(suggested),
        {label: float(judged.probabilities[n, places[label]]) for label in changed},
        explain(judged.rows[n].text, changed),
    )
