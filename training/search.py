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
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
from training.trials import Tried, influences

Done = Callable[[int, int], None]

_KEPT = 3
"""One candidate in so many goes on, to so many times the rows."""

_FEWEST_ROWS = 1500
_WIDE = 5.0
"""So many times longer than for the start alone counting for all candidates takes at most."""


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
    ground, first = _opening(examples, source, start, clock, jobs)
    before = clock.elapsed() - first.seconds
    clock.reserve(_afterwards(before, first.seconds))
    queue = draw(start, most)
    if clock.left() > 4 * _WIDE * before:
        ground = replace(ground, pool=Pool.of(source, examples.texts, [start, *queue], jobs))
    queue = [one for one in queue if ground.pool.has(one)]
    tried = [first]
    for found in _halvings(ground, tried, queue, most):
        tried += found
        slowest = max(first.seconds, _best(tried, len(examples.rows)).seconds)
        clock.reserve(_afterwards(before, slowest))
    return _best(tried, len(examples.rows)).parameters, tried


def _opening(
    examples: Examples, source: Source, start: Parameters, clock: "_Clock", jobs: int
) -> tuple["_Ground", "Tried"]:
    """All rows with the n-grams of the start, and how the start does."""
    pool = Pool.of(source, examples.texts, [start], jobs)
    matrix = pool.matrix(start)
    fold_of = assign_folds(examples.rows, start.folds or 2, near_copies(matrix, jobs))
    ground = _Ground(pool, examples, fold_of, clock, jobs)
    first = _attempt(start, folded(matrix, fold_of), ground, jobs, math.inf)
    clock.tell()
    return ground, first


def _halvings(
    ground: "_Ground", tried: Sequence[Tried], queue: list[Parameters], most: int
) -> Iterator[list[Tried]]:
    """One halving after the other, as long as there are time and candidates.

    Args:
        ground: all rows.
        tried: the start, and what was yielded, which the caller adds.
        queue: the candidates; neighbours of what is found to be better go before them.
        most: how many to try at most.
    """
    # The start had all threads, a candidate has one.
    once, rows, clock = tried[0].seconds * ground.jobs, len(ground.examples.rows), ground.clock
    best = tried[0]
    while queue and clock.left() > once:
        known = {one.parameters for one in tried}
        number = min(_affordable(clock.left() * ground.jobs, once, rows), most + 1 - len(known))
        found = _halved(queue[:number], ground, once) if number > 0 else []
        if not found:
            return
        queue = queue[number:]
        yield found
        if _best(tried, rows) != best:
            best = _best(tried, rows)
            known = {*(one.parameters for one in tried), *queue}
            near = [one for one in neighbours(best.parameters) if one not in known]
            queue = [one for one in near if ground.pool.has(one)] + queue


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
    """Every candidate that is likely to be done in time, and is, in their order.

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
                with suppress(_LateError):
                    tried.append(_attempt(candidate, folds, ground, 1, end))
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


class _LateError(Exception):
    """A candidate would not be done in time; some take ten times as long as the start."""


def _attempt(
    candidate: Parameters, folds: Sequence[Fold], ground: _Ground, jobs: int, end: float
) -> Tried:
    begun = time.monotonic()
    targets, fold_of, labels = ground.examples.targets, ground.fold_of, ground.examples.labels
    counts = ground.examples.weights

    def look(done: int, total: int) -> None:
        still = (time.monotonic() - begun) / done * (total - done)
        if ground.clock.elapsed() + still > end:
            raise _LateError

    margins = out_of_fold(folds, targets, counts, candidate, jobs, look)
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
