"""Weighted counts: which features a batch of texts has, how often, and what that weighs.

tf-idf as in scikit-learn's TfidfVectorizer, block by block (words, characters): tf is the count or
1 + ln(count), times idf, and each block of a text divided by its Euclidean norm. Training and
serving both come through here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.grams import GramReader, Grams, Ints, Words
from model.normalisation import Offsets
from model.vocabulary import Vocabulary

Floats = NDArray[np.float64]

BATCH_TEXTS = 4096
BATCH_CHARACTERS = 1 << 20
"""A batch is closed at so many texts or characters, whichever comes first."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each text has each feature: a sparse matrix, rows in order, features ascending.

    Attributes:
        rows: shape (texts + 1,); row i is the entries rows[i]:rows[i + 1].
        features: shape (entries,).
        counts: shape (entries,), each ≥ 1.
    """

    rows: Offsets
    features: Ints
    counts: Offsets


@dataclass(frozen=True, slots=True)
class Hits:
    """The known n-grams of a window with their places, for evidence.

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
        self.idf = idf
        self.block_ends = np.asarray(block_ends, np.int64)
        self.sublinear = sublinear

    def values(self, counts: Counts) -> Floats:
        """The weight of each entry, shape (entries,)."""
        frequency = counts.counts.astype(np.float64)
        if self.sublinear:
            several = counts.counts > 1
            frequency[several] = 1.0 + np.log(frequency[several])
        values = frequency * self.idf[counts.features]
        segments, lengths = self._segments(counts)
        norms = np.sqrt(segment_sums(values * values, segments))
        norms[norms == 0.0] = 1.0
        values /= np.repeat(norms, lengths)
        return values

    def _segments(self, counts: Counts) -> tuple[Offsets, Offsets]:
        """Where each block of each row begins (and the end), and how long each is."""
        blocks = len(self.block_ends)
        if blocks == 1:
            bounds = counts.rows
        else:
            texts = len(counts.rows) - 1
            row_of = np.repeat(np.arange(texts, dtype=np.int64), np.diff(counts.rows))
            block_of = np.searchsorted(self.block_ends, counts.features, side="right")
            sizes = np.bincount(row_of * blocks + block_of, minlength=texts * blocks)
            bounds = np.zeros(texts * blocks + 1, np.int64)
            np.cumsum(sizes, out=bounds[1:])
        return bounds, np.diff(bounds)


def segment_sums(values: Floats, bounds: Offsets) -> Floats:
    """The sum of each stretch bounds[i]:bounds[i + 1] along the first axis; 0 where it is empty."""
    sums = np.zeros((len(bounds) - 1, *values.shape[1:]), np.float64)
    filled = np.flatnonzero(np.diff(bounds))
    if len(filled):
        sums[filled] = np.add.reduceat(values, bounds[filled], axis=0, dtype=np.float64)
    return sums


class Counter:
    """Counts the features of texts.

    Args:
        reader: reads texts into n-grams.
        vocabulary: the features that count.
    """

    def __init__(self, reader: GramReader, vocabulary: Vocabulary) -> None:
        self.reader = reader
        self.vocabulary = vocabulary

    def count(self, words: Words) -> Counts:
        """Count a batch that was cut into words. Cut long lists with `batches` first."""
        keys, _ = self._scan(self.reader.read(words), locate=False)
        return self._counts(keys, len(words.normal))

    def locate(self, words: Words) -> tuple[Counts, Hits]:
        """Count a batch and say where each feature stands, in the order of the text."""
        keys, hits = self._scan(self.reader.read(words), locate=True)
        gathered = Hits(
            _concatenated([hit.text_of for hit in hits], np.int32),
            _concatenated([hit.features for hit in hits], np.int32),
            _concatenated([hit.starts for hit in hits], np.int64),
            _concatenated([hit.ends for hit in hits], np.int64),
        )
        return self._counts(keys, len(words.normal)), gathered

    def _scan(
        self, windows: Iterator[list[Grams]], locate: bool
    ) -> tuple[list[tuple[Offsets, Offsets]], list[Hits]]:
        """For each window its (text, feature) keys with their counts, and the hits if asked for."""
        size = max(len(self.vocabulary), 1)
        found: list[tuple[Offsets, Offsets]] = []
        hits: list[Hits] = []
        for families in windows:
            keys = []
            for grams in families:
                places, features = self.vocabulary.find(grams.hashes)
                text_of = grams.text_of[places]
                keys.append(text_of.astype(np.int64) * size + features)
                if locate:
                    hits.append(Hits(text_of, features, grams.starts[places], grams.ends[places]))
            found.append(_tally(np.concatenate(keys)))
        return found, hits

    def _counts(self, found: list[tuple[Offsets, Offsets]], texts: int) -> Counts:
        size = max(len(self.vocabulary), 1)
        keys, counts = _merge(found)
        text_of = keys // size
        rows = np.searchsorted(text_of, np.arange(texts + 1))
        return Counts(rows, (keys - text_of * size).astype(np.int32), counts)


def _concatenated(arrays: list[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.zeros(0, kind)


def _tally(keys: Offsets) -> tuple[Offsets, Offsets]:
    """The distinct keys, ascending, and how often each comes."""
    keys.sort()
    if not len(keys):
        return keys, keys
    begins = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    return keys[begins], np.diff(begins, append=len(keys))


def _merge(found: list[tuple[Offsets, Offsets]]) -> tuple[Offsets, Offsets]:
    """Put windows together; a text that goes over several has its counts added up."""
    if len(found) == 1:
        return found[0]
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    keys = np.concatenate([window for window, _ in found])
    counts = np.concatenate([count for _, count in found])
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], counts[order]
    begins = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    return keys[begins], np.add.reduceat(counts, begins) if len(begins) else counts


def batches(texts: Sequence[str]) -> Iterator[range]:
    """Cut a list into batches that are neither too many texts nor too many characters."""
    start = 0
    characters = 0
    for i, text in enumerate(texts):
        if i > start and (i - start >= BATCH_TEXTS or characters + len(text) > BATCH_CHARACTERS):
            yield range(start, i)
            start, characters = i, 0
        characters += len(text)
    if start < len(texts):
        yield range(start, len(texts))
