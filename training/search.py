"""Searching for the parameters that suit a corpus, within a budget of time.

Candidates are the given parameters, those that differ from them in one thing, and others drawn
from a fixed space with a fixed seed. They are compared by cross-validated macro-F1 in rounds, on
ever more rows, and the better third of each round goes on to the next: successive halving (Jamieson
and Talwalkar 2016), with fresh candidates as long as there is time. The features of a round are
computed once for all candidates that share them; candidates are fitted side by side.
"""

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.copies import near_copies
from training.corpus import Row
from training.decide import cross_decided
from training.errors import TooLittleError
from training.features import Features
from training.fit import out_of_fold
from training.folds import assign_folds
from training.metrics import macro_f1
from training.parameters import Parameters

Bools = NDArray[np.bool_]
Build = Callable[[Sequence[Row], Parameters], Features]
Done = Callable[[int, int], None]

FEATURES: tuple[dict[str, Any], ...] = (
    {},
    {"characters": (2, 3)},
    {"characters": (1, 4)},
    {"characters": (1, 2)},
    {"characters": (0, 0)},
    {"words": (1, 1)},
    {"words": (1, 3)},
    {"words": (0, 0), "characters": (1, 4)},
    {"sublinear": False},
    {"min_df_words": 1, "min_df_characters": 2},
    {"min_df_words": 4, "min_df_characters": 10},
)
CLASSIFIERS = ("svm", "average", "logistic", "ridge")
CS = (0.2, 0.4, 0.7, 1.2, 2.5)
FLOORS = (None, 0.3, 0.7, 1.2, 2.5)
BALANCED = (False, False, True)

_KEPT = 3
"""One candidate in so many goes on, to so many times the rows."""

_FEWEST_ROWS = 1500
_SEED = 0


