"""Fitting: linear classifiers, one a label; margins of rows that they have not seen.

Features weigh the same as at serving. Tasks are independent of each other and draw no random
numbers, so that one core or two give the same bytes.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from model.features import Floats
from training.parameters import Parameters
from training.ratios import feature_scales
from training.solver import Design, Loss, Singles, logistic, solve, squared, squared_hinge

Bools = NDArray[np.bool_]
Done = Callable[[int, int], None]
"""Told how many of how many fits are done; what it raises ends the others."""

_LABELS_AT_A_TIME = 16
_LOSSES: dict[str, tuple[Loss, ...]] = {
    "svm": (squared_hinge,),
    "logistic": (logistic,),
    "ridge": (squared,),
    "average": (squared_hinge, logistic, squared),
}
_LOGISTIC_C = 10.0
"""The logistic loss is that much flatter: with so many times the C it fits about as closely."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows to learn from, the labels to learn of them, and how much each row counts."""

    matrix: sparse.csr_array
    design: Design
    targets: Bools
    counts: Singles


def fit_linear(
    matrix: sparse.csr_array,
    targets: Bools,
    counts: Singles,
    parameters: Parameters,
    jobs: int,
    done: Done,
) -> tuple[Singles, Floats]:
    """Weights, shape (features, labels), float32, and intercepts, shape (labels,).

    Args:
        matrix: shape (rows, features).
        targets: shape (rows, labels).
        counts: how much each row's loss counts, shape (rows,).
        parameters: the classifier's settings.
        jobs: how many threads.
        done: told how many of how many fits are done.
    """
    design = Design.of(matrix)
    parts = [_Part(matrix, design, targets[:, some], counts) for some in _shares(targets.shape[1])]
    fits = _run(parts, parameters, jobs, done)
    return (
        np.concatenate([weights for weights, _ in fits], axis=1),
        np.concatenate([intercepts for _, intercepts in fits]),
    )


@dataclass(frozen=True, slots=True)
class Fold:
    """A fold that is held out, and the rows of the others, ready for any classifier.

    Attributes:
        held: which rows are held out, shape (rows,).
        asked: their features.
        seen: the features of the others.
        design: the same for the solver.
    """

    held: Bools
    asked: sparse.csr_array
    seen: sparse.csr_array
    design: Design


def folded(matrix: sparse.csr_array, fold_of: NDArray[np.int64]) -> list[Fold]:
    """The folds of a matrix; fold_of is the fold of each row, shape (rows,)."""
    folds = []
    for number in range(int(fold_of.max()) + 1):
        held = fold_of == number
        seen = matrix[~held]
        folds.append(Fold(held, matrix[held], seen, Design.of(seen)))
    return folds


def out_of_fold(
    folds: Sequence[Fold],
    targets: Bools,
    counts: Singles,
    parameters: Parameters,
    jobs: int,
    done: Done,
) -> Floats:
    """The margin of each row under a classifier that was trained without its fold.

    Args:
        folds: of the features.
        targets, counts, parameters, jobs, done: as above.

    Returns:
        Shape (rows, labels).
    """
    margins = np.zeros(targets.shape, np.float64)
    cells = [(fold, some) for fold in folds for some in _shares(targets.shape[1])]
    parts = [
        _Part(fold.seen, fold.design, targets[~fold.held][:, some], counts[~fold.held])
        for fold, some in cells
    ]
    fits = _run(parts, parameters, jobs, done)
    for (fold, some), (weights, intercepts) in zip(cells, fits, strict=True):
        margins[fold.held, some] = fold.asked @ weights + intercepts
    return margins


def _fit(part: _Part, parameters: Parameters) -> tuple[Singles, Floats]:
    """One classifier, or the mean of several whose margins are made equally large."""
    scales = feature_scales(part.matrix, part.targets, parameters.ratio_floor)
    signs = np.where(part.targets, 1, -1).astype(np.float32)
    losses = _LOSSES[parameters.classifier]
    weights, intercepts = np.zeros_like(scales), np.zeros(signs.shape[1])
    for loss in losses:
        costs = _costs(part.targets, parameters, loss) * part.counts[:, None]
        found, offsets = solve(part.design, signs, scales, costs, loss)
        size = (part.matrix @ found).std(axis=0) if len(losses) > 1 else np.ones(len(offsets))
        size = np.where(size > 0, size, 1.0) * len(losses)
        weights += (found / size).astype(np.float32)
        intercepts += offsets / size
    return weights, intercepts


def _costs(targets: Bools, parameters: Parameters, loss: Loss) -> Singles:
    """What each row counts for each label, shape (rows, labels)."""
    c = parameters.c * (_LOGISTIC_C if loss is logistic else 1.0)
    costs = np.full(targets.shape, c, np.float32)
    if parameters.balanced:
        share = np.maximum(targets.mean(axis=0), 1.0 / len(targets))
        costs *= np.where(targets, 0.5 / share, 0.5 / np.maximum(1 - share, 1.0 / len(targets)))
    return costs


def _shares(labels: int) -> Iterator[slice]:
    """Labels cut into shares: two at least where there are many, on any number of cores."""
    step = min(_LABELS_AT_A_TIME, max(4, -(-labels // 2)))
    for start in range(0, labels, step):
        yield slice(start, min(start + step, labels))


def _run(
    parts: Sequence[_Part], parameters: Parameters, jobs: int, done: Done
) -> list[tuple[Singles, Floats]]:
    # Products of sparse matrices let go of the GIL: threads share the matrix, processes copy it.
    results = []
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for fit in pool.map(lambda part: _fit(part, parameters), parts):
                results.append(fit)
                done(len(results), len(parts))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return results
