"""How good a model is on an archive, from paragraphs drawn at random and labelled by people.

Shares have Wilson's interval (1927), which holds also for few rows and for shares near 0 and 1
(Brown, Cai and DasGupta 2001). F1 is no share, so whole documents are drawn again (Efron 1979;
Field and Welsh 2007).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from service.workbench.errors import WorkbenchError

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

FEWEST_ROWS = 20
"""With fewer paragraphs nothing is said at all."""

FEWEST_OF_THEME = 5
"""A share of fewer paragraphs than this is not told."""

ROUNDS = 2000

_Z = 1.959963984540054
"""The standard normal distribution's 97.5 % point: intervals are of 95 %."""


class TooFewError(WorkbenchError):
    """Too few paragraphs to say anything."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        super().__init__(f"随机抽出并已定标签的只有 {rows} 段，至少要 {FEWEST_ROWS} 段才能估计")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, 0 to 1, with its 95 % interval, and of how many paragraphs it speaks."""

    value: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True, slots=True)
class ThemeAccuracy:
    """How good a model is at one theme; None where there are too few paragraphs to say.

    Attributes:
        true, given: how many paragraphs have the theme, and how many got it from the model.
        precision: of those that got it, how many have it.
        recall: of those that have it, how many got it.
    """

    label: str
    true: int
    given: int
    precision: Estimate | None
    recall: Estimate | None
    f1: Estimate | None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How good a model is.

    Attributes:
        rows, documents: how many paragraphs were judged, and of how many documents they are.
        exact: how many got exactly their labels.
        macro_f1: the mean of F1 over the themes of which something can be said.
        themes: in the order of the labels.
    """

    rows: int
    documents: int
    exact: Estimate
    macro_f1: Estimate | None
    themes: tuple[ThemeAccuracy, ...]

    @property
    def more(self) -> int:
        """How many more paragraphs would halve the intervals, about.

        They narrow with the root of their number, so it takes four times as many.
        """
        return 3 * self.rows


def accuracy(
    true: Bools, given: Bools, labels: Sequence[str], documents: Sequence[str]
) -> Accuracy:
    """Hold what a model gave against what people decided.

    Args:
        true, given: shape (rows, labels).
        labels: the ids by column.
        documents: what each row's document is called; rows of one are drawn together.

    Raises:
        TooFewError: fewer rows than `FEWEST_ROWS`.
    """
    if len(true) < FEWEST_ROWS:
        raise TooFewError(len(true))
    sums, count = _drawn(true, given, documents)
    hit = (true & given).sum(axis=0)
    themes = tuple(
        _theme(label, int(hit[n]), int(true[:, n].sum()), int(given[:, n].sum()), sums[..., n])
        for n, label in enumerate(labels)
    )
    right = int((true == given).all(axis=1).sum())
    told = [n for n, theme in enumerate(themes) if theme.f1 is not None]
    macro = _macro([themes[n].f1 for n in told], sums[..., told], len(true)) if told else None
    return Accuracy(len(true), count, share(right, len(true)), macro, themes)


def share(part: int, whole: int) -> Estimate:
    """A share with Wilson's interval; `whole` is at least 1."""
    p = part / whole
    scale = 1 + _Z**2 / whole
    middle = (p + _Z**2 / (2 * whole)) / scale
    reach = _Z / scale * sqrt(p * (1 - p) / whole + _Z**2 / (4 * whole**2))
    # Rounding must not leave the figure outside its interval.
    return Estimate(p, min(p, max(0.0, middle - reach)), max(p, min(1.0, middle + reach)), whole)


def _theme(label: str, hit: int, true: int, given: int, sums: Floats) -> ThemeAccuracy:
    either = true + given - hit
    f1 = None
    if true >= FEWEST_OF_THEME and given:
        f1 = _f1(hit, either, sums)
    return ThemeAccuracy(
        label,
        true,
        given,
        share(hit, given) if given >= FEWEST_OF_THEME else None,
        share(hit, true) if true >= FEWEST_OF_THEME else None,
        f1,
    )


def _f1(hit: int, either: int, sums: Floats) -> Estimate:
    """F1 with its interval.

    Draws of rows without a mistake never hold one, so that their interval has no width. There F1's
    other face helps: it grows with the share of the hits among the rows where either says the
    theme, F1 = 2 share / (1 + share), and a share has Wilson's interval.
    """
    value = 2 * hit / (either + hit)
    low, high = _interval(_f1_of(sums))
    if low == high:
        wilson = share(hit, either)
        low, high = (2 * edge / (1 + edge) for edge in (wilson.low, wilson.high))
    return Estimate(value, min(low, value), max(high, value), either)


def _macro(each: Sequence[Estimate | None], sums: Floats, rows: int) -> Estimate:
    value = float(np.mean([one.value for one in each if one is not None]))
    low, high = _interval(_f1_of(sums).mean(axis=1))
    return Estimate(value, min(low, value), max(high, value), rows)


def _interval(values: Floats) -> tuple[float, float]:
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def _f1_of(sums: Floats) -> Floats:
    """F1 from sums of hits, true and given labels, which come first; not a number without any."""
    hit, true, given = sums[:, 0], sums[:, 1], sums[:, 2]
    found: Floats = np.divide(
        2 * hit, true + given, out=np.full(hit.shape, np.nan), where=true + given > 0
    )
    return found


def _drawn(true: Bools, given: Bools, documents: Sequence[str]) -> tuple[Floats, int]:
    """Sums of hits, true and given labels over drawn documents, shape (rounds, 3, labels); and how
    many documents there are.
    """
    numbers = np.unique(np.array(documents), return_inverse=True)[1]
    count = int(numbers.max()) + 1
    per_row = np.stack([true & given, true, given], axis=1).astype(np.float64)
    per_document = np.zeros((count, *per_row.shape[1:]))
    np.add.at(per_document, numbers, per_row)
    drawn = np.random.default_rng(0).integers(0, count, (ROUNDS, count))
    times = np.apply_along_axis(np.bincount, 1, drawn, minlength=count).astype(np.float64)
    return np.tensordot(times, per_document, 1), count
