"""What a training puts into an artifact: the content of the model, and what describes it."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.artifact import FORMAT
from model.classifier import library_versions
from model.distribution import histogram, shares
from model.features import Floats
from training.corpus import Corpus
from training.decide import Rule
from training.examples import Examples
from training.features import Features
from training.parameters import Parameters
from training.solver import Singles
from training.source import Source


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a training has learnt.

    Attributes:
        features: the vocabulary and its weighting.
        weights: shape (features, labels).
        intercepts: shape (labels,).
        rule: from margins to decisions.
        parameters: how it was learnt.
    """

    features: Features
    weights: Singles
    intercepts: Floats
    rule: Rule
    parameters: Parameters


def content(corpus: Corpus, source: Source, learnt: Learnt) -> dict[str, Any]:
    """What goes into model.joblib."""
    features, parameters = learnt.features, learnt.parameters
    return {
        "format": FORMAT,
        "codebook": corpus.codebook.summary(),
        "labels": list(corpus.codebook.ids),
        **source.content(),
        "ranges": {"words": list(parameters.words), "characters": list(parameters.characters)},
        "title": parameters.title or 0,
        "seed": features.reader.seed,
        "sublinear": parameters.sublinear,
        "vocabulary": {
            **features.vocabulary.as_content(),
            "terms": features.terms.text,
            "term_bounds": features.terms.bounds,
        },
        "idf": features.weighting.idf,
        "block_ends": list(features.weighting.block_ends),
        "weights": learnt.weights,
        "intercepts": list(learnt.intercepts),
        **learnt.rule.content(),
    }


def manifest(
    corpus: Corpus,
    examples: Examples,
    words: Mapping[str, int],
    parameters: Parameters,
    probabilities: Floats,
) -> dict[str, Any]:
    """What describes the model.

    Args:
        corpus: with what was held out of it.
        examples: what was learnt from.
        words: the domain's, with their frequencies.
        parameters: how.
        probabilities: out of fold, shape (rows, labels).
    """
    rows, labels = examples.rows, examples.labels
    counts = Counter(label for row in rows for label in row.labels)
    found = histogram(np.asarray(probabilities)).tolist()
    return {
        "labels": list(labels),
        "codebook": corpus.codebook.version,
        "segmenter": "jieba dictionary, HMM off",
        "dictionary_sha256": _digest(sorted(words.items())),
        "parameters": parameters.as_dict(),
        "libraries": library_versions(),
        "corpus": {
            "sha256": _digest([(row.text, row.labels) for row in rows]),
            "rows": len(rows),
            "held_out": len(corpus.held_out),
            "none": sum(not row.labels for row in rows),
            "labels": {label: counts[label] for label in labels},
            "genres": dict(sorted(Counter(row.genre for row in rows).items())),
        },
        "score_shares": {label: shares(some) for label, some in zip(labels, found, strict=True)},
    }


def _digest(said: Any) -> str:
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
