"""Weighted counts: which features a batch of texts has, how often, and what that weighs.

tf-idf as in scikit-learn's TfidfVectorizer, block by block (words, characters): tf is the count or
1 + ln(count), times idf, and each block of a text divided by its Euclidean norm. Training and
serving both come through here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.grams import GramReader, Grams, Words
from model.normalisation import Offsets
from model.title import title_ends
from model.vocabulary import Ints, Vocabulary

Floats = NDArray[np.float64]

BATCH_TEXTS = 4096
BATCH_CHARACTERS = 1 << 20
"""A batch is closed at so many texts or characters, whichever comes first."""

_TABLED = 256


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each text has each feature: a sparse matrix, rows in order, features ascending.

    Attributes:
        rows: shape (texts + 1,); row i is the entries rows[i]:rows[i + 1].
        features: shape (entries,).
        counts: shape (entries,), each ≥ 1.
        keys: text and feature of each entry in one number, ascending, shape (entries,).
        bits: so many low bits of a key are the feature.
    """

    rows: Offsets
    features: Ints
    counts: Offsets
    keys: Offsets
    bits: int

    @property
    def texts(self) -> int:
        """How many texts there are."""
        return len(self.rows) - 1

    def places(self, texts: NDArray[np.integer], features: NDArray[np.integer]) -> Offsets:
        """Where the entry of each text and feature stands, or would stand."""
        return self.keys.searchsorted((texts.astype(np.int64) << self.bits) + features)


@dataclass(frozen=True, slots=True)
class Hits:
    """The known n-grams of a batch with their places, for evidence.

    Attributes:
        text_of, features, starts, ends: shape (hits,) each; places are in the normal form.
    """

    text_of: Ints
    features: Ints
    starts: Offsets
    ends: Offsets


class Weighting:
    """tf-idf weights for the features of a vocabulary.

    Args:
        idf: the inverse document frequency of each feature, shape (features,), float32.
        block_ends: where each block of features ends, ascending; the last is the vocabulary's size.
        sublinear: 1 + ln(count) in place of the count.
    """

    def __init__(
        self, idf: NDArray[np.float32], block_ends: Sequence[int], sublinear: bool
    ) -> None:
        self.idf = np.asarray(idf)
        self.block_ends = tuple(int(end) for end in block_ends)
        self.sublinear = sublinear
        self._inner_ends = np.array(self.block_ends[:-1], np.int64)
        self._frequencies = self._frequency(np.arange(_TABLED))

    def raw(self, counts: Counts) -> Floats:
        """tf × idf of each entry before it is divided by a norm, shape (entries,)."""
        if len(counts.counts) and int(counts.counts.max()) >= _TABLED:
            frequency = self._frequency(counts.counts)
        else:
            frequency = self._frequencies.take(counts.counts, mode="clip")
        frequency *= self.idf.take(counts.features, mode="clip")
        return frequency

    def blocks(self, counts: Counts) -> Offsets:
        """Where each block of each text begins, and the end, shape (texts × blocks + 1,)."""
        if len(self.block_ends) == 1:
            return counts.rows
        bounds = np.empty(counts.texts * len(self.block_ends) + 1, np.int64)
        begins = bounds[:-1].reshape(counts.texts, -1)
        begins[:, 0] = counts.rows[:-1]
        begins[:, 1:] = counts.places(np.arange(counts.texts)[:, None], self._inner_ends)
        bounds[-1] = counts.rows[-1]
        return bounds

    def norms(self, raw: Floats, blocks: Offsets) -> Floats:
        """The Euclidean norm of each block of each text, 1 where it is empty."""
        norms: Floats = np.sqrt(segment_sums(raw * raw, blocks))
        norms[norms == 0.0] = 1.0
        return norms

    def values(self, counts: Counts) -> Floats:
        """The tf-idf value of each entry, shape (entries,)."""
        raw, blocks = self.raw(counts), self.blocks(counts)
        raw /= self.norms(raw, blocks).repeat(blocks[1:] - blocks[:-1])
        return raw

    def _frequency(self, counts: NDArray[np.integer]) -> Floats:
        frequency = counts.astype(np.float64)
        if self.sublinear:
            several = counts > 1
            frequency[several] = 1.0 + np.log(frequency[several])
        return frequency


def segment_sums(values: Floats, bounds: Offsets) -> Floats:
    """The sum of each stretch bounds[i]:bounds[i + 1] along the last axis; 0 where it is empty."""
    starts = bounds[:-1]
    filled = starts < bounds[1:]
    if filled.all():
        whole: Floats = np.add.reduceat(values, starts, axis=-1)
        return whole
    sums = np.zeros((*values.shape[:-1], len(starts)))
    sums[..., filled] = np.add.reduceat(values, starts.compress(filled), axis=-1)
    return sums


