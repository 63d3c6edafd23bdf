"""Folds for cross-validation: groups stay together, and the order of rows does not matter.

Rows are sorted by what they say, not by where they stand, so that the same corpus in another order
gives the same folds and the same model. Groups are dealt out one after the other, those with the
rarest label first, each to the fold that has fewest rows of that label: iterative stratification
(Sechidis, Tsoumakas and Vlahavas 2011), with groups in place of rows.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from training.corpus import Row


def canonical(rows: Sequence[Row]) -> list[Row]:
    """The rows in an order that hangs on their text, labels and id alone."""
    return sorted(rows, key=lambda row: (_stable(row.text), row.labels, row.weight, row.id))


def group_of(row: Row) -> str:
    """What must not be parted: the group that the corpus names, else the text itself."""
    return f"group {row.group}" if row.group else f"text {_stable(row.text)}"


def assign_folds(
    rows: Sequence[Row], folds: int, copies: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """The fold of each row, 0 to folds - 1, shape (rows,).

    Args:
        rows: the corpus.
        folds: how many.
        copies: a number for each row, equal where rows are copies of each other; shape (rows,).
            They may be parted where a label would stand in one fold only and could not be learnt.
    """
    fold_of = _dealt(rows, folds, _groups(rows, copies))
    if copies is not None and _in_one_fold(rows, fold_of):
        return _dealt(rows, folds, _groups(rows, None))
    return fold_of


def _in_one_fold(rows: Sequence[Row], fold_of: NDArray[np.int64]) -> bool:
    """Whether a label has all its rows in one fold."""
    found: dict[str, set[int]] = {}
    for row, fold in zip(rows, fold_of.tolist(), strict=True):
        for label in row.labels:
            found.setdefault(label, set()).add(fold)
    return any(len(folds) == 1 for folds in found.values())


def _dealt(rows: Sequence[Row], folds: int, groups: list[list[int]]) -> NDArray[np.int64]:
    """The fold of each row, groups dealt out one after the other."""
    counts = Counter(label for row in rows for label in _labels(row))
    # Rarest first: while there is room everywhere.
    rarest = [
        sorted(
            {label for i in members for label in _labels(rows[i])},
            key=lambda label: (counts[label], label),
        )
        for members in groups
    ]
    order = sorted(
        range(len(groups)),
        key=lambda g: (counts[rarest[g][0]], min(_stable(rows[i].text) for i in groups[g])),
    )
    loads = {label: np.zeros(folds, np.int64) for label in counts}
    total = np.zeros(folds, np.int64)
    fold_of = np.zeros(len(rows), np.int64)
    for group in order:
        members = groups[group]
        # Fewest of the rarest label first, then of the others, then fewest rows altogether.
        keys = [total, *(loads[label] for label in reversed(rarest[group]))]
        fold = int(np.lexsort(keys)[0])
        fold_of[members] = fold
        total[fold] += len(members)
        for i in members:
            for label in _labels(rows[i]):
                loads[label][fold] += 1
    return fold_of


def _labels(row: Row) -> tuple[str, ...]:
    """The labels of a row; to have none is one of its own."""
    return row.labels or ("",)


def _groups(rows: Sequence[Row], copies: NDArray[np.int64] | None) -> list[list[int]]:
    """The rows that must stay together, directly or by way of others."""
    names = [[group_of(row)] for row in rows]
    if copies is not None:
        for name, copy in zip(names, copies.tolist(), strict=True):
            name.append(f"copy {copy}")
    numbers = {name: n for n, name in enumerate(dict.fromkeys(chain.from_iterable(names)))}
    heads = np.repeat(np.arange(len(rows)), [len(some) for some in names])
    tails = np.array([numbers[name] for name in chain.from_iterable(names)], np.int64) + len(rows)
    size = len(rows) + len(numbers)
    graph = sparse.coo_array((np.ones(len(heads)), (heads, tails)), shape=(size, size))
    _, component_of = sparse.csgraph.connected_components(graph, directed=False)
    groups: dict[int, list[int]] = {}
    for i, component in enumerate(component_of[: len(rows)].tolist()):
        groups.setdefault(component, []).append(i)
    return list(groups.values())


def _stable(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
