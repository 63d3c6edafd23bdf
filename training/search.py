"""Searching for the parameters that suit a corpus, within a budget of time.

Candidates are the given parameters, those that differ from them in one thing, and others drawn
from a fixed space with a fixed seed. They are compared by cross-validated macro-F1 in rounds, on
ever more rows, and the better third of each round goes on to the next: successive halving (Jamieson
and Talwalkar 2016), with fresh candidates as long as there is time; where something better was
found, its neighbours come first. All n-grams are counted once (`pool`), so that a candidate costs a
choice of columns and a fit; candidates are fitted side by side.
"""

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.features import Floats
from training.candidates import draw, neighbours
from training.copies import near_copies
from training.decide import cross_decided
from training.errors import TooLittleError
from training.examples import Examples
from training.fit import Fold, folded, out_of_fold
from training.folds import assign_folds
from training.metrics import macro_f1
from training.parameters import Parameters
from training.pool import Pool
from training.source import Source

Bools = NDArray[np.bool_]
Done = Callable[[int, int], None]

_KEPT = 3
"""One candidate in so many goes on, to so many times the rows."""

_FEWEST_ROWS = 1500
_WIDE = 5.0
"""So many times longer than for the start alone counting for all candidates takes at most."""


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


def search(
    examples: Examples,
    source: Source,
    start: Parameters,
    budget: float,
    jobs: int,
    done: Done,
    most: int = 400,
) -> tuple[Parameters, list[Tried]]:
    """The best parameters that were found in time, and all that was tried.

    Args:
        examples: what is to be learnt.
        source: what texts are read with.
        start: tried first, and kept where nothing is clearly better; settled.
        budget: seconds for the search and the training that follows; what is not likely to be
            finished in time is not begun.
        jobs: how many threads.
        done: told how many of how many seconds are gone.
        most: how many candidates to try at most, however much time there is.
    """
    clock = _Clock(budget, done)
    pool = Pool.of(source, examples.texts, [start], jobs)
    counting = clock.elapsed()
    matrix = pool.matrix(start)
    fold_of = assign_folds(examples.rows, start.folds or 2, near_copies(matrix, jobs))
    ground = _Ground(pool, examples, fold_of, clock, jobs)
    tried = [_attempt(start, folded(matrix, fold_of), ground, jobs)]
    clock.tell()
    before = clock.elapsed() - tried[0].seconds
    clock.reserve(_afterwards(before, tried[0].seconds))
    # The start had all threads, a candidate has one.
    once = tried[0].seconds * jobs
    queue = draw(start, most)
    if clock.left() > 4 * _WIDE * counting:
        pool = Pool.of(source, examples.texts, [start, *queue], jobs)
    ground = replace(ground, pool=pool)
    queue = [one for one in queue if pool.has(one)]
    best = tried[0]
    seen = {start, *queue}
    while queue and clock.left() > once:
        number = _affordable(clock.left() * jobs, once, len(examples.rows))
        found = _halved(queue[:number], ground, once)
        if not found:
            break
        tried, queue = tried + found, queue[number:]
        better = _best(tried, len(examples.rows))
        if better != best:
            best = better
            clock.reserve(_afterwards(before, max(tried[0].seconds, best.seconds)))
            near = [one for one in neighbours(best.parameters) if one not in seen and pool.has(one)]
            seen.update(near)
            queue = near[: max(most - len(seen), 0)] + queue
    return best.parameters, tried


def _afterwards(before: float, attempt: float) -> float:
    """How many seconds the training takes that follows: somewhat more than was ever measured.

    It makes the features once more and names them, cross-validates, fits all rows and parts of
    them, and draws its report.

    Args:
        before: seconds that the features of the start and its folds took.
        attempt: seconds that cross-validation takes.
    """
    return 1.5 * before + 2.5 * attempt + 3.0


def _best(tried: Sequence[Tried], rows: int) -> Tried:
    """The best on all rows, where it is clearly better than the start."""
    whole = [one for one in tried if one.rows == rows]
    best = max(whole, key=lambda one: one.macro_f1)
    return best if best.clearly_better(tried[0], len(whole)) else tried[0]


def influences(given: Bools, true: Bools) -> Floats:
    """What each row adds to macro-F1 beyond its share, shape (rows,); they sum up to 0.

    Args:
        given, true: shape (rows, labels).
    """
    right, marked = given & true, given.astype(np.float64) + true
    sizes = np.maximum(marked.sum(axis=0), 1.0)
    found: Floats = ((2 * right - 2 * right.sum(axis=0) / sizes * marked) / sizes).mean(axis=1)
    return found


