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
from threadpoolctl import threadpool_limits

from model.artifact import FORMAT, write_artifact
from model.bundled import bundled
from model.classifier import library_versions
from model.dictionary import Dictionary
from model.distribution import histogram, shares
from model.grams import GramRanges, GramReader
from model.lattice import Lattice
from model.normalisation import Normaliser
from model.segmentation import Segmenter, load_segmenter, read_words, word_frequencies
from training.account import cross_validated, files
from training.copies import near_copies
from training.corpus import Corpus, Row
from training.curve import learning_curve
from training.decide import cross_decided, fit_rule
from training.dictionary import build_dictionary
from training.errors import TooLittleError
from training.features import Features, build_features, titled_share
from training.fit import fit_linear, out_of_fold
from training.folds import assign_folds, canonical
from training.judged import Judged
from training.parameters import Parameters
from training.search import Tried, search

FEWEST_EXAMPLES = 5
"""A label with fewer rows than this cannot be learnt, nor its threshold chosen."""

_SHOWN = 20

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
    budget: float | None = None,
) -> Trained:
    """Train on a corpus and write the artifact into a store.

    Args:
        corpus: what to learn from.
        store: the folder of models.
        parameters: the settings; a search begins with them.
        progress: told how far it is.
        jobs: how many threads; None is one a core.
        budget: search so many seconds for better parameters first; None does not.

    Raises:
        TooLittleError: too few labels or too few examples of one.
    """
    # A sum that is shared among BLAS threads is rounded as their number has it.
    with threadpool_limits(1):
        return _train(corpus, store, parameters, progress, jobs or os.cpu_count() or 1, budget)


def _train(
    corpus: Corpus,
    store: Path,
    parameters: Parameters,
    progress: Progress,
    jobs: int,
    budget: float | None,
) -> Trained:
    rows = canonical(corpus.rows)
    labels = learnable_labels(corpus)
    targets = np.array([[label in row.labels for label in labels] for row in rows])

    source = _Source.bundled()
    titled = titled_share(source.normaliser, [row.text for row in rows])
    parameters = parameters.settled(len(rows), titled)

    def build(some: Sequence[Row], parameters: Parameters) -> Features:
        return build_features(source.reader(parameters), [row.text for row in some], parameters)

    tried: list[Tried] = []
    if budget is not None:
        parameters, tried = search(
            rows,
            targets,
            parameters,
            build,
            budget,
            jobs,
            lambda done, total: progress("搜索参数（秒）", done, total),
        )
    progress("分词与特征", 0, 1)
    features = build(rows, parameters)
    progress("分词与特征", 1, 1)

    fold_of = assign_folds(rows, parameters.folds or 2, near_copies(features.matrix))
    margins = out_of_fold(
        features.matrix,
        targets,
        fold_of,
        parameters,
        jobs,
        lambda done, total: progress("交叉验证", done, total),
    )
    rule = fit_rule(margins, targets, fold_of, labels, parameters)
    weights, intercepts = fit_linear(
        features.matrix,
        targets,
        parameters,
        jobs,
        lambda done, total: progress("训练分类器", done, total),
    )
    content = _content(corpus, features, parameters) | {
        "labels": labels,
        "words": list(source.words),
        "frequencies": list(source.words.values()),
        "dictionary": source.dictionary.as_content(),
        "traditional": source.characters[0],
        "simplified": source.characters[1],
        "weights": weights,
        "intercepts": list(intercepts),
        **rule.content(),
    }
    given, unsure, probabilities = cross_decided(margins, targets, fold_of, labels, parameters)
    judged = Judged.marked(rows, labels, given, unsure, probabilities)
    curve = learning_curve(
        features.matrix,
        targets,
        fold_of,
        margins,
        lambda some, true: fit_linear(some, true, parameters, jobs, lambda *_: None),
    )
    metrics = cross_validated(judged, curve) | rule.description(parameters)
    if tried:
        metrics["search"] = [one.as_dict() for one in tried]
    manifest = _manifest(corpus, rows, labels, source.words, parameters)
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
            f"每个标签至少要有 {FEWEST_EXAMPLES} 段，"
            f"这 {len(few)} 个不够：{'、'.join(few[:_SHOWN])}{'……' if few[_SHOWN:] else ''}。"
            "请补充语料，或用 --codebook 去掉这些标签。"
        )
    everywhere = [label for label in labels if counts[label] == len(corpus.rows)]
    if everywhere:
        raise TooLittleError(f"每段都有标签 {'、'.join(everywhere)}：没有反例，学不到它。")
    return labels


@dataclass(frozen=True, slots=True)
class _Source:
    """What texts are read with: words with their frequencies, the table of characters.

    Attributes:
        words: the domain words that the dictionary does not have, and how often they come.
        characters: traditional ones and, in the same order, their simplified forms.
        dictionary: jieba's words and these, compiled.
        normaliser, segmenter: made of them.
    """

    words: dict[str, int]
    characters: tuple[str, str]
    dictionary: Dictionary
    normaliser: Normaliser
    segmenter: Segmenter

    @classmethod
    def bundled(cls) -> "_Source":
        characters = read_characters(bundled("characters.txt"))
        normaliser = Normaliser(*characters)
        words = word_frequencies(normaliser([w]).text for w in read_words(bundled("words.txt")))
        dictionary = build_dictionary(words)
        segmenter = Segmenter(load_segmenter(words), Lattice(dictionary))
        return cls(words, characters, dictionary, normaliser, segmenter)

    def reader(self, parameters: Parameters) -> GramReader:
        ranges = GramRanges(parameters.words, parameters.characters)
        return GramReader(self.normaliser, self.segmenter, ranges)


def corpus_reader(parameters: Parameters) -> GramReader:
    """What a training with these parameters reads texts with."""
    return _Source.bundled().reader(parameters)


def read_characters(path: Path) -> tuple[str, str]:
    """Traditional characters and, in the same order, their simplified forms."""
    pairs = [
        line.strip()
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    return "".join(pair[0] for pair in pairs), "".join(pair[1] for pair in pairs)


def _content(corpus: Corpus, features: Features, parameters: Parameters) -> dict[str, Any]:
    vocabulary = features.vocabulary
    return {
        "format": FORMAT,
        "codebook": corpus.codebook.summary(),
        "ranges": {"words": list(parameters.words), "characters": list(parameters.characters)},
        "seed": features.reader.seed,
        "title": parameters.title,
        "sublinear": parameters.sublinear,
        "vocabulary": {
            **vocabulary.as_content(),
            "terms": features.terms.text,
            "term_bounds": features.terms.bounds,
        },
        "idf": features.weighting.idf,
        "block_ends": list(features.weighting.block_ends),
    }


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
