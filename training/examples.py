"""The rows of a corpus as examples to learn from, or why nothing can be learnt from them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.corpus import Corpus, Row
from training.errors import TooLittleError
from training.folds import canonical

FEWEST_EXAMPLES = 5
"""A label with fewer rows than this cannot be learnt, nor its threshold chosen."""

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Examples:
    """What there is to learn.

    Attributes:
        rows: in an order that does not hang on that of the corpus.
        labels: the ids by column.
        targets: which rows have which labels, shape (rows, labels).
        weights: how much each row counts, shape (rows,).
    """

    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    targets: NDArray[np.bool_]
    weights: NDArray[np.float32]

    @classmethod
    def of(cls, corpus: Corpus) -> "Examples":
        """The examples of a corpus.

        Raises:
            TooLittleError: too few labels or too few examples of one.
        """
        rows = canonical(corpus.rows)
        labels = _learnable(rows, corpus.codebook.ids)
        targets = np.array([[label in row.labels for label in labels] for row in rows])
        weights = np.array([row.weight for row in rows], np.float32)
        return cls(tuple(rows), tuple(labels), targets, weights)

    def part(self, rows: NDArray[np.intp]) -> "Examples":
        """Some of the rows alone, shape (rows chosen,)."""
        return Examples(
            tuple(self.rows[row] for row in rows.tolist()),
            self.labels,
            self.targets[rows],
            self.weights[rows],
        )

    @property
    def texts(self) -> list[str]:
        """The texts of the rows."""
        return [row.text for row in self.rows]


@dataclass(frozen=True, slots=True)
class Lack:
    """What labels lack to be learnt; nothing where all of it is empty.

    Attributes:
        alone: there is one label, and every row has it.
        few: how many rows a label has, of those that have too few.
        everywhere: labels that every row has.
    """

    alone: bool
    few: Mapping[str, int]
    everywhere: Sequence[str]


def lacking(rows: Sequence[Row], labels: Sequence[str]) -> Lack:
    """What these labels lack in these rows."""
    counts = Counter(label for row in rows for label in row.labels)
    if len(labels) < 2 and all(row.labels for row in rows):
        return Lack(True, {}, ())
    few = {label: counts[label] for label in labels if counts[label] < FEWEST_EXAMPLES}
    return Lack(False, few, [label for label in labels if counts[label] == len(rows)])


def _learnable(rows: Sequence[Row], labels: Sequence[str]) -> Sequence[str]:
    """The labels, when each can be learnt.

    Raises:
        TooLittleError: names what there is too little of, and how much there is.
    """
    if not rows:
        raise TooLittleError("语料是空的，无法训练。")
    lack = lacking(rows, labels)
    if lack.alone:
        raise TooLittleError("语料只有一个标签，而且每段都有它：没有可以区分的东西。")
    if few := [f"{label}（{count} 段）" for label, count in lack.few.items()]:
        raise TooLittleError(
            f"每个标签至少要有 {FEWEST_EXAMPLES} 段，"
            f"这 {len(few)} 个不够：{'、'.join(few[:_SHOWN])}{'……' if few[_SHOWN:] else ''}。"
            "请补充语料，或用 --codebook 去掉这些标签。"
        )
    if lack.everywhere:
        raise TooLittleError(f"每段都有标签 {'、'.join(lack.everywhere)}：没有反例，学不到它。")
    return labels
