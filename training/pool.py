"""The n-grams of a corpus counted once for many candidates: each of them chooses columns.

What a candidate gets is what `features` would build for it, to the last digit, in another order of
columns; only that hashes are trusted here: a collision would cost a candidate a trifle.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from model.features import Counts
from model.grams import GramRanges, GramReader
from training.counting import CollisionError, Counted, count, counts_of, cut, only
from training.errors import TooLittleError
from training.features import stack, weighting_of
from training.parameters import Parameters
from training.source import Source

Ints = NDArray[np.int64]

_SEEDS = 8
_KINDS = ("word", "character")


@dataclass(frozen=True, slots=True)
class Pool:
    """Counts of every n-gram that some candidate may use.

    Attributes:
        reader: whose families the n-grams are of.
        family_of: the family of each feature, ascending.
        counts: of all rows.
        in_title: how often each entry stands in the title of its row, shape (entries,).
        lengths: the characters of each row, shape (rows,).
        leasts: in how many rows a word n-gram and one of characters stands at least.
        titled: whether titles were looked for.
    """

    reader: GramReader
    family_of: Ints
    counts: Counts
    in_title: Ints
    lengths: Ints
    leasts: tuple[int, ...]
    titled: bool

    @classmethod
    def of(
        cls, source: Source, texts: Sequence[str], candidates: Sequence[Parameters], jobs: int
    ) -> "Pool":
        """The pool of these candidates.

        Args:
            source: what texts are read with.
            texts: the corpus.
            candidates: whose features there are to be.
            jobs: how many threads.

        Raises:
            TooLittleError: no n-gram stands in enough rows.
        """
        ranges = GramRanges(
            _widest([one.words for one in candidates]),
            _widest([one.characters for one in candidates]),
        )
        reader = GramReader(source.normaliser, source.segmenter, ranges)
        words = cut(reader, texts, jobs)
        lengths = np.concatenate([np.diff(some.normal.bounds) for some in words])

        size = len(texts), int(lengths.sum())
        leasts = {kind: min(one.min_df(kind, *size) for one in candidates) for kind in _KINDS}
        titled = any(one.title for one in candidates)
        for seed in range(_SEEDS):
            seeded = reader.seeded(seed)
            try:
                plain = count(seeded, words, leasts.__getitem__, jobs)
                more = count(seeded, words, leasts.__getitem__, jobs, title=1) if titled else plain
            except CollisionError:
                continue
            counts = _joined(plain)
            in_title = _joined(more).counts - counts.counts
            return cls(
                seeded,
                plain.family_of,
                counts,
                in_title,
                lengths,
                tuple(leasts.values()),
                titled,
            )
        raise RuntimeError(f"{_SEEDS} hash functions in a row collided")

    def has(self, parameters: Parameters) -> bool:
        """Whether these ask for nothing that was not counted."""
        ranges = self.reader.ranges
        both = (ranges.words, parameters.words), (ranges.characters, parameters.characters)
        size = self.counts.texts, int(self.lengths.sum())
        asked = [parameters.min_df(kind, *size) for kind in _KINDS]
        return (
            all(
                not high or (low_own <= low and high <= high_own)
                for (low_own, high_own), (low, high) in both
            )
            and all(one >= least for one, least in zip(asked, self.leasts, strict=True))
            and (self.titled or not parameters.title)
        )

    def part(self, rows: Ints) -> "Pool":
        """Some of the rows alone, shape (rows chosen,)."""
        lengths = np.diff(self.counts.rows)[rows]
        bounds = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(lengths, out=bounds[1:])
        at = np.repeat(self.counts.rows[rows] - bounds[:-1], lengths) + np.arange(bounds[-1])
        counts = counts_of(
            bounds, self.counts.features[at], self.counts.counts[at], len(self.family_of)
        )
        return replace(self, counts=counts, in_title=self.in_title[at], lengths=self.lengths[rows])

    def matrix(self, parameters: Parameters) -> sparse.csr_array:
        """The tf-idf values of a candidate's features, shape (rows, features), float64.

        Raises:
            TooLittleError: it has none.
        """
        texts = self.counts.texts
        frequencies = np.bincount(self.counts.features, minlength=len(self.family_of))
        kept = frequencies >= self._leasts(parameters)[self.family_of]
        if not kept.any():
            raise TooLittleError("没有任何特征。")
        weighed = counts_of(
            self.counts.rows,
            self.counts.features,
            self.counts.counts + (parameters.title or 0) * self.in_title,
            len(kept),
        )
        weighting = weighting_of(
            self.reader, self.family_of[kept], frequencies[kept], texts, parameters
        )
        return stack([only(weighed, kept)], weighting)

    def _leasts(self, parameters: Parameters) -> Ints:
        """In how many rows a feature of each family must stand; more than there are: it is out."""
        texts = self.counts.texts
        ranges = {"word": parameters.words, "character": parameters.characters}
        return np.array(
            [
                parameters.min_df(kind, texts, int(self.lengths.sum()))
                if ranges[kind][0] <= n <= ranges[kind][1]
                else texts + 1
                for kind, n in self.reader.ranges.families
            ]
        )


def _widest(ranges: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The range that holds all of them."""
    some = [one for one in ranges if one[1]]
    return (min(low for low, _ in some), max(high for _, high in some)) if some else (0, 0)


def _joined(counted: Counted) -> Counts:
    """All batches as one."""
    starts = np.cumsum([0, *(len(some.features) for some in counted.batches)])
    rows = [some.rows[:-1] + start for some, start in zip(counted.batches, starts, strict=False)]
    return counts_of(
        np.concatenate([*rows, starts[-1:]]),
        np.concatenate([some.features for some in counted.batches]),
        np.concatenate([some.counts for some in counted.batches]),
        len(counted.vocabulary),
    )