class Counter:
    """Counts the features of texts.

    Args:
        reader: reads texts into n-grams.
        vocabulary: the features that count.
        title: what stands in a title counts so many times more, ≥ 0.
    """

    def __init__(self, reader: GramReader, vocabulary: Vocabulary, title: int = 0) -> None:
        self.reader = reader
        self.vocabulary = vocabulary
        self.title = title
        # A key is text and feature in one number: its low bits are the feature.
        self._bits = max(len(vocabulary) - 1, 1).bit_length()

    def count(self, words: Words) -> Counts:
        """Count a batch that was cut into words. Cut long lists with `batches` first."""
        parts = []
        titles = self._titles(words)
        for window in self.reader.read(words):
            places, features = self.vocabulary.find(_hashes(window))
            text_of = _text_of(window, places, words)
            if titles is not None:
                times = self._times(text_of, _spans(window, places)[1], titles)
                text_of, features = text_of.repeat(times), features.repeat(times)
            parts.append(self._tally(text_of, features))
        return _joined(parts, len(words.normal), self._bits)

    def locate(self, words: Words) -> tuple[Counts, Hits]:
        """Count a batch and say where each feature stands; a place that counts more comes again."""
        parts = []
        titles = self._titles(words)
        hits: list[tuple[NDArray[Any], ...]] = []
        for window in self.reader.read(words):
            places, features = self.vocabulary.find(_hashes(window))
            text_of = _text_of(window, places, words)
            found: tuple[NDArray[Any], ...] = text_of, features, *_spans(window, places)
            if titles is not None:
                times = self._times(text_of, found[-1], titles)
                found = tuple(some.repeat(times) for some in found)
            parts.append(self._tally(found[0], found[1]))
            hits.append(found)
        none = np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, int), np.zeros(0, int)
        located = Hits(*(np.concatenate(arrays) for arrays in zip(none, *hits, strict=True)))
        return _joined(parts, len(words.normal), self._bits), located

    def _titles(self, words: Words) -> Offsets | None:
        """Where the title of each text ends; None where no title counts more."""
        return title_ends(words.normal) if self.title and len(words.normal.lines) else None

    def _times(self, text_of: Ints, ends: Offsets, titles: Offsets) -> Offsets:
        """How often each place counts: more where it ends before the title does."""
        inside = ends <= titles.take(text_of, mode="clip")
        return 1 + self.title * inside.astype(np.int64)

    def _tally(self, text_of: Ints, features: Ints) -> "_Part":
        """The distinct (text, feature) keys of a window, ascending, and how often each comes."""
        if not len(features):
            return _Part(0, np.zeros(0, np.int64), np.zeros(0, np.int64))
        first, last = int(text_of.min()), int(text_of.max())
        # 32-bit keys sort twice as fast.
        small = (last - first + 1) << self._bits <= 1 << 32
        kind = np.dtype(np.uint32 if small else np.uint64)
        keys: NDArray[Any] = features.astype(kind)
        if last > first:
            keys |= (text_of - np.int32(first)).astype(kind) << kind.type(self._bits)
        keys.sort()
        begins = _begins(keys)
        counts = np.empty(len(begins), np.int64)
        np.subtract(begins[1:], begins[:-1], out=counts[:-1])
        counts[-1] = len(keys) - begins[-1]
        return _Part(first, keys[begins].astype(np.int64), counts)


def _hashes(window: list[Grams]) -> NDArray[np.uint64]:
    """The hashes of all families of a window, one after the other."""
    return np.concatenate([grams.hashes for grams in window])


def _text_of(window: list[Grams], places: NDArray[np.intp], words: Words) -> Ints:
    """The text of each place in a window's hashes."""
    if len(words.normal) == 1:
        return np.zeros(len(places), np.int32)
    families = _by_family(window, places)
    return np.concatenate([grams.text_of.take(mine, mode="clip") for grams, mine in families])


def _spans(window: list[Grams], places: NDArray[np.intp]) -> tuple[Offsets, Offsets]:
    """Where the n-gram at each place in a window's hashes starts and ends in the normal form."""
    families = _by_family(window, places)
    starts = [grams.starts[mine] for grams, mine in families]
    ends = [grams.ends[mine + (grams.n - 1)] for grams, mine in families]
    return np.concatenate(starts), np.concatenate(ends)


def _by_family(
    window: list[Grams], places: NDArray[np.intp]
) -> list[tuple[Grams, NDArray[np.intp]]]:
    """Each family of a window with those places in the window's hashes that are its own."""
    sizes = [*accumulate((len(grams.hashes) for grams in window), initial=0)]
    edges = places.searchsorted(sizes).tolist()
    return [(grams, places[edges[i] : edges[i + 1]] - sizes[i]) for i, grams in enumerate(window)]


@dataclass(frozen=True, slots=True)
class _Part:
    """The keys of a window, counted from its first text, ascending, and their counts."""

    first: int
    keys: Offsets
    counts: Offsets


def _joined(parts: list[_Part], texts: int, bits: int) -> Counts:
    """Windows one after the other; where a long text goes over several, its counts are added."""
    parts = [part for part in parts if len(part.keys)]
    if not parts:
        none = np.zeros(0, np.int64)
        return Counts(np.zeros(texts + 1, np.int64), none.astype(np.int32), none, none, bits)
    if len(parts) == 1:
        keys, counts = parts[0].keys + (parts[0].first << bits), parts[0].counts
    else:
        keys = np.concatenate([part.keys + (part.first << bits) for part in parts])
        counts = np.concatenate([part.counts for part in parts])
        if (keys[1:] <= keys[:-1]).any():
            order = np.argsort(keys, kind="stable")
            keys, counts = keys[order], counts[order]
            begins = _begins(keys)
            keys, counts = keys[begins], np.add.reduceat(counts, begins)
    rows = keys.searchsorted(np.arange(texts + 1) << bits)
    return Counts(rows, (keys & ((1 << bits) - 1)).astype(np.int32), counts, keys, bits)


def _begins(keys: NDArray[Any]) -> NDArray[np.intp]:
    """Where each run of equal keys begins."""
    new = np.empty(len(keys), np.bool_)
    new[0] = True
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    return new.nonzero()[0]


def batches(texts: Sequence[str], most: int = BATCH_CHARACTERS) -> Iterator[range]:
    """Cut a list into batches that are neither too many texts nor too many characters."""
    start = 0
    characters = 0
    for i, text in enumerate(texts):
        if i > start and (i - start >= BATCH_TEXTS or characters + len(text) > most):
            yield range(start, i)
            start, characters = i, 0
        characters += len(text)
    if start < len(texts):
        yield range(start, len(texts))
