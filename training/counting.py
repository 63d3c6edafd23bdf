"""Which n-grams of a corpus are frequent enough, and how often each row has them.

Batches are independent of each other and are counted side by side; nothing hangs on how many at a
time.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from model.features import Counter, Counts, batches
from model.grams import GramReader, Words
from model.normalisation import Offsets
from model.vocabulary import NOTHING, Hashes, Vocabulary
from training.errors import TooLittleError

Bools = NDArray[np.bool_]
Least = Callable[[str], int]
"""From a kind (`word`, `character`) to how many rows a feature must stand in."""

_BATCH_CHARACTERS = 1 << 18
"""Smaller than at serving, so that all cores have work to the end."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class CollisionError(Exception):
    """Two n-grams of the corpus have one hash; another seed will part them."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The frequent n-grams of a corpus, and its counts of them.

    Attributes:
        vocabulary: by family, those that come most often first.
        family_of: the family of each feature, its place in the reader's families, ascending.
        frequencies: how many rows have each feature.
        batches: the counts, batch by batch.
    """

    vocabulary: Vocabulary
    family_of: NDArray[np.int64]
    frequencies: NDArray[np.int64]
    batches: tuple[Counts, ...]


def cut(reader: GramReader, texts: Sequence[str], jobs: int) -> list[Words]:
    """The words of a corpus, batch by batch."""
    cuts = [*batches(texts, _BATCH_CHARACTERS)]
    return side_by_side(lambda at: reader.words(texts[at.start : at.stop]), cuts, jobs)


def count(
    reader: GramReader, words: Sequence[Words], least: Least, jobs: int, title: int = 0
) -> Counted:
    """Find the n-grams that stand in enough rows and count them.

    Args:
        reader: reads n-grams.
        words: the corpus, batch by batch.
        least: in how many rows a feature must stand.
        jobs: how many batches at a time.
        title: what stands in a title counts so many times more.

    Raises:
        TooLittleError: no n-gram stands in enough rows.
        CollisionError: two have the same hash.
    """
    leasts = [least(kind) for kind, _ in reader.ranges.families]
    frequent = _frequent(reader, words, leasts, jobs)
    family_of = np.repeat(np.arange(len(frequent)), [len(some) for some in frequent])
    vocabulary = _vocabulary(np.concatenate(frequent))
    counter = Counter(reader, vocabulary, title)
    counted = side_by_side(counter.count, words, jobs)
    # What comes often enough may still stand in too few rows.
    frequencies = row_frequencies(counted, len(vocabulary))
    kept = frequencies >= np.array(leasts)[family_of]
    if not kept.any():
        rows = sum(some.texts for some in counted)
        raise TooLittleError(
            f"没有任何特征：{rows} 段里没有词或字组出现在足够多的段中。请增加语料，或调低 min_df。"
        )
    return Counted(
        _vocabulary(vocabulary.hashes[kept]),
        family_of[kept],
        frequencies[kept],
        tuple(side_by_side(lambda some: only(some, kept), counted, jobs)),
    )


def only(counts: Counts, kept: Bools) -> Counts:
    """The counts of the features that are kept, numbered anew in the same order."""
    inside = kept.take(counts.features)
    before = np.zeros(len(inside) + 1, np.int64)
    np.cumsum(inside, out=before[1:])
    numbers = (np.cumsum(kept) - 1).astype(np.int32)
    features = numbers.take(counts.features.compress(inside))
    return counts_of(before.take(counts.rows), features, counts.counts.compress(inside), kept.sum())


def counts_of(
    rows: Offsets, features: NDArray[np.int32], counts: Offsets, vocabulary: int
) -> Counts:
    """Counts from their arrays; a vocabulary of so many features."""
    bits = max(int(vocabulary) - 1, 1).bit_length()
    keys = (np.arange(len(rows) - 1) << bits).repeat(np.diff(rows)) + features
    return Counts(rows, features, counts, keys, bits)


def row_frequencies(counted: Sequence[Counts], features: int) -> NDArray[np.int64]:
    """How many rows have each feature, shape (features,)."""
    found = np.zeros(features, np.int64)
    for some in counted:
        found += np.bincount(some.features, minlength=features)
    return found


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item], jobs: int) -> list[Result]:
    """The work on each item, in order, so many at a time."""
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(work, items))


def _vocabulary(hashes: Hashes) -> Vocabulary:
    try:
        return Vocabulary.build(hashes)
    except ValueError as error:
        raise CollisionError(str(error)) from error


def _frequent(
    reader: GramReader, words: Sequence[Words], leasts: Sequence[int], jobs: int
) -> list[Hashes]:
    """For each family the hashes that come at least so often, those that come most often first."""
    found = side_by_side(lambda some: _occurrences(reader, some), words, jobs)
    return side_by_side(
        lambda family: _ordered(*_added([some[family] for some in found]), leasts[family]),
        range(len(leasts)),
        jobs,
    )


def _ordered(hashes: Hashes, counts: NDArray[np.int64], least: int) -> Hashes:
    hashes, counts = hashes[counts >= least], counts[counts >= least]
    return hashes[np.lexsort((hashes, -counts))]


def _occurrences(reader: GramReader, words: Words) -> list[tuple[Hashes, NDArray[np.int64]]]:
    """For each family its hashes, ascending, and how often each comes."""
    windows = list(reader.read(words))
    found = []
    for family in range(len(reader.ranges.families)):
        hashes = np.concatenate([_NONE, *(window[family].hashes for window in windows)])
        hashes.sort()
        found.append(_runs(hashes[hashes.searchsorted(NOTHING, side="right") :]))
    return found


_NONE: Hashes = np.zeros(0, np.uint64)


def _runs(ordered: Hashes) -> tuple[Hashes, NDArray[np.int64]]:
    """The distinct ones and how often each comes."""
    begins = _beginnings(ordered)
    return ordered[begins], np.diff(begins, append=len(ordered))


def _added(
    parts: Sequence[tuple[Hashes, NDArray[np.int64]]],
) -> tuple[Hashes, NDArray[np.int64]]:
    """Batches put together: the distinct hashes and the sums of their counts."""
    if len(parts) == 1:
        return parts[0]
    hashes = np.concatenate([_NONE, *(known for known, _ in parts)])
    # Stable sorting merges what is sorted already.
    order = np.argsort(hashes, kind="stable")
    hashes = hashes[order]
    begins = _beginnings(hashes)
    counts = np.concatenate([np.zeros(0, np.int64), *(some for _, some in parts)])[order]
    return hashes[begins], np.add.reduceat(counts, begins) if len(begins) else counts


def _beginnings(ordered: NDArray[Any]) -> NDArray[np.intp]:
    """Where each run of equal values begins."""
    return np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)])
