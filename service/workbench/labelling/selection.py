"""Which paragraphs are worth labelling next: a share at random, the others uncertain and diverse.

The random share is a bottom-k sample (Cohen and Kaplan 2007): every text gets a number from a hash
of the seed and itself, and those with the smallest are drawn. So one pass is enough, a text that
comes twice has one chance, and each beginning of the sample is a sample itself, which matters as
long as a queue is not labelled to its end.

The others are those nearest to a threshold. They are put into groups of texts alike (k-means over
hashed character pairs) and taken from the groups by turns, the most uncertain of each first; what
is nearly the same as one taken before waits until nothing else is left.
"""

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from service.tables.scored import ScoredRow
from service.workbench.errors import WorkbenchError

_TIMES = 4
"""So many times as many uncertain ones are looked at as are wanted."""

_GROUP = 4
"""Texts wanted from a group, about."""

_MOST_GROUPS = 300
_DIMENSIONS = 256
_CHARACTERS = 400
"""Of a text that are looked at for likeness."""

_ALIKE = 0.8
"""Cosine of hashed character pairs from which two texts are nearly the same."""

_TOLD_EVERY = 2_000

Told = Callable[[int], None]
R = TypeVar("R", int, float)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a queue should be.

    Attributes:
        wanted: how many paragraphs, at least 1; fewer where there are not so many.
        share: how many of them are drawn at random, 0 to 1.
        seed: of the random draw.
    """

    wanted: int
    share: float
    seed: int

    def __post_init__(self) -> None:
        if self.wanted < 1 or not 0.0 <= self.share <= 1.0:
            raise WorkbenchError("段数至少为 1，随机的比例在 0 到 100% 之间")

    @property
    def random(self) -> int:
        """How many are drawn at random."""
        return round(self.wanted * self.share)


@dataclass(frozen=True, slots=True)
class Selection:
    """What was chosen, in order.

    Attributes:
        chosen: the paragraphs, and whether each was drawn at random.
        seen: how many there were to choose from, copies among them.
    """

    chosen: tuple[tuple[ScoredRow, bool], ...]
    seen: int


def select(
    candidates: Iterable[ScoredRow],
    plan: Plan,
    thresholds: Mapping[str, float],
    known: Set[str] = frozenset(),
    told: Told = lambda _: None,
) -> Selection:
    """Choose from a stream of paragraphs; memory grows with what is wanted only.

    Args:
        thresholds: by label id; 0.5 for one that is not there.
        known: keys of texts that people have judged already; drawn at random, never else.
        told: is called with how many were seen, now and then.
    """
    drawn = _Smallest[int](plan.random)
    unsure = _Smallest[float](_TIMES * (plan.wanted - plan.random) + plan.random)
    seen = 0
    for seen, candidate in enumerate(candidates, 1):
        key = candidate.key
        drawn.offer(_draw(plan.seed, key), key, candidate)
        if key not in known:
            unsure.offer(margin(candidate, thresholds), key, candidate)
        if seen % _TOLD_EVERY == 0:
            told(seen)
    random = drawn.items()
    taken = {key for key, _ in random}
    others = [candidate for key, candidate in unsure.items() if key not in taken]
    order = spread([candidate.text for candidate in others], plan.wanted - len(random))
    chosen = interleaved([candidate for _, candidate in random], [others[i] for i in order])
    return Selection(tuple(chosen), seen)


def margin(candidate: ScoredRow, thresholds: Mapping[str, float]) -> float:
    """How sure the model is: 0 at a threshold, 1 at certainty; less by 1 inside a band.

    The distance of the theme that is nearest to its threshold, as a part of what is possible on
    its side. 1 where no model was asked.
    """
    nearest = 1.0
    for label, score in (candidate.scores or {}).items():
        at = thresholds.get(label, 0.5)
        room = (1.0 - at) if score >= at else at
        nearest = min(nearest, abs(score - at) / room if room else 0.0)
    return nearest - 1.0 if candidate.uncertain else nearest


def spread(texts: Sequence[str], wanted: int) -> list[int]:
    """So many of the texts, by their places, an earlier one first wherever it can be.

    Texts of one kind do not follow each other, and near copies come last, as long as there is
    something else.
    """
    wanted = min(wanted, len(texts))
    if wanted < 1:
        return []
    vectors = _vectors(texts)
    groups: dict[int, list[int]] = defaultdict(list)
    for at, group in enumerate(_groups(vectors, wanted)):
        groups[group].append(at)
    order: list[int] = []
    copies: list[int] = []
    turns = [_Turn(vectors, places) for places in groups.values()]
    while turns and len(order) < wanted:
        order += [place for turn in turns if (place := turn.take(copies)) is not None]
        turns = [turn for turn in turns if turn.left]
    return (order + sorted(copies))[:wanted]


def interleaved(
    random: Sequence[ScoredRow], others: Sequence[ScoredRow]
) -> list[tuple[ScoredRow, bool]]:
    """Both in their order, each spread evenly over the whole."""
    total = len(random) + len(others)
    order: list[tuple[ScoredRow, bool]] = []
    one, other = iter(random), iter(others)
    for place in range(total):
        due = (place + 1) * len(random) // total > place * len(random) // total
        order.append((next(one), True) if due else (next(other), False))
    return order


class _Turn:
    """The texts of a group, handed out one by one."""

    def __init__(self, vectors: NDArray[np.float32], places: Sequence[int]) -> None:
        self._vectors = vectors
        self._places = iter(places)
        self._taken: list[int] = []
        self.left = len(places)

    def take(self, copies: list[int]) -> int | None:
        """The next that is like none before; near copies go to the list."""
        for place in self._places:
            self.left -= 1
            if self._alike(place):
                copies.append(place)
                continue
            self._taken.append(place)
            return place
        return None

    def _alike(self, place: int) -> bool:
        before = self._vectors[self._taken]
        return bool(len(before)) and float((before @ self._vectors[place]).max()) >= _ALIKE


class _Smallest(Generic[R]):
    """Keeps so many items with the smallest ranks; of equal keys the first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._heap: list[tuple[R, str]] = []
        self._kept: dict[str, ScoredRow] = {}

    def offer(self, rank: R, key: str, item: ScoredRow) -> None:
        """Keep it if its rank is small enough."""
        if key in self._kept or not self._size:
            return
        entry = (-rank, key)
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, entry)
        elif entry > self._heap[0]:
            del self._kept[heapq.heapreplace(self._heap, entry)[1]]
        else:
            return
        self._kept[key] = item

    def items(self) -> list[tuple[str, ScoredRow]]:
        """Keys and items, the smallest rank first."""
        return [(key, self._kept[key]) for _, key in sorted(self._heap, reverse=True)]


def _draw(seed: int, key: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed} {key}".encode()).digest()[:8], "big")


def _vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    """Hashed pairs of characters, rows of length 1."""
    from sklearn.feature_extraction.text import HashingVectorizer

    hashing = HashingVectorizer(
        analyzer="char", ngram_range=(2, 2), n_features=_DIMENSIONS, dtype=np.float32
    )
    vectors: NDArray[np.float32] = hashing.transform([t[:_CHARACTERS] for t in texts]).toarray()
    return vectors


def _groups(vectors: NDArray[np.float32], wanted: int) -> list[int]:
    from sklearn.cluster import MiniBatchKMeans

    count = max(1, min(wanted // _GROUP, _MOST_GROUPS, len(vectors)))
    if count == 1:
        return [0] * len(vectors)
    means = MiniBatchKMeans(count, random_state=0, n_init=1, batch_size=1_024, max_iter=20)
    groups: list[int] = means.fit_predict(vectors).tolist()
    return groups