@dataclass(frozen=True, slots=True)
class _Ground:
    """What candidates are tried on: the rows of a round.

    Attributes:
        pool: their n-grams.
        examples: the rows and their labels.
        fold_of: the fold of each, shape (rows,).
        clock: of the search.
        jobs: how many threads.
    """

    pool: Pool
    examples: Examples
    fold_of: NDArray[np.int64]
    clock: "_Clock"
    jobs: int

    def sample(self, share: float) -> "_Ground":
        """A share of the rows, as evenly as the folds; copies stay together."""
        if share == 1.0:
            return self
        parts = assign_folds(self.examples.rows, round(1 / share))
        mine = np.flatnonzero(parts == 0)
        return replace(
            self,
            pool=self.pool.part(mine),
            examples=self.examples.part(mine),
            fold_of=self.fold_of[mine],
        )


def _halved(candidates: Sequence[Parameters], whole: _Ground, once: float) -> list[Tried]:
    """Rounds of these candidates, from a share of the rows to all of them.

    Args:
        candidates: to begin with.
        whole: all rows.
        once: how many seconds one takes on all rows.
    """
    clock, tried = whole.clock, list[Tried]()
    for share in _shares(len(whole.examples.rows)):
        # Half of what is left for each round, and all of it for the last.
        end = clock.elapsed() + clock.left() * (1.0 if share == 1 else 0.5)
        found = _try(candidates, whole.sample(share), end, once * share)
        tried += found
        best = sorted(found, key=lambda one: -one.macro_f1)[: max(2, len(candidates) // _KEPT)]
        candidates = [one.parameters for one in best]
    return tried


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
        """Keep so much for what comes afterwards."""
        self._held = seconds

    def tell(self) -> None:
        self._done(min(int(self.elapsed()), int(self._budget)), int(self._budget))


def _affordable(left: float, once: float, rows: int) -> int:
    """How many candidates to begin with, when one of them on all rows takes this long."""
    rounds = len(_shares(rows))
    return max(int(left / max(once, 0.05) * _KEPT ** (rounds - 1) / rounds / 2), 2)


def _shares(rows: int) -> list[float]:
    """The shares of the rows in each round; the last is 1."""
    shares = [1.0]
    while len(shares) < 3 and rows * shares[0] / _KEPT >= _FEWEST_ROWS:
        shares.insert(0, shares[0] / _KEPT)
    return shares


def _try(
    candidates: Sequence[Parameters], ground: _Ground, end: float, longest: float
) -> list[Tried]:
    """Every candidate that is likely to be done in time, in their order.

    Args:
        candidates: what to try.
        ground: on what.
        end: seconds since the search began.
        longest: how many seconds one is thought to take, until one takes longer.
    """
    by_features: dict[tuple[Any, ...], list[Parameters]] = {}
    for candidate in candidates:
        by_features.setdefault(_features_of(candidate), []).append(candidate)
    tried: list[Tried] = []
    for some in by_features.values():
        if ground.clock.elapsed() + longest > end:
            break
        try:
            folds = folded(ground.pool.matrix(some[0]), ground.fold_of)
        except TooLittleError:
            continue

        def attempt(candidate: Parameters, folds: Sequence[Fold] = folds) -> None:
            if ground.clock.elapsed() + max([longest, *(one.seconds for one in tried)]) <= end:
                tried.append(_attempt(candidate, folds, ground, 1))
                ground.clock.tell()

        with ThreadPoolExecutor(ground.jobs) as threads:
            list(threads.map(attempt, some))
    return sorted(tried, key=lambda one: candidates.index(one.parameters))


def _features_of(parameters: Parameters) -> tuple[Any, ...]:
    return (
        parameters.words,
        parameters.characters,
        parameters.min_df_words,
        parameters.min_df_characters,
        parameters.title,
        parameters.sublinear,
    )


def _attempt(candidate: Parameters, folds: Sequence[Fold], ground: _Ground, jobs: int) -> Tried:
    begun = time.monotonic()
    targets, fold_of, labels = ground.examples.targets, ground.fold_of, ground.examples.labels
    margins = out_of_fold(folds, targets, candidate, jobs, lambda *_: None)
    given, _, _ = cross_decided(
        margins, targets, fold_of, labels, candidate, np.zeros(len(labels), bool)
    )
    return Tried(
        candidate,
        len(targets),
        macro_f1(given, targets),
        influences(given, targets),
        time.monotonic() - begun,
    )
