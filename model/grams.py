"""From a batch of texts to hashed word and character n-grams, without a loop over words.

All words of a batch lie in one row. A running sum of code × Bⁱ, in arithmetic that wraps at 2⁶⁴,
gives the hash of any stretch of characters as a difference times an inverse power (B is odd, so it
has an inverse): the polynomial hash of Karp and Rabin (1987) in prefix-sum form. Words are such
stretches, so are character n-grams; neighbours' hashes are mixed for word pairs.

Words that are punctuation or blanks only are left out, and pairs are taken across them; character
n-grams are taken over everything. Nothing here knows which n-grams matter: see `vocabulary`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.errors import SegmenterError
from model.normalisation import Codes, Normaliser, NormalText, Offsets
from model.segmentation import Cut, cut_all

Hashes = NDArray[np.uint64]
Ints = NDArray[np.int32]

WINDOW = 1 << 16
"""Characters that are hashed at a time; more only where one word is longer."""

_BASE = 0x9E3779B97F4A7C15
_WORD_SALT = np.uint64(0xD6E8FEB86659FD93)
_CHARACTER_SALT = np.uint64(0xA0761D6478BD642F)
_PAIR = np.uint64(0xE7037ED1A0B428DB)


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
    """A batch cut into words.

    Attributes:
        normal: the batch in normal form.
        ends: where each word ends in `normal.codes`, shape (words + 1,); entry 0 is 0.
        text_of: the index of the text of each word, shape (words,).
    """

    normal: NormalText
    ends: Offsets
    text_of: Ints


@dataclass(frozen=True, slots=True)
class Grams:
    """The n-grams of one family in one window, in the order of the text.

    Gram i is the units (words or characters) i to i + n - 1. Those that reach from one text into
    the next are there too; they are told apart only where a gram turns out to be known.

    Attributes:
        kind: `word` or `character`.
        n: how many units each has.
        hashes: shape (grams,).
        text_of: the index of the text of each unit, shape (units,), units ≥ grams + n - 1.
        starts, ends: the place of each unit in the batch's normal form, shape (units,) each.
    """

    kind: str
    n: int
    hashes: Hashes
    text_of: Ints
    starts: Offsets
    ends: Offsets

    def inside(self, grams: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which of some grams lie in one text."""
        same: NDArray[np.bool_] = self.text_of[grams] == self.text_of[grams + (self.n - 1)]
        return same


