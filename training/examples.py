"""The rows of a corpus as examples to learn from, or why nothing can be learnt from them."""

from collections import Counter
from collections.abc import Sequence
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
    """

    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    targets: NDArray[np.bool_]

    @classmethod
    def of(cls, corpus: Corpus) -> "Examples":
        """The examples of a corpus.

        Raises:
            TooLittleError: too few labels or too few examples of one.
        """
        rows = canonical(corpus.rows)
        labels = _learnable(rows, corpus.codebook.ids)
        targets = np.array([[label in row.labels for label in labels] for row in rows])
        return cls(tuple(rows), tuple(labels), targets)

    def part(self, rows: NDArray[np.intp]) -> "Examples":
        """Some of the rows alone, shape (rows chosen,)."""
        return Examples(
            tuple(self.rows[row] for row in rows.tolist()), self.labels, self.targets[rows]
        )

    @property
    def weights(self) -> NDArray[np.float32]:
        """How much each row counts, shape (rows,)."""
        return np.array([row.weight for row in self.rows], np.float32)

    @property
    def texts(self) -> list[str]:
        """The texts of the rows."""
        return [row.text for row in self.rows]


def _learnable(rows: Sequence[Row], labels: Sequence[str]) -> Sequence[str]:
    """The labels, when each can be learnt.

    Raises:
        TooLittleError: names what there is too little of, and how much there is.
    """
    if not rows:
        raise TooLittleError("语料是空的，无法训练。")
    counts = Counter(label for row in rows for label in row.labels)
    if len(labels) < 2 and all(row.labels for row in rows):
        raise TooLittleError("语料只有一个标签，而且每段都有它：没有可以区分的东西。")
    few = [f"{label}（{counts[label]} 段）" for label in labels if counts[label] < FEWEST_EXAMPLES]
    if few:
        raise TooLittleError(
            f"每个标签至少要有 {FEWEST_EXAMPLES} 段，"
            f"这 {len(few)} 个不够：{'、'.join(few[:_SHOWN])}{'……' if few[_SHOWN:] else ''}。"
            "请补充语料，或用 --codebook 去掉这些标签。"
        )
    everywhere = [label for label in labels if counts[label] == len(rows)]
    if everywhere:
        raise TooLittleError(f"每段都有标签 {'、'.join(everywhere)}：没有反例，学不到它。")
    return labels