@dataclass(frozen=True, slots=True)
class Tried:
    """A candidate and how it did.

    Attributes:
        parameters: what was tried.
        rows: on how many rows.
        macro_f1: cross-validated, each threshold chosen on other rows.
        by_fold: the same of the rows of each fold.
        seconds: what fitting and deciding took.
    """

    parameters: Parameters
    rows: int
    macro_f1: float
    by_fold: tuple[float, ...]
    seconds: float

    def clearly_better(self, other: "Tried") -> bool:
        """Whether the folds agree: better by more than one standard error of their differences.

        The rule of one standard error (Breiman and others 1984): the best of many that are equally
        good is only the luckiest.
        """
        differences = np.array(self.by_fold) - np.array(other.by_fold)
        error = differences.std(ddof=1) / math.sqrt(len(differences))
        return bool(differences.mean() > error)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for the figures of an artifact."""
        return {
            "parameters": self.parameters.as_dict(),
            "rows": self.rows,
            "macro_f1": self.macro_f1,
            "seconds": round(self.seconds, 2),
        }


@dataclass(frozen=True, slots=True)
class _Round:
    """The rows of a round."""

    rows: list[Row]
    targets: Bools
    fold_of: NDArray[np.int64]


def search(
    rows: Sequence[Row],
    targets: Bools,
    start: Parameters,
    build: Build,
    budget: float,
    jobs: int,
    done: Done,
    most: int = 400,
) -> tuple[Parameters, list[Tried]]:
    """The best parameters that were found in time, and all that was tried.

    Args:
        rows: the corpus, in canonical order.
        targets: shape (rows, labels).
        start: tried first, and kept where nothing is clearly better.
        build: makes the features of rows.
        budget: seconds; what cannot be finished in time is not begun.
        jobs: how many threads.
        done: told how many of how many seconds are gone.
        most: how many candidates to try at most, however much time there is.
    """
    clock = _Clock(budget, done)
    whole = _Round(list(rows), targets, _folds(rows, start, build))
    tried = _try([start], whole, build, clock, jobs, clock.elapsed(), -math.inf)
    # The training that follows costs about as much again.
    once = clock.elapsed()
    clock.reserve(once)
    drawn = draw(start, most)
    while drawn and clock.left() > once:
        number = _affordable(clock.left(), once, len(rows))
        found = _halved(drawn[:number], whole, build, clock, jobs, once)
        if not found:
            break
        tried += found
        drawn = drawn[number:]
    final = [one for one in tried if one.rows == len(rows)]
    best = max(final, key=lambda one: one.macro_f1)
    return (best if best.clearly_better(tried[0]) else tried[0]).parameters, tried


def _halved(
    candidates: Sequence[Parameters],
    whole: _Round,
    build: Build,
    clock: "_Clock",
    jobs: int,
    once: float,
) -> list[Tried]:
    """Rounds of these candidates, from a share of the rows to all of them.

    Args:
        once: how many seconds a candidate took on all rows, with its features.
    """
    tried: list[Tried] = []
    for share in _shares(len(whole.rows)):
        part = _sample(whole, share)
        # Half of what is left for each round, and all of it for the last.
        end = clock.elapsed() + clock.left() * (1.0 if share == 1 else 0.5)
        found = _try(candidates, part, build, clock, jobs, end, once * share)
        tried += found
        best = sorted(found, key=lambda one: -one.macro_f1)[: max(2, len(candidates) // _KEPT)]
        candidates = [one.parameters for one in best]
    return tried


def draw(start: Parameters, number: int) -> list[Parameters]:
    """So many candidates besides the start, without repetition; more are the same and others."""
    single: list[dict[str, Any]] = [
        *FEATURES,
        *({"classifier": classifier} for classifier in CLASSIFIERS),
        *({"c": c} for c in CS),
        *({"ratio_floor": floor} for floor in FLOORS),
        {"balanced": True},
    ]
    several = [
        {**features, "classifier": classifier, "c": c, "ratio_floor": floor, "balanced": balanced}
        for features, classifier, c, floor, balanced in product(
            FEATURES, CLASSIFIERS, CS, FLOORS, BALANCED
        )
    ]
    generator = np.random.default_rng(_SEED)
    drawn = dict.fromkeys(
        replace(start, **space[i])
        for space in (single, several)
        for i in generator.permutation(len(space))
    )
    drawn.pop(start, None)
    return list(drawn)[:number]


class _Clock:
    """How much of the budget is left, and whether something still fits in."""

    def __init__(self, budget: float, done: Done) -> None:
        self._start = time.monotonic()
        self._budget = budget
        self._done = done
        self._held = 0.0

    def elapsed(self) -> float:
        return time.monotonic() - self._start

    def left(self) -> float:
        return self._budget - self._held - self.elapsed()

    def reserve(self, seconds: float) -> None:
        self._held += seconds

    def tell(self) -> None:
        self._done(min(int(self.elapsed()), int(self._budget)), int(self._budget))


def _affordable(left: float, once: float, rows: int) -> int:
    """How many candidates to begin with, when one of them on all rows takes this long."""
    rounds = len(_shares(rows))
    return max(int(left / max(once, 0.05) * _KEPT ** (rounds - 1) / rounds), 2)


def _shares(rows: int) -> list[float]:
    """The shares of the rows in each round; the last is 1."""
    shares = [1.0]
    while len(shares) < 3 and rows * shares[0] / _KEPT >= _FEWEST_ROWS:
        shares.insert(0, shares[0] / _KEPT)
    return shares


def _folds(rows: Sequence[Row], start: Parameters, build: Build) -> NDArray[np.int64]:
    features = build(rows, start)
    return assign_folds(rows, start.folds or 2, near_copies(features.matrix))


def _sample(whole: _Round, share: float) -> _Round:
    """A share of the rows, as evenly as the folds; copies stay together."""
    if share == 1.0:
        return whole
    parts = assign_folds(whole.rows, round(1 / share))
    mine = np.flatnonzero(parts == 0)
    return _Round([whole.rows[i] for i in mine], whole.targets[mine], whole.fold_of[mine])


def _try(
    candidates: Sequence[Parameters],
    part: _Round,
    build: Build,
    clock: _Clock,
    jobs: int,
    end: float,
    longest: float,
) -> list[Tried]:
    """Every candidate that is likely to be done in time.

    Args:
        candidates, part, build, clock, jobs: what to try, on which rows, and with what.
        end: seconds since the search began.
        longest: how many seconds one is thought to take, until one takes longer.
    """
    by_features: dict[tuple[Any, ...], list[Parameters]] = {}
    for candidate in candidates:
        by_features.setdefault(_features_of(candidate), []).append(candidate)
    tried: list[Tried] = []
    for some in by_features.values():
        if clock.elapsed() + longest > end:
            break
        try:
            features = build(part.rows, some[0])
        except TooLittleError:
            continue

        def attempt(candidate: Parameters, features: Features = features) -> Tried | None:
            if clock.elapsed() + max([longest, *(one.seconds for one in tried)]) > end:
                return None
            found = _attempt(candidate, features, part)
            tried.append(found)
            clock.tell()
            return found

        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(attempt, some))
    return sorted(tried, key=lambda one: candidates.index(one.parameters))


def _features_of(parameters: Parameters) -> tuple[Any, ...]:
    return (
        parameters.words,
        parameters.characters,
        parameters.min_df_words,
        parameters.min_df_characters,
        parameters.sublinear,
    )


def _attempt(candidate: Parameters, features: Features, part: _Round) -> Tried:
    begun = time.monotonic()
    labels = [str(n) for n in range(part.targets.shape[1])]
    margins = out_of_fold(
        features.matrix, part.targets, part.fold_of, candidate, 1, lambda *_: None
    )
    given, _, _ = cross_decided(
        margins, part.targets, part.fold_of, labels, candidate, np.zeros(len(labels), bool)
    )
    folds = [part.fold_of == fold for fold in range(int(part.fold_of.max()) + 1)]
    return Tried(
        candidate,
        len(part.rows),
        macro_f1(given, part.targets),
        tuple(macro_f1(given[held], part.targets[held]) for held in folds),
        time.monotonic() - begun,
    )
