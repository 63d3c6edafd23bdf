"""Folds for cross-validation: groups stay together, and the order of rows does not matter.

Rows are sorted by what they say, not by where they stand, so that the same corpus in another order
gives the same folds and the same model. Groups are dealt out one after the other, rarest label sets
first, each to the fold that has fewest rows of that label set: the idea of iterative
stratification (Sechidis, Tsoumakas and Vlahavas 2011) on whole label sets.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.corpus import Row


def canonical(rows: Sequence[Row]) -> list[Row]:
    """The rows in an order that hangs on their text, labels and id alone."""
    return sorted(rows, key=lambda row: (_stable(row.text), row.labels, row.id))


def group_of(row: Row) -> str:
    """What must not be parted: the group that the corpus names, else the text itself."""
    return f"group {row.group}" if row.group else f"text {_stable(row.text)}"


def assign_folds(rows: Sequence[Row], folds: int) -> NDArray[np.int64]:
    """The fold of each row, 0 to folds - 1, shape (rows,)."""
    groups: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        groups.setdefault(group_of(row), []).append(i)
    label_sets = Counter(rows[members[0]].labels for members in groups.values())
    order = sorted(groups, key=lambda g: (label_sets[rows[groups[g][0]].labels], _stable(g)))
    loads: dict[tuple[str, ...], NDArray[np.int64]] = {}
    total = np.zeros(folds, np.int64)
    fold_of = np.zeros(len(rows), np.int64)
    for group in order:
        members = groups[group]
        load = loads.setdefault(rows[members[0]].labels, np.zeros(folds, np.int64))
        # Fewest of this label set first, then fewest rows altogether, then the lowest number.
        fold = int(np.lexsort((total, load))[0])
        fold_of[members] = fold
        load[fold] += len(members)
        total[fold] += len(members)
    return fold_of


def _stable(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
