"""The learning curve: how good the classifier is when it learns from a part of the corpus.

Rows are in an order that hangs on hashes of their texts, so the first of them are a random part.
One fold is the test, the others are learnt from; what is measured is F1 at the classifier's own
boundary, margin 0 (or the largest margin where every row has one label), so that the points of a
curve can be held against each other; they are not the figures of the finished model.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from model.features import Floats
from training.judged import Bools
from training.metrics import macro_f1

PARTS = (0.125, 0.25, 0.5)

Fit = Callable[[NDArray[np.intp]], tuple[NDArray[np.float32], Floats]]
"""From rows to the classifier that learns from them: weights, shape (features, labels), and
intercepts, shape (labels,)."""


def learning_curve(
    matrix: sparse.csr_array,
    targets: Bools,
    fold_of: NDArray[np.int64],
    margins: Floats,
    fit: Fit,
) -> list[dict[str, float]]:
    """Rows learnt from and macro-F1 on the first fold, fewest rows first.

    Args:
        matrix, targets: the corpus, shape (rows, features) and (rows, labels).
        fold_of: the fold of each row.
        margins: out-of-fold margins of the whole corpus: the last point costs nothing.
        fit: the classifier.
    """
    test = fold_of == 0
    pool = np.flatnonzero(~test)
    points = []
    for part in PARTS:
        mine = pool[: round(part * len(pool))]
        positives = targets[mine].sum(axis=0)
        if (positives < 2).any() or (positives > len(mine) - 2).any():
            continue
        weights, intercepts = fit(mine)
        points.append((len(mine), matrix[test] @ weights + intercepts))
    points.append((len(pool), margins[test]))
    one = bool((targets.sum(axis=1) == 1).all())
    return [
        {"rows": rows, "macro_f1": macro_f1(_given(some, one), targets[test])}
        for rows, some in points
    ]


def _given(margins: Floats, one: bool) -> Bools:
    given: Bools = margins > 0
    if one:
        given = margins == margins.max(axis=1, keepdims=True)
    return given
