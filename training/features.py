"""Which n-grams become features, and the matrix of a corpus: the same code as at serving.

The vocabulary is exact: every n-gram of the corpus that has the hash of a feature is compared with
that feature by a second, independent hash; one that differs is a collision, and another hash
function is taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from model.features import Counter, Counts, Weighting, batches
from model.grams import GramReader, Grams, Words
from model.normalisation import Normaliser
from model.title import title_ends
from model.vocabulary import NOTHING, Hashes, Ints, Terms, Vocabulary
from training.errors import TooLittleError
from training.parameters import Parameters

_SEEDS = 8
_SECOND_HASH = 1_000_003


@dataclass(frozen=True, slots=True)
class Features:
    """A vocabulary and the matrix of the corpus that it was made from.

    Attributes:
        reader: reads texts into n-grams; its seed is the vocabulary's.
        vocabulary, terms, weighting: as an artifact keeps them.
        matrix: tf-idf values, shape (rows, features), float64.
    """

    reader: GramReader
    vocabulary: Vocabulary
    terms: Terms
    weighting: Weighting
    matrix: sparse.csr_array


class CollisionError(Exception):
    """Two n-grams of the corpus have one hash; another seed will part them."""


def build_features(reader: GramReader, texts: Sequence[str], parameters: Parameters) -> Features:
    """Choose the features of a corpus and count them.

    Raises:
        TooLittleError: no n-gram stands in enough rows.
    """
    words = [reader.words(texts[batch.start : batch.stop]) for batch in batches(texts)]
    for seed in range(_SEEDS):
        seeded = reader.seeded(seed)
        try:
            return _build(seeded, words, len(texts), parameters)
        except CollisionError:
            continue
    raise RuntimeError(f"{_SEEDS} hash functions in a row collided")


def _build(
    reader: GramReader, words: Sequence[Words], texts: int, parameters: Parameters
) -> Features:
    families = reader.ranges.families
    found = _document_frequencies(reader, words)
    characters = sum(len(some.normal.text) for some in words)
    hashes, frequencies, ends = [], [], []
    for position, (kind, _) in enumerate(families):
        least = parameters.min_df(kind, texts, characters)
        known, frequency = found[position]
        known, frequency = known[frequency >= least], frequency[frequency >= least]
        # Common features come first: what is looked up most lies together in memory.
        order = np.lexsort((known, -frequency))
        hashes.append(known[order])
        frequencies.append(frequency[order])
        if position + 1 == len(families) or families[position + 1][0] != kind:
            ends.append(sum(len(some) for some in hashes))
    if not ends or not ends[-1]:
        raise TooLittleError(
            f"没有任何特征：{texts} 段里没有词或字组出现在足够多的段中。请增加语料，或调低 min_df。"
        )
    try:
        vocabulary = Vocabulary.build(np.concatenate(hashes))
    except ValueError as error:
        raise CollisionError(str(error)) from error
    terms = _terms(reader, words, vocabulary)
    df = np.concatenate(frequencies)
    idf = (np.log((1.0 + texts) / (1.0 + df)) + 1.0).astype(np.float32)
    weighting = Weighting(idf, ends, parameters.sublinear)
    counter = Counter(reader, vocabulary, parameters.title or 0)
    matrix = stack([counter.count(some) for some in words], weighting)
    return Features(reader, vocabulary, terms, weighting, matrix)


def titled_share(normaliser: Normaliser, texts: Sequence[str]) -> float:
    """What share of the texts has a title, 0 to 1."""
    titled = 0
    for batch in batches(texts):
        normal = normaliser(texts[batch.start : batch.stop])
        titled += int((title_ends(normal) > normal.bounds[:-1]).sum())
    return titled / len(texts) if texts else 0.0


def stack(counted: Sequence[Counts], weighting: Weighting) -> sparse.csr_array:
    """The tf-idf matrix of batches of counts, one below the other."""
    features = len(weighting.idf)
    blocks = [
        sparse.csr_array(
            # scikit-learn takes 32-bit indices only.
            (weighting.values(counts), counts.features, counts.rows.astype(np.int32)),
            shape=(len(counts.rows) - 1, features),
        )
        for counts in counted
    ]
    return sparse.vstack(blocks, format="csr")


def _document_frequencies(
    reader: GramReader, words: Sequence[Words]
) -> list[tuple[Hashes, NDArray[np.int64]]]:
    """For each family its hashes, ascending, and in how many texts each stands."""
    found: list[list[tuple[Hashes, NDArray[np.int64]]]] = [[] for _ in reader.ranges.families]
    for some in words:
        windows = list(reader.read(some))
        for position, mine in enumerate(found):
            grams = [_inside(window[position]) for window in windows]
            if grams:
                mine.append(_text_counts(*map(np.concatenate, zip(*grams, strict=True))))
    return [_added(mine) for mine in found]


def _inside(grams: Grams) -> tuple[Hashes, Ints]:
    """Hash and text of the grams that lie in one text."""
    inside = grams.hashes != NOTHING
    return grams.hashes[inside], grams.text_of[: len(inside)][inside]


def _text_counts(hashes: Hashes, text_of: Ints) -> tuple[Hashes, NDArray[np.int64]]:
    """The distinct hashes and in how many texts each stands; texts come in ascending order."""
    order = np.argsort(hashes, kind="stable")
    hashes, text_of = hashes[order], text_of[order]
    fresh = np.ones(len(order), bool)
    fresh[1:] = (hashes[1:] != hashes[:-1]) | (text_of[1:] != text_of[:-1])
    hashes = hashes[fresh]
    begins = np.flatnonzero(np.append(True, hashes[1:] != hashes[:-1])[: len(hashes)])
    return hashes[begins], np.diff(begins, append=len(hashes))


def _added(
    parts: Sequence[tuple[Hashes, NDArray[np.int64]]],
) -> tuple[Hashes, NDArray[np.int64]]:
    """Batches put together: the distinct hashes and the sums of their counts."""
    if not parts:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    hashes, place = np.unique(np.concatenate([known for known, _ in parts]), return_inverse=True)
    counts = np.zeros(len(hashes), np.int64)
    np.add.at(counts, place, np.concatenate([count for _, count in parts]))
    return hashes, counts


def _terms(reader: GramReader, words: Sequence[Words], vocabulary: Vocabulary) -> Terms:
    """The text of each feature; every other place with its hash is held against it.

    Raises:
        CollisionError: a place has a feature's hash and another text.
    """
    terms: list[str] = [""] * len(vocabulary)
    witnesses = np.zeros(len(vocabulary), np.uint64)
    named = np.zeros(len(vocabulary), bool)
    second = reader.seeded(reader.seed + _SECOND_HASH)
    for some in words:
        for window, check in zip(reader.read(some), second.read(some), strict=True):
            for grams, other in zip(window, check, strict=True):
                places, features = vocabulary.find(grams.hashes)
                seen, first = np.unique(features, return_index=True)
                new = ~named[seen]
                for feature, place in zip(
                    seen[new].tolist(), places[first[new]].tolist(), strict=True
                ):
                    terms[feature] = _term(some, grams, place)
                witnesses[seen[new]] = other.hashes[places[first[new]]]
                named[seen] = True
                if (other.hashes[places] != witnesses[features]).any():
                    raise CollisionError("two n-grams have one hash")
    return Terms.of(terms)


def _term(words: Words, grams: Grams, place: int) -> str:
    """What an n-gram looks like: its characters, or its words with a blank between them."""
    units = range(place, place + grams.n)
    text = words.normal.text
    blank = " " if grams.kind == "word" else ""
    return blank.join(text[grams.starts[unit] : grams.ends[unit]] for unit in units)
