"""Which rows are near copies of each other, quickly enough for every training.

MinHash with banding (Broder 1997) over the features of the matrix. `checks` looks more closely, at
the characters themselves, and names the rows; this only keeps reprints from standing on both sides
of a fold.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from training.checks import NEAR
from training.counting import side_by_side

_BANDS = 8
_HASHES_A_BAND = 3


def near_copies(matrix: sparse.csr_array, jobs: int = 1) -> NDArray[np.int64]:
    """A number for each row, equal where rows are near copies, directly or by way of others.

    Args:
        matrix: shape (rows, features); what is stored counts as there.
        jobs: how many threads.

    Returns:
        Shape (rows,).
    """
    found = side_by_side(lambda band: _neighbours(_signature(matrix, band)), range(_BANDS), jobs)
    pairs = np.unique(np.concatenate(found), axis=0)
    pairs = pairs[_similarities(matrix, pairs) >= NEAR]
    rows = matrix.shape[0]
    graph = sparse.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(rows, rows))
    _, cluster_of = sparse.csgraph.connected_components(graph, directed=False)
    return np.asarray(cluster_of, np.int64)


def _signature(matrix: sparse.csr_array, band: int) -> NDArray[np.uint64]:
    """A number a row; similar rows have equal ones in some band."""
    filled = np.flatnonzero(np.diff(matrix.indptr))
    features = np.arange(matrix.shape[1], dtype=np.uint64)
    # Rows without features are like no other row.
    signature = np.arange(matrix.shape[0], dtype=np.uint64)
    signature[filled] = 0
    for number in range(_HASHES_A_BAND):
        # Half of a hash is enough, and half as much to read.
        hashes = _mixed(features, band * _HASHES_A_BAND + number + 1).astype(np.uint32)
        least = np.minimum.reduceat(hashes.take(matrix.indices), matrix.indptr[filled])
        signature[filled] = signature[filled] * np.uint64(0x100000001B3) + least
    return signature


def _mixed(values: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """The values in another order: the finish of splitmix64 (Steele, Lea and Flood 2014)."""
    mixed = values + np.uint64(seed) * np.uint64(0x9E3779B9)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _neighbours(signature: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Rows with equal signatures, each with the next one, shape (pairs, 2)."""
    order = np.argsort(signature, kind="stable")
    equal = np.flatnonzero(signature[order][1:] == signature[order][:-1])
    return np.stack([order[equal], order[equal + 1]], axis=1)


def _similarities(matrix: sparse.csr_array, pairs: NDArray[np.intp]) -> NDArray[np.float64]:
    """The Jaccard similarity of the features of each pair of rows."""
    present = sparse.csr_array(
        (np.ones(matrix.nnz, np.float32), matrix.indices, matrix.indptr), shape=matrix.shape
    )
    sizes = np.diff(matrix.indptr)
    shared = present[pairs[:, 0]].multiply(present[pairs[:, 1]])
    both = np.asarray(shared @ np.ones(matrix.shape[1]), np.float64)
    similarities: NDArray[np.float64] = both / np.maximum(sizes[pairs].sum(axis=1) - both, 1)
    return similarities
