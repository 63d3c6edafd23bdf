"""Which parameters a search tries."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from training.parameters import Parameters

FEATURES: tuple[dict[str, Any], ...] = (
    {},
    {"characters": (1, 3)},
    {"characters": (2, 3)},
    {"characters": (1, 4)},
    {"characters": (0, 0)},
    {"words": (1, 1)},
    {"words": (1, 3)},
    {"words": (0, 0), "characters": (1, 4)},
    {"sublinear": False},
    {"min_df_words": 2, "min_df_characters": 2},
    {"min_df_words": 4, "min_df_characters": 10},
)
TITLES = (0, 3, 20)
"""How much more a title counts; tried where texts have titles."""

CLASSIFIERS = ("svm", "average", "logistic", "ridge")
CS = (0.3, 0.5, 1.0, 1.8, 3.0)
FLOORS = (None, 0.3, 1.0, 1.5, 2.5)
BALANCED = (False, False, True)

_SEED = 0


def neighbours(parameters: Parameters) -> list[Parameters]:
    """Those that differ in one thing."""
    single: list[dict[str, Any]] = [
        *FEATURES,
        *({"title": title} for title in TITLES if parameters.title),
        *({"classifier": classifier} for classifier in CLASSIFIERS),
        *({"c": c} for c in CS),
        *({"ratio_floor": floor} for floor in FLOORS),
        {"balanced": not parameters.balanced},
    ]
    return [one for one in _shuffled(parameters, single) if one != parameters]


def draw(start: Parameters, number: int) -> list[Parameters]:
    """So many candidates besides the start, without repetition; more are the same and others.

    First come those that differ in one thing, then any.
    """
    several = [
        {**features, "classifier": classifier, "c": c, "ratio_floor": floor, "balanced": balanced}
        for features, classifier, c, floor, balanced in product(
            FEATURES, CLASSIFIERS, CS, FLOORS, BALANCED
        )
    ]
    drawn = dict.fromkeys([*neighbours(start), *_shuffled(start, several)])
    drawn.pop(start, None)
    return list(drawn)[:number]


def _shuffled(start: Parameters, changes: Sequence[dict[str, Any]]) -> list[Parameters]:
    order = np.random.default_rng(_SEED).permutation(len(changes))
    return [replace(start, **changes[i]) for i in order.tolist()]