class GramReader:
    """Reads texts into n-grams.

    Args:
        normaliser: gives texts their normal form.
        cut: cuts a normal text into words.
        ranges: which n-grams to read.
        seed: another seed is another hash function; a vocabulary is bound to one.
    """

    def __init__(self, normaliser: Normaliser, cut: Cut, ranges: GramRanges, seed: int = 0) -> None:
        self.normaliser = normaliser
        self.cut = cut
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
        return GramReader(self.normaliser, self.cut, self.ranges, seed)

    def words(self, texts: Sequence[str]) -> Words:
        """Normalise a batch and cut it.

        Raises:
            SegmenterError: the segmenter lost or added characters.
        """
        normal = self.normaliser(texts)
        tokens, counts = cut_all(self.cut, normal.texts())
        ends = np.zeros(len(tokens) + 1, np.int64)
        np.cumsum(_lengths(tokens), out=ends[1:])
        if ends[-1] != len(normal.codes):
            raise SegmenterError(
                f"分词结果与原文长度不符（{ends[-1]} 与 {len(normal.codes)}），请检查词典。"
            )
        text_of = np.repeat(np.arange(len(texts), dtype=np.int32), counts)
        return Words(normal, ends, text_of)

    def tokens(self, text: str) -> list[str]:
        """The words of one text that become features, as strings: what an oracle needs."""
        tokens = self.cut(self.normaliser([text]).text)
        return [token for token in tokens if _WORDLIKE[min(ord(token[0]), 0xFFFF)]]

    def read(self, words: Words) -> Iterator[list[Grams]]:
        """The n-grams of a batch, window by window, each window a list of families.

        A window holds whole texts; only a text longer than a window goes over several, its grams
        in order and none twice. What is held at a time does not grow with the batch.
        """
        codes, ends = words.normal.codes, words.ends
        # An empty batch has no first characters to look at.
        firsts = np.minimum(codes[ends[:-1]], 0xFFFF) if len(codes) else codes
        chosen = np.flatnonzero(_WORDLIKE[firsts])
        for start, stop in _windows(words):
            low, high = np.searchsorted(ends, (start, stop))
            first, beyond = np.searchsorted(chosen, (low, high))
            # Grams that begin in this window may end in the next one.
            mine = chosen[first : beyond + max(self.ranges.words[1] - 1, 0)]
            reach = stop + max(self.ranges.characters[1] - 1, 0)
            end = max(reach, int(ends[mine[-1] + 1]) if len(mine) else 0)
            sums, inverses = self._sums(codes[start : min(end, len(codes))])
            yield [
                *self._word_families(words, mine, int(beyond - first), start, sums, inverses),
                *self._character_families(words, start, stop, sums, inverses),
            ]

    def _sums(self, codes: Codes) -> tuple[Hashes, Hashes]:
        """The running sum over a stretch, shape (length + 1,), and the inverse powers for it."""
        size = len(codes)
        powers, inverses = self._powers, self._inverses
        if size > len(powers):
            powers, inverses = (_powers(base, size) for base in self._bases)
        sums = np.zeros(size + 1, np.uint64)
        np.cumsum((codes + np.uint32(1)) * powers[:size], out=sums[1:])
        return sums, inverses

    def _word_families(
        self,
        words: Words,
        mine: Offsets,
        beginning: int,
        origin: int,
        sums: Hashes,
        inverses: Hashes,
    ) -> Iterator[Grams]:
        low, high = self.ranges.words
        if not high:
            return
        starts, ends, text_of = words.ends[mine], words.ends[mine + 1], words.text_of[mine]
        local = starts - origin
        single = (sums[ends - origin] - sums[local]) * inverses[local] * _WORD_SALT
        hashes = single
        for n in range(1, high + 1):
            if n > 1:
                hashes = hashes[:-1] * _PAIR + single[n - 1 :]
            if n >= low:
                yield Grams("word", n, hashes[:beginning], text_of, starts, ends)

    def _character_families(
        self, words: Words, start: int, stop: int, sums: Hashes, inverses: Hashes
    ) -> Iterator[Grams]:
        low, high = self.ranges.characters
        if not high:
            return
        bounds = words.normal.bounds
        units = start + len(sums) - 1
        first = int(np.searchsorted(bounds, start, side="right")) - 1
        beyond = int(np.searchsorted(bounds, units))
        edges = np.clip(bounds[first : beyond + 1], start, units)
        text_of = np.repeat(np.arange(first, beyond, dtype=np.int32), np.diff(edges))
        places = np.arange(start, units + 1)
        for n in range(low, high + 1):
            count = max(min(stop - start, len(sums) - n), 0)
            hashes = sums[n : n + count] - sums[:count]
            hashes *= inverses[:count]
            hashes *= _CHARACTER_SALT
            hashes += np.uint64(n)
            yield Grams("character", n, hashes, text_of, places[:-1], places[1:])


def _windows(words: Words) -> Iterator[tuple[int, int]]:
    """Stretches of whole texts that fit; a longer text is cut after the last word that fits."""
    bounds, ends = words.normal.bounds, words.ends
    start, size = 0, int(bounds[-1])
    while start < size:
        text = int(np.searchsorted(bounds, start + WINDOW, side="right")) - 1
        stop = int(bounds[text])
        if stop <= start:
            stop = int(ends[np.searchsorted(ends, start + WINDOW, side="right") - 1])
        if stop <= start:
            stop = int(ends[np.searchsorted(ends, start, side="right")])
        yield start, stop
        start = stop


def _powers(base: np.uint64, size: int) -> Hashes:
    powers = np.full(size + 1, base, np.uint64)
    powers[0] = 1
    return np.cumprod(powers)


def _lengths(tokens: list[str]) -> NDArray[np.integer]:
    try:
        # Faster than any other way to many small numbers.
        return np.frombuffer(bytes(map(len, tokens)), np.uint8)
    except ValueError:
        return np.fromiter(map(len, tokens), np.int64, len(tokens))


def _wordlike() -> NDArray[np.bool_]:
    """Which code points can begin a word that says something: letters and numbers of any script."""
    return np.fromiter((chr(code).isalnum() for code in range(0x10000)), bool, 0x10000)


_WORDLIKE = _wordlike()
