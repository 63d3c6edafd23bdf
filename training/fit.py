"""Fitting: one linear support vector machine a label; margins of rows that it has not seen.

Features weigh the same as at serving. Fits are independent of each other and draw no random
numbers, so that one core or two give the same bytes.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.svm import LinearSVC

from model.features import Floats
from training.parameters import Parameters

Done = Callable[[int, int], None]


def fit_label(
    matrix: sparse.csr_array, positive: NDArray[np.bool_], parameters: Parameters
) -> tuple[Floats, float]:
    """The weights, shape (features,), and the intercept of one label."""
    classifier = LinearSVC(
        C=parameters.c,
        class_weight="balanced" if parameters.balanced else None,
        # The dual solver draws from one generator that all threads share, and so gives other bytes
        # every time; the primal one (trust region Newton) draws nothing.
        dual=False,
        max_iter=2000,
    )
    classifier.fit(matrix, positive)
    return classifier.coef_[0], float(classifier.intercept_[0])


def fit_linear(
    matrix: sparse.csr_array,
    targets: NDArray[np.bool_],
    parameters: Parameters,
    jobs: int,
    done: Done,
) -> tuple[NDArray[np.float32], Floats]:
    """Weights, shape (features, labels), float32, and intercepts, shape (labels,).

    Args:
        matrix: shape (rows, features).
        targets: shape (rows, labels).
        parameters: the classifier's settings.
        jobs: how many threads.
        done: told how many of how many fits are done.
    """
    fits = _run(
        [(matrix, targets[:, label], parameters) for label in range(targets.shape[1])], jobs, done
    )
    weights = np.stack([weights for weights, _ in fits], axis=1).astype(np.float32)
    return weights, np.array([intercept for _, intercept in fits])


def out_of_fold(
    matrix: sparse.csr_array,
    targets: NDArray[np.bool_],
    fold_of: NDArray[np.int64],
    parameters: Parameters,
    jobs: int,
    done: Done,
) -> Floats:
    """The margin of each row under a classifier that was trained without its fold.

    Returns:
        Shape (rows, labels).
    """
    margins = np.zeros(targets.shape, np.float64)
    cells = [
        (fold, label) for fold in range(int(fold_of.max()) + 1) for label in range(targets.shape[1])
    ]
    parts = {fold: matrix[fold_of != fold] for fold, _ in cells}
    fits = _run(
        [(parts[fold], targets[fold_of != fold, label], parameters) for fold, label in cells],
        jobs,
        done,
    )
    for (fold, label), (weights, intercept) in zip(cells, fits, strict=True):
        held = fold_of == fold
        margins[held, label] = matrix[held] @ weights + intercept
    return margins


def _run(
    tasks: list[tuple[sparse.csr_array, NDArray[np.bool_], Parameters]], jobs: int, done: Done
) -> list[tuple[Floats, float]]:
    # liblinear lets go of the GIL: threads share the matrix, processes would copy it.
    results = []
    with ThreadPoolExecutor(jobs) as pool:
        for fit in pool.map(lambda task: fit_label(*task), tasks):
            results.append(fit)
            done(len(results), len(tasks))
    return results
