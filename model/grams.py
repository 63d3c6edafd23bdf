"""From a batch of texts to hashed word and character n-grams, without a loop over words.

All words of a batch lie in one row. A running sum of code × Bⁱ, in arithmetic that wraps at 2⁶⁴,
gives the hash of any word as a difference times an inverse power (B is odd, so it has an inverse):
the polynomial hash of Karp and Rabin (1987) in prefix-sum form. From the hashes of words, and from
the codes of characters, n-grams follow by the same polynomial, a unit at a time.

Words that are punctuation or blanks only are left out, and pairs are taken across them; character
n-grams are taken over everything. Nothing here knows which n-grams matter: see `vocabulary`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.normalisation import Codes, Normaliser, NormalText, Offsets
from model.segmentation import Segmenter
from model.vocabulary import NOTHING, Hashes, Ints

WINDOW = 1 << 16
"""Characters that are hashed at a time; more only where one word is longer."""

_BASE = 0x9E3779B97F4A7C15
_WORD_SALT = np.uint64(0xD6E8FEB86659FD93)
_CHARACTER_SALT = np.uint64(0xA0761D6478BD642F)
_NEIGHBOUR = np.uint64(0xE7037ED1A0B428DB)


@dataclass(frozen=True, slots=True)
class GramRanges:
    """Which n-grams are features, each range as (shortest, longest); (0, 0) is none."""

    words: tuple[int, int] = (1, 2)
    characters: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        for name, (low, high) in (("words", self.words), ("characters", self.characters)):
            if (low, high) != (0, 0) and not 1 <= low <= high <= 8:
                raise ValueError(f"{name} must be (0, 0) or 1 ≤ low ≤ high ≤ 8, not {(low, high)}")
        if self.words == self.characters == (0, 0):
            raise ValueError("a model needs word or character n-grams; both ranges are (0, 0)")

    @property
    def families(self) -> list[tuple[str, int]]:
        """The kinds of n-gram in order: words first, then characters, each by length."""
        return [
            (kind, n)
            for kind, (low, high) in (("word", self.words), ("character", self.characters))
            for n in range(low, high + 1)
            if n
        ]


@dataclass(frozen=True, slots=True)
class Words:
    """A batch cut into words: those that say something, blanks and punctuation left out.

    Attributes:
        normal: the batch in normal form.
        starts, ends: the place of each word in `normal.codes`, shape (words,) each.
        text_of: the index of the text of each word, shape (words,).
        bounds: where the words of each text begin, and how many there are, shape (texts + 1,).
    """

    normal: NormalText
    starts: Offsets
    ends: Offsets
    text_of: Ints
    bounds: Offsets


@dataclass(frozen=True, slots=True)
class Grams:
    """The n-grams of one family in one window, in the order of the text.

    Gram i is the units (words or characters) i to i + n - 1.

    Attributes:
        kind: `word` or `character`.
        n: how many units each has.
        hashes: shape (grams,); NOTHING where a gram would reach from one text into the next.
        text_of: the index of the text of each unit, shape (units,), units ≥ grams + n - 1.
        starts, ends: the place of each unit in the batch's normal form, shape (units,) each.
    """

    kind: str
    n: int
    hashes: Hashes
    text_of: Ints
    starts: Offsets
    ends: Offsets


class GramReader:
    """Reads texts into n-grams.

    Args:
        normaliser: gives texts their normal form.
        segmenter: cuts normal texts into words.
        ranges: which n-grams to read.
        seed: another seed is another hash function; a vocabulary is bound to one.
    """

    def __init__(
        self, normaliser: Normaliser, segmenter: Segmenter, ranges: GramRanges, seed: int = 0
    ) -> None:
        self.normaliser = normaliser
        self.segmenter = segmenter
        self.ranges = ranges
        self.seed = seed
        base = np.uint64((_BASE + 2 * seed) % 2**64 | 1)
        inverse = np.uint64(pow(int(base), -1, 2**64))
        # A window reaches a little into the next one, for the n-grams that begin in it.
        self._powers = _powers(base, WINDOW + 1024)
        self._inverses = _powers(inverse, WINDOW + 1024)
        self._bases = (base, inverse)

    def seeded(self, seed: int) -> "GramReader":
        """The same reader with another hash function."""
        return GramReader(self.normaliser, self.segmenter, self.ranges, seed)

    def words(self, texts: Sequence[str]) -> Words:
        """Normalise a batch and cut it; it is not cut where no n-gram of words is wanted.

        Raises:
            SegmenterError: the segmenter lost or added characters.
        """
        normal = self.normaliser(texts)
        if not self.ranges.words[1]:
            none = np.zeros(0, np.int64)
            return Words(normal, none, none, none.astype(np.int32), np.zeros(len(texts) + 1, int))
        starts = self.segmenter.starts(normal)
        ends = np.empty_like(starts)
        ends[:-1] = starts[1:]
        ends[-1:] = len(normal.codes)
        said = _WORDLIKE.take(normal.codes.take(starts, mode="clip"), mode="clip")
        starts, ends = starts.compress(said), ends.compress(said)
        bounds = starts.searchsorted(normal.bounds)
        text_of = np.arange(len(texts), dtype=np.int32).repeat(bounds[1:] - bounds[:-1])
        return Words(normal, starts, ends, text_of, bounds)

    def tokens(self, text: str) -> list[str]:
        """The words of one text that become features, as strings: what an oracle needs."""
        tokens = self.segmenter.cut(self.normaliser([text]).text)
        return [token for token in tokens if _WORDLIKE[min(ord(token[0]), 0xFFFF)]]

    def read(self, words: Words) -> Iterator[list[Grams]]:
        """The n-grams of a batch, window by window, each window a list of families.

        A window holds whole texts; only a text longer than a window goes over several, its grams
        in order and none twice. What is held at a time does not grow with the batch.
        """
        for start, stop in _windows(words):
            yield [*self._word_families(words, start, stop), *self._characters(words, start, stop)]

    def _word_families(self, words: Words, start: int, stop: int) -> Iterator[Grams]:
        low, high = self.ranges.words
        if not high:
            return
        first, beyond = words.starts.searchsorted((start, stop)).tolist()
        # Grams that begin in this window may end in the next one.
        mine = slice(first, beyond + high - 1)
        starts, ends = words.starts[mine], words.ends[mine]
        local = starts - start
        sums, inverses = self._sums(
            words.normal.codes[start : int(ends[-1]) if len(ends) else start]
        )
        single = sums.take(ends - start, mode="clip")
        single -= sums.take(local, mode="clip")
        single *= inverses.take(local, mode="clip")
        single *= _WORD_SALT
        texts = words.bounds - first
        units = words.text_of[mine], starts, ends
        yield from _families("word", single, (low, high), beyond - first, texts, units)

    def _characters(self, words: Words, start: int, stop: int) -> Iterator[Grams]:
        low, high = self.ranges.characters
        if not high:
            return
        bounds = words.normal.bounds
        end = min(stop + high - 1, int(bounds[-1]))
        first, beyond = bounds.searchsorted((start + 1, end)).tolist()
        edges = np.minimum(np.maximum(bounds[first - 1 : beyond + 1], start), end)
        text_of = np.arange(first - 1, beyond, dtype=np.int32).repeat(edges[1:] - edges[:-1])
        places = np.arange(start, end + 1)
        single = words.normal.codes[start:end] * _CHARACTER_SALT
        units = text_of, places[:-1], places[1:]
        yield from _families("character", single, (low, high), stop - start, edges - start, units)

    def _sums(self, codes: Codes) -> tuple[Hashes, Hashes]:
        """The running sum over a stretch, shape (length + 1,), and the inverse powers for it."""
        size = len(codes)
        powers, inverses = self._powers, self._inverses
        if size > len(powers):
            powers, inverses = (_powers(base, size) for base in self._bases)
        sums = np.zeros(size + 1, np.uint64)
        (codes * powers[:size]).cumsum(out=sums[1:])
        return sums, inverses


def _families(
    kind: str,
    single: Hashes,
    lengths: tuple[int, int],
    beginning: int,
    texts: Offsets,
    units: tuple[Ints, Offsets, Offsets],
) -> Iterator[Grams]:
    """The n-grams of units: each hash is that of one unit less, times a constant, plus the last.

    Args:
        kind: of the units.
        single: the hash of each unit.
        lengths: shortest and longest.
        beginning: so many grams begin in this window.
        texts: the unit with which each text begins; those outside the window do no harm.
        units: text, start and end of each unit.
    """
    hashes = single
    inner = texts.compress((texts > 0) & (texts < len(single)))
    for n in range(1, lengths[1] + 1):
        if n > 1:
            hashes = hashes[:-1] * _NEIGHBOUR
            hashes += single[n - 1 :]
        if n >= lengths[0]:
            mine = hashes[:beginning] + np.uint64(n)
            for back in range(1, n if len(inner) else 1):
                crossing = inner - back
                mine[crossing[(crossing >= 0) & (crossing < len(mine))]] = NOTHING
            yield Grams(kind, n, mine, *units)


def _windows(words: Words) -> Iterator[tuple[int, int]]:
    """Stretches of whole texts that fit; a longer text is cut between two of its words."""
    bounds = words.normal.bounds
    start, size = 0, int(bounds[-1])
    while start < size:
        wanted = start + WINDOW
        text = int(bounds.searchsorted(wanted, side="right")) - 1
        stop = int(bounds[text])
        if stop <= start:
            stop = min(wanted, size)
            word = int(words.ends.searchsorted(stop))
            if word < len(words.ends) and words.starts[word] < stop:
                # A word stands across: end before it, or with it where nothing is before it.
                stop = int(words.starts[word])
                stop = stop if stop > start else int(words.ends[word])
        yield start, stop
        start = stop


def _powers(base: np.uint64, size: int) -> Hashes:
    powers = np.full(size + 1, base, np.uint64)
    powers[0] = 1
    return np.cumprod(powers)


def _wordlike() -> NDArray[np.bool_]:
    """Which code points can begin a word that says something: letters and numbers of any script."""
    return np.fromiter((chr(code).isalnum() for code in range(0x10000)), bool, 0x10000)


_WORDLIKE = _wordlike()
