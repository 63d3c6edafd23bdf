"""How candidates of a search did, and whether one is better than luck would have it."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.features import Floats
from training.parameters import Parameters

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Tried:
    """A candidate and how it did.

    Attributes:
        parameters: what was tried.
        rows: on how many rows.
        macro_f1: cross-validated, each threshold chosen on other rows.
        influences: what each row adds to that beyond its share, shape (rows,).
        seconds: what fitting and deciding took.
    """

    parameters: Parameters
    rows: int
    macro_f1: float
    influences: Floats = field(repr=False, compare=False)
    seconds: float

    def clearly_better(self, other: "Tried", compared: int) -> bool:
        """Whether it is better than luck makes the best of so many that are equally good.

        The standard error of the difference is that of the infinitesimal jackknife (Efron 1982);
        the best of n equals stands about √(2 ln n) of them above the others.
        """
        error = math.sqrt(float(np.square(self.influences - other.influences).sum()))
        luck = math.sqrt(2 * math.log(max(compared, 2)))
        return self.macro_f1 - other.macro_f1 > luck * error

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for the figures of an artifact."""
        return {
            "parameters": self.parameters.as_dict(),
            "rows": self.rows,
            "macro_f1": self.macro_f1,
            "seconds": round(self.seconds, 2),
        }


def influences(given: Bools, true: Bools) -> Floats:
    """What each row adds to macro-F1 beyond its share, shape (rows,); they sum up to 0.

    Args:
        given, true: shape (rows, labels).
    """
    right, marked = given & true, given.astype(np.float64) + true
    sizes = np.maximum(marked.sum(axis=0), 1.0)
    found: Floats = ((2 * right - 2 * right.sum(axis=0) / sizes * marked) / sizes).mean(axis=1)
    return found
