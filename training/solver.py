"""Linear classifiers of several labels at once: Newton's method with conjugate gradients.

For each label it minimises ½‖w‖² + ½b² + Σ cost × loss(margin, ±1), as liblinear does, with the
squared hinge loss (linear support vector machine), the logistic loss, or the squared loss (ridge).
The method is that of Keerthi and DeCoste, A Modified Finite Newton Method for Fast Solution of
Large Scale Linear SVMs (2005). Weights are a sum of rows throughout, and what is kept of them is
how much of each row: rows are fewer than features. All labels share each walk through the matrix,
features are scaled by label without a copy of it, and nothing is drawn at random.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from model.features import Floats

Singles = NDArray[np.float32]
Loss = Callable[[Singles, Singles], tuple[Singles, Singles, Singles]]
"""From margins and signs (±1) to the loss, its first and its second derivative by the margin."""

_STEPS = 30
_WALKS = 40
_HALVINGS = 20
_INNER = 0.1
"""A Newton step is good enough when what is left of the gradient is so small beside it."""


def squared_hinge(margins: Singles, signs: Singles) -> tuple[Singles, Singles, Singles]:
    """max(0, 1 - sign × margin)²."""
    short = np.maximum(1 - signs * margins, 0)
    return short * short, -2 * signs * short, 2 * (short > 0).astype(np.float32)


def logistic(margins: Singles, signs: Singles) -> tuple[Singles, Singles, Singles]:
    """ln(1 + exp(-sign × margin))."""
    right = signs * margins
    small = np.exp(-np.abs(right))
    wrong = np.where(right >= 0, small, 1) / (1 + small)
    return np.maximum(-right, 0) + np.log1p(small), -signs * wrong, wrong * (1 - wrong)


def squared(margins: Singles, signs: Singles) -> tuple[Singles, Singles, Singles]:
    """(margin - sign)²."""
    off = margins - signs
    return off * off, 2 * off, np.full_like(off, 2)


@dataclass(frozen=True, slots=True)
class Design:
    """A matrix of features by row and by column.

    Attributes:
        rows: shape (rows, features), float32.
        columns: its transpose, as rows of its own.
    """

    rows: sparse.csr_array
    columns: sparse.csr_array

    @classmethod
    def of(cls, matrix: sparse.csr_array) -> "Design":
        """The design of a matrix of shape (rows, features)."""
        rows = matrix.astype(np.float32)
        return cls(rows, rows.T.tocsr())


def solve(
    design: Design,
    signs: Singles,
    scales: Singles,
    costs: Singles,
    loss: Loss,
    tolerance: float = 0.02,
) -> tuple[Singles, Floats]:
    """Weights of the unscaled features, shape (features, labels), and intercepts, shape (labels,).

    Args:
        design: the features.
        signs: +1 or -1, shape (rows, labels).
        scales: what the features are multiplied with, shape (features, labels).
        costs: what a row's loss counts, shape (rows, labels).
        loss: one of those above.
        tolerance: stop when the gradient is so small beside that of zero weights, times the share
            of the rarer sign, as liblinear does.
    """
    squares = scales * scales

    def products(parts: Singles) -> Singles:
        """The products of all rows with a sum of rows that has so much of each."""
        found: Singles = design.rows @ (squares * (design.columns @ parts)) + parts.sum(axis=0)
        return found

    rare = 2 * np.minimum((signs > 0).mean(axis=0), (signs < 0).mean(axis=0))
    parts, margins = np.zeros_like(signs), np.zeros_like(signs)
    start: Floats | None = None
    for _ in range(_STEPS):
        _, slopes, bends = loss(margins, signs)
        downhill = -costs * slopes - parts
        reached = products(downhill)
        sizes = _dot(downhill, reached)
        start = sizes if start is None else start
        going = (sizes > (tolerance * rare) ** 2 * start).astype(np.float32)
        if not going.any():
            break
        step, moved = _newton_step(products, costs * bends, going * downhill, going * reached)
        share = _share(parts, margins, step, moved, signs, costs, loss)
        parts, margins = parts + share * step, margins + share * moved
    return squares * (design.columns @ parts), _total(parts)


def _newton_step(
    products: Callable[[Singles], Singles], bends: Singles, downhill: Singles, reached: Singles
) -> tuple[Singles, Singles]:
    """Roughly the solution of Hessian × step = downhill, and how it moves the margins."""
    step, moved = np.zeros_like(bends), np.zeros_like(bends)
    way, along = downhill, reached
    size = _dot(downhill, reached)
    enough = _INNER**2 * size
    for _ in range(_WALKS):
        bent = bends * along
        curved, far = way + bent, along + products(bent)
        length = _ratio(size, _dot(way, far))
        step, moved = step + length * way, moved + length * along
        downhill, reached = downhill - length * curved, reached - length * far
        fresh = _dot(downhill, reached)
        going = (fresh > enough).astype(np.float32)
        if not going.any():
            break
        onward = _ratio(fresh, size)
        way, along = going * (downhill + onward * way), going * (reached + onward * along)
        size = fresh * going
    return step, moved


def _share(
    parts: Singles,
    margins: Singles,
    step: Singles,
    moved: Singles,
    signs: Singles,
    costs: Singles,
    loss: Loss,
) -> Singles:
    """How much of a step to take, label by label: halved until the objective falls."""
    length, bend = _dot(step, margins), _dot(step, moved)
    value = _total(costs * loss(margins, signs)[0])
    # Sums of single precision cannot tell smaller differences.
    value += 1e-6 * (value + np.abs(_dot(parts, margins)))
    share = np.ones(len(value), np.float32)
    for _ in range(_HALVINGS):
        fresh = _total(costs * loss(margins + share * moved, signs)[0])
        rises = fresh + share * (length + 0.5 * share * bend) > value
        if not rises.any():
            break
        share[rises] *= 0.5
    return share


def _dot(first: Singles, second: Singles) -> Floats:
    return _total(first * second)


def _total(values: Singles) -> Floats:
    total: Floats = values.sum(axis=0, dtype=np.float64)
    return total


def _ratio(part: Floats, whole: Floats) -> Singles:
    ratio = np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
    return ratio.astype(np.float32)
