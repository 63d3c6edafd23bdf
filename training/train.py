"""A training from beginning to end: corpus in, artifact out."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from model.artifact import write_artifact
from model.features import Floats
from training.account import cross_validated, files
from training.contents import Learnt, content, manifest
from training.copies import near_copies
from training.corpus import Corpus
from training.curve import learning_curve
from training.decide import cross_decided, fit_rule
from training.examples import Examples
from training.features import Features, build_features
from training.fit import fit_linear, folded, out_of_fold
from training.folds import assign_folds
from training.judged import Judged
from training.parameters import Parameters
from training.search import search
from training.source import Source
from training.trials import Tried

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
        budget: look for better parameters first, so long that all is done in so many seconds; None
            does not.

    Raises:
        TooLittleError: too few labels or too few examples of one.
    """
    # A sum that is shared among BLAS threads is rounded as their number has it.
    began = time.monotonic()
    with threadpool_limits(1):
        course = _Course(
            Examples.of(corpus), Source.bundled(), progress, jobs or os.cpu_count() or 1
        )
        settled, tried = course.settled(parameters), list[Tried]()
        if budget is not None:
            settled, tried = course.searched(settled, budget - (time.monotonic() - began))
        return course.finished(corpus, store, settled, tried)


@dataclass(frozen=True, slots=True)
class _Held:
    """What cross-validation gave.

    Attributes:
        fold_of: the fold of each row, shape (rows,).
        margins: of each row by a classifier that had not seen it, shape (rows, labels).
    """

    fold_of: NDArray[np.int64]
    margins: Floats


@dataclass(frozen=True, slots=True)
class _Course:
    """A training under way: what it learns from, with how many threads, and who watches."""

    examples: Examples
    source: Source
    progress: Progress
    jobs: int

    def settled(self, parameters: Parameters) -> Parameters:
        """The parameters with what hangs on the corpus."""
        texts = self.examples.texts
        return parameters.settled(len(texts), self.source.titled_share(texts))

    def searched(self, parameters: Parameters, budget: float) -> tuple[Parameters, list[Tried]]:
        """Better parameters, where they are found in time, and what was tried."""
        return search(
            self.examples,
            self.source,
            parameters,
            budget,
            self.jobs,
            lambda done, total: self.progress("搜索参数（秒）", done, total),
        )

    def finished(
        self, corpus: Corpus, store: Path, parameters: Parameters, tried: list[Tried]
    ) -> Trained:
        """Learn with these parameters, measure, and write it all down."""
        features = self._features(parameters)
        held = self._held(features, parameters)
        learnt = self._learnt(features, held, parameters)
        judged = self._judged(held, parameters)
        metrics = cross_validated(judged, self._curve(features, held, parameters))
        metrics |= learnt.rule.description(parameters)
        if tried:
            metrics["search"] = [one.as_dict() for one in tried]
            metrics["parameters"] = parameters.as_dict()
        inside = content(corpus, self.source, learnt)
        about = manifest(corpus, self.examples, self.source.words, parameters, judged.probabilities)
        described = files(inside, about, metrics, judged, corpus.codebook)
        return Trained(write_artifact(store, inside, about, described), metrics, judged)

    def _features(self, parameters: Parameters) -> Features:
        self.progress("分词与特征", 0, 1)
        reader = self.source.reader(parameters)
        features = build_features(reader, self.examples.texts, parameters, self.jobs)
        self.progress("分词与特征", 1, 1)
        return features

    def _held(self, features: Features, parameters: Parameters) -> _Held:
        copies = near_copies(features.matrix, self.jobs)
        fold_of = assign_folds(self.examples.rows, parameters.folds or 2, copies)
        margins = out_of_fold(
            folded(features.matrix, fold_of),
            self.examples.targets,
            self.examples.weights,
            parameters,
            self.jobs,
            lambda done, total: self.progress("交叉验证", done, total),
        )
        return _Held(fold_of, margins)

    def _learnt(self, features: Features, held: _Held, parameters: Parameters) -> Learnt:
        examples = self.examples
        rule = fit_rule(held.margins, examples.targets, held.fold_of, examples.labels, parameters)
        weights, intercepts = fit_linear(
            features.matrix,
            examples.targets,
            examples.weights,
            parameters,
            self.jobs,
            lambda done, total: self.progress("训练分类器", done, total),
        )
        return Learnt(features, weights, intercepts, rule, parameters)

    def _judged(self, held: _Held, parameters: Parameters) -> Judged:
        examples = self.examples
        given, unsure, probabilities = cross_decided(
            held.margins, examples.targets, held.fold_of, examples.labels, parameters
        )
        return Judged.marked(examples.rows, examples.labels, given, unsure, probabilities)

    def _curve(
        self, features: Features, held: _Held, parameters: Parameters
    ) -> list[dict[str, float]]:
        return learning_curve(
            features.matrix,
            self.examples.targets,
            held.fold_of,
            held.margins,
            lambda rows: fit_linear(
                features.matrix[rows],
                self.examples.targets[rows],
                self.examples.weights[rows],
                parameters,
                self.jobs,
                lambda *_: None,
            ),
        )
