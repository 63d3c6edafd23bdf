"""How good a trained model is on a labelled corpus that it has not seen."""

from collections.abc import Sequence
from typing import Any

from model.classifier import ThemeClassifier
from training.corpus import Corpus
from training.judged import Judged
from training.metrics import figures


def judge(classifier: ThemeClassifier, corpus: Corpus) -> Judged:
    """What a model says of a corpus, with the thresholds that it carries."""
    decisions = classifier.classify([row.text for row in corpus.rows])
    return Judged.of(corpus.rows, classifier.labels, decisions)


def measured(classifier: ThemeClassifier, judged: Judged, by: Sequence[str] = ()) -> dict[str, Any]:
    """All figures of what a model said.

    Raises:
        ColumnError: no such column to break them down by.
    """
    return {
        "measured_on": "corpus",
        "model": classifier.version,
        **figures(judged, by),
        "thresholds": dict(zip(classifier.labels, classifier.thresholds.at, strict=True)),
    }


def evaluate(classifier: ThemeClassifier, corpus: Corpus, by: Sequence[str] = ()) -> dict[str, Any]:
    """All figures of a model on a corpus, with the thresholds that it carries."""
    return measured(classifier, judge(classifier, corpus), by)
