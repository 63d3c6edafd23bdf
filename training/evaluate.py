"""How good a trained model is on a labelled corpus that it has not seen."""

from typing import Any

import numpy as np

from model.classifier import ThemeClassifier
from training.corpus import Corpus
from training.metrics import summary


def evaluate(classifier: ThemeClassifier, corpus: Corpus) -> dict[str, Any]:
    """All figures of a model, with the thresholds that it carries."""
    decisions = classifier.classify([row.text for row in corpus.rows])
    labels = classifier.labels
    given = np.array([[label in d.labels for label in labels] for d in decisions], bool)
    true = np.array([[label in row.labels for label in labels] for row in corpus.rows], bool)
    uncertain = sum(decision.status == "uncertain" for decision in decisions)
    return {
        "measured_on": "corpus",
        "model": classifier.version,
        **summary(given, true, labels),
        "uncertain_share": uncertain / len(decisions),
    }
