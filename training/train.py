"""A training from beginning to end: corpus in, artifact out."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from model.artifact import FORMAT, write_artifact
from model.bundled import bundled
from model.calibration import Sigmoids
from model.classifier import library_versions
from model.decision import Thresholds
from model.distribution import histogram, shares
from model.features import Floats
from model.grams import GramRanges, GramReader
from model.normalisation import Normaliser
from model.segmentation import load_segmenter, read_words, word_frequencies
from training.account import cross_validated, files
from training.corpus import Corpus, Row
from training.curve import learning_curve
from training.decide import BAND_ERROR, band, best_threshold, fit_sigmoids
from training.errors import TooLittleError
from training.features import Features, build_features
from training.fit import fit_linear, out_of_fold
from training.folds import assign_folds, canonical
from training.judged import Judged
from training.parameters import Parameters

FEWEST_EXAMPLES = 5
"""A label with fewer rows than this cannot be learnt, nor its threshold chosen."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, and how many of how many steps are."""


def silent(_what: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training gives back.

    Attributes:
        version: the artifact's version in the store.
        metrics: the figures of the cross-validation.
        judged: what was said of each row by a classifier that had not seen it.
    """

    version: str
    metrics: dict[str, Any]
    judged: Judged


def train(
    corpus: Corpus,
    store: Path,
    parameters: Parameters,
    progress: Progress = silent,
    jobs: int | None = None,
) -> Trained:
    """Train on a corpus and write the artifact into a store.

    Raises:
        TooLittleError: too few labels or too few examples of one.
    """
    # A sum that is shared among BLAS threads is rounded as their number has it.
    with threadpool_limits(1):
        return _train(corpus, store, parameters, progress, jobs or os.cpu_count() or 1)


def _train(
    corpus: Corpus, store: Path, parameters: Parameters, progress: Progress, jobs: int
) -> Trained:
    rows = canonical(corpus.rows)
    labels = learnable_labels(corpus)
    targets = np.array([[label in row.labels for label in labels] for row in rows])

    progress("分词与特征", 0, 1)
    characters = read_characters(bundled("characters.txt"))
    normaliser = Normaliser(*characters)
    words = word_frequencies(normaliser([w]).text for w in read_words(bundled("words.txt")))
    reader = GramReader(
        normaliser,
        load_segmenter(words),
        GramRanges(parameters.words, parameters.characters),
    )
    features = build_features(reader, [row.text for row in rows], parameters)
    progress("分词与特征", 1, 1)

    fold_of = assign_folds(rows, parameters.folds)
    margins = out_of_fold(
        features.matrix,
        targets,
        fold_of,
        parameters,
        jobs,
        lambda done, total: progress("交叉验证", done, total),
    )
    decision = _decide(margins, targets)
    weights, intercepts = fit_linear(
        features.matrix,
        targets,
        parameters,
        jobs,
        lambda done, total: progress("训练分类器", done, total),
    )
    content = _content(corpus, features, parameters) | {
        "labels": labels,
        "words": list(words),
        "frequencies": list(words.values()),
        "traditional": characters[0],
        "simplified": characters[1],
        "weights": weights,
        "intercepts": list(intercepts),
        **decision,
    }
    rule, probabilities = _rule(margins, labels, decision)
    judged = Judged.of(rows, labels, rule.decide(probabilities))
    curve = learning_curve(
        features.matrix,
        targets,
        fold_of,
        margins,
        lambda some, true: fit_linear(some, true, parameters, jobs, lambda *_: None),
    )
    metrics = cross_validated(judged, curve) | {
        "thresholds": dict(zip(labels, decision["thresholds"], strict=True)),
        "bands": dict(zip(labels, decision["bands"], strict=True)),
        "band_error": BAND_ERROR,
    }
    manifest = _manifest(corpus, rows, labels, words, parameters)
    manifest["score_shares"] = {
        label: shares(some)
        for label, some in zip(labels, histogram(probabilities).tolist(), strict=True)
    }
    described = files(content, manifest, metrics, judged, corpus.codebook)
    version = write_artifact(store, content, manifest, described)
    return Trained(version, metrics, judged)


def learnable_labels(corpus: Corpus) -> list[str]:
    """The labels of the codebook, when each can be learnt.

    Raises:
        TooLittleError: names what there is too little of, and how much there is.
    """
    if not corpus.rows:
        raise TooLittleError("语料是空的，无法训练。")
    counts = Counter(label for row in corpus.rows for label in row.labels)
    labels = list(corpus.codebook.ids)
    if len(labels) < 2 and all(row.labels for row in corpus.rows):
        raise TooLittleError("语料只有一个标签，而且每段都有它：没有可以区分的东西。")
    few = [f"{label}（{counts[label]} 段）" for label in labels if counts[label] < FEWEST_EXAMPLES]
    if few:
        raise TooLittleError(
            f"每个标签至少要有 {FEWEST_EXAMPLES} 段，这些不够：{'、'.join(few)}。"
            "请补充语料，或用 --codebook 去掉这些标签。"
        )
    everywhere = [label for label in labels if counts[label] == len(corpus.rows)]
    if everywhere:
        raise TooLittleError(f"每段都有标签 {'、'.join(everywhere)}：没有反例，学不到它。")
    return labels


def read_characters(path: Path) -> tuple[str, str]:
    """Traditional characters and, in the same order, their simplified forms."""
    pairs = [
        line.strip()
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    return "".join(pair[0] for pair in pairs), "".join(pair[1] for pair in pairs)


def _decide(margins: Floats, targets: NDArray[np.bool_]) -> dict[str, list[Any]]:
    sigmoids = fit_sigmoids(margins, targets)
    probabilities = sigmoids.probabilities(margins)
    thresholds, bands = [], []
    for label in range(targets.shape[1]):
        mine = probabilities[:, label], targets[:, label]
        thresholds.append(best_threshold(*mine))
        bands.append(list(band(*mine, thresholds[-1])))
    return {
        "slopes": sigmoids.slopes.tolist(),
        "offsets": sigmoids.offsets.tolist(),
        "thresholds": thresholds,
        "bands": bands,
    }


def _content(corpus: Corpus, features: Features, parameters: Parameters) -> dict[str, Any]:
    vocabulary = features.vocabulary
    return {
        "format": FORMAT,
        "codebook": corpus.codebook.summary(),
        "ranges": {"words": list(parameters.words), "characters": list(parameters.characters)},
        "seed": features.reader.seed,
        "sublinear": parameters.sublinear,
        "vocabulary": {
            "hashes": vocabulary.hashes,
            "numbers": vocabulary.numbers,
            "homes": vocabulary.homes,
            "terms": features.terms.text,
            "term_bounds": features.terms.bounds,
        },
        "idf": features.weighting.idf,
        "block_ends": list(features.weighting.block_ends),
    }


def _rule(
    margins: Floats, labels: Sequence[str], decision: dict[str, Any]
) -> tuple[Thresholds, Floats]:
    """The decision rule and the probabilities of rows with these margins."""
    sigmoids = Sigmoids(np.array(decision["slopes"]), np.array(decision["offsets"]))
    bands = tuple((low, high) for low, high in decision["bands"])
    rule = Thresholds(tuple(labels), tuple(decision["thresholds"]), bands)
    return rule, sigmoids.probabilities(margins)


def _manifest(
    corpus: Corpus,
    rows: Sequence[Row],
    labels: Sequence[str],
    words: dict[str, int],
    parameters: Parameters,
) -> dict[str, Any]:
    counts = Counter(label for row in rows for label in row.labels)
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
    }


def _digest(content: Any) -> str:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
