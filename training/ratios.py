"""How much a feature counts for a label before anything is fitted: log-count ratios.

The idea of S. Wang and C. Manning, Baselines and Bigrams (2012), called NB-SVM: a feature is
multiplied with the logarithm of how much more often it stands in rows with the label than in the
others. A floor is added to its size, so that the classifier may also use what the ratio thinks
little of. Scales go into the weights: at serving, nothing of this is left.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from training.solver import Singles

_SMOOTHING = 1.0


def log_count_ratios(matrix: sparse.csr_array, targets: NDArray[np.bool_]) -> Singles:
    """ln(share of rows with the label that have the feature / the same of rows without it).

    Args:
        matrix: shape (rows, features); what is stored counts as there.
        targets: shape (rows, labels).

    Returns:
        Shape (features, labels).
    """
    present = sparse.csr_array(
        (np.ones(matrix.nnz, np.float32), matrix.indices, matrix.indptr), shape=matrix.shape
    )
    rows = targets.sum(axis=0).astype(np.float32)
    inside = (present.T @ targets.astype(np.float32)) + _SMOOTHING
    all_rows = np.bincount(matrix.indices, minlength=matrix.shape[1]).astype(np.float32)
    outside = all_rows[:, None] - inside + 2 * _SMOOTHING
    odds = (len(targets) - rows + 2 * _SMOOTHING) / (rows + 2 * _SMOOTHING)
    ratios: Singles = np.log(inside / outside * odds)
    return ratios


def feature_scales(
    matrix: sparse.csr_array, targets: NDArray[np.bool_], floor: float | None
) -> Singles:
    """What to multiply features with, shape (features, labels).

    The mean squared length of a row is 1 afterwards, so that a C means the same everywhere.

    Args:
        matrix, targets: as above.
        floor: added to the sizes of the ratios; None for no ratios at all.
    """
    if floor is None:
        scales = np.ones((matrix.shape[1], targets.shape[1]), np.float32)
    else:
        scales = np.abs(log_count_ratios(matrix, targets)) + np.float32(floor)
    squares = np.bincount(
        matrix.indices, weights=np.square(matrix.data, dtype=np.float64), minlength=matrix.shape[1]
    )
    lengths = squares @ np.square(scales, dtype=np.float64) / matrix.shape[0]
    return (scales / np.sqrt(np.where(lengths > 0, lengths, 1.0))).astype(np.float32)
