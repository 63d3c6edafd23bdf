import random
from collections import Counter

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
