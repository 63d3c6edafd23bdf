import random
from collections import Counter

import numpy as np

from tests.small import small_corpus
from training.corpus import Row
from training.folds import assign_folds, canonical

ROWS = small_corpus().rows


def test_the_order_of_rows_makes_no_difference() -> None:
    shuffled = list(ROWS)
    random.Random(1).shuffle(shuffled)
    assert canonical(shuffled) == canonical(ROWS)


def test_groups_and_equal_texts_stay_together() -> None:
    rows = [Row(f"g{n}", f"第{n}句。", ("a",), group=str(n // 4)) for n in range(40)]
    rows += [Row(f"t{n}", "同一句话。", ("a",)) for n in range(6)]
    folds = assign_folds(rows, 5).tolist()
    by_group: dict[str, set[int]] = {}
    for row, fold in zip(rows, folds, strict=True):
        by_group.setdefault(row.group or row.text, set()).add(fold)
    assert all(len(folds) == 1 for folds in by_group.values())


def test_every_label_set_is_spread_over_the_folds() -> None:
    rows = [Row(f"{label}{n}", f"{label}{n}", (label,)) for label in "abc" for n in range(25)]
    found = Counter(
        (row.labels, fold) for row, fold in zip(rows, assign_folds(rows, 5).tolist(), strict=True)
    )
    assert set(found.values()) == {5}


def test_copies_stay_together_with_the_groups_of_their_fellows() -> None:
    """Copy 0 joins rows 0 and 1, group g joins rows 1 and 2: all three belong together."""
    rows = [Row(str(n), f"第{n}句。", ("ab"[n % 2],), group="g" * (n in (1, 2))) for n in range(30)]
    copies = np.array([0, 0, *range(2, 30)])
    folds = assign_folds(rows, 5, copies).tolist()
    assert folds[0] == folds[1] == folds[2]
    assert set(Counter(folds).values()) == {6}


def test_copies_are_parted_where_a_label_could_not_be_learnt_otherwise() -> None:
    rows = [Row(str(n), f"第{n}句。", ("ab"[n % 2],)) for n in range(20)]
    copies = np.arange(20) % 2
    folds = assign_folds(rows, 4, copies)
    assert set(folds[copies == 0].tolist()) == {0, 1, 2, 3}


def test_rare_labels_are_spread_although_they_never_come_alone() -> None:
    """Every label set is different, so that only looking at single labels can spread them."""
    rows = [Row(f"r{n}", f"第{n}句。", ("rare", f"with {n}")) for n in range(10)]
    rows += [Row(f"c{n}", f"又第{n}句。", (f"with {n % 10}",)) for n in range(90)]
    folds = assign_folds(rows, 5)
    found = Counter(
        fold for row, fold in zip(rows, folds.tolist(), strict=True) if "rare" in row.labels
    )
    assert set(found.values()) == {2}
