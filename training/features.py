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

from model.features import Counts, Weighting
from model.grams import GramReader, Words
from model.normalisation import Offsets
from model.vocabulary import Hashes, Terms, Vocabulary
from training.counting import CollisionError, Counted, count, cut, side_by_side
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


def build_features(
    reader: GramReader, texts: Sequence[str], parameters: Parameters, jobs: int = 1
) -> Features:
    """Choose the features of a corpus and count them.

    Args:
        reader: reads texts into n-grams.
        texts: the corpus.
        parameters: which features there are to be, and how they are weighted.
        jobs: how many threads; the result is the same with any number.

    Raises:
        TooLittleError: no n-gram stands in enough rows.
    """
    words = cut(reader, texts, jobs)
    for seed in range(_SEEDS):
        seeded = reader.seeded(seed)
        try:
            return _build(seeded, words, len(texts), parameters, jobs)
        except CollisionError:
            continue
    raise RuntimeError(f"{_SEEDS} hash functions in a row collided")


def _build(
    reader: GramReader, words: Sequence[Words], texts: int, parameters: Parameters, jobs: int
) -> Features:
    characters = sum(len(some.normal.text) for some in words)
    counted = count(
        reader,
        words,
        lambda kind: parameters.min_df(kind, texts, characters),
        jobs,
        parameters.title or 0,
    )
    weighting = weighting_of(reader, counted.family_of, counted.frequencies, texts, parameters)
    terms = _terms(reader, words, counted, jobs)
    matrix = stack(counted.batches, weighting)
    return Features(reader, counted.vocabulary, terms, weighting, matrix)


def weighting_of(
    reader: GramReader,
    family_of: NDArray[np.int64],
    frequencies: NDArray[np.int64],
    texts: int,
    parameters: Parameters,
) -> Weighting:
    """How features weigh: smoothed idf as scikit-learn has it; words and characters apart.

    Args:
        reader: whose families they are of.
        family_of: the family of each feature, ascending.
        frequencies: in how many of the texts each stands.
        texts: how many there are.
        parameters: whether counts are taken by their logarithm.
    """
    idf = (np.log((1.0 + texts) / (1.0 + frequencies)) + 1.0).astype(np.float32)
    kinds = [kind for kind, _ in reader.ranges.families]
    last = [i for i, kind in enumerate(kinds) if kinds[i + 1 : i + 2] != [kind]]
    ends = np.searchsorted(family_of, last, side="right").tolist()
    return Weighting(idf, ends, parameters.sublinear)


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


@dataclass(frozen=True, slots=True)
class _Seen:
    """The features of a batch: where each stands, and its second hash.

    Attributes:
        features: ascending, shape (seen,).
        starts: a place of each in the normal form, shape (seen,).
        witnesses: of each, shape (seen,).
    """

    features: NDArray[np.intp]
    starts: Offsets
    witnesses: Hashes


def _terms(reader: GramReader, words: Sequence[Words], counted: Counted, jobs: int) -> Terms:
    """The text of each feature; every other place with its hash is held against it.

    Raises:
        CollisionError: a place has a feature's hash and another text.
    """
    size, families = len(counted.vocabulary), reader.ranges.families
    terms: list[str] = [""] * size
    witnesses, named = np.zeros(size, np.uint64), np.zeros(size, bool)
    batches = side_by_side(lambda some: _seen(reader, some, counted.vocabulary), words, jobs)
    for some, seen in zip(words, batches, strict=True):
        known = named[seen.features]
        if (witnesses[seen.features] != seen.witnesses)[known].any():
            raise CollisionError("two n-grams have one hash")
        fresh = seen.features[~known]
        mine = [families[family] for family in counted.family_of[fresh].tolist()]
        found = _texts(some, seen.starts[~known], mine)
        for feature, term in zip(fresh.tolist(), found, strict=True):
            terms[feature] = term
        witnesses[seen.features], named[seen.features] = seen.witnesses, True
    return Terms.of(terms)


def _seen(reader: GramReader, words: Words, vocabulary: Vocabulary) -> _Seen:
    """What a batch has of a vocabulary.

    Raises:
        CollisionError: two places have one hash and another text.
    """
    size = len(vocabulary)
    starts = np.zeros(size, np.int64)
    witnesses, named = np.zeros(size, np.uint64), np.zeros(size, bool)
    second = reader.seeded(reader.seed + _SECOND_HASH)
    for window, check in zip(reader.read(words), second.read(words), strict=True):
        for grams, other in zip(window, check, strict=True):
            places, features = vocabulary.find(grams.hashes)
            hashes = other.hashes.take(places)
            fresh = np.flatnonzero(~named.take(features))
            # Of several places any will do: they are held to be the same below.
            new = features.take(fresh)
            starts[new] = grams.starts.take(places.take(fresh))
            witnesses[new], named[new] = hashes.take(fresh), True
            if (hashes != witnesses.take(features)).any():
                raise CollisionError("two n-grams have one hash")
    seen = np.flatnonzero(named)
    return _Seen(seen, starts[seen], witnesses[seen])


def _texts(words: Words, starts: Offsets, families: Sequence[tuple[str, int]]) -> list[str]:
    """What n-grams look like: their characters, or their words with a blank between them."""
    text = words.normal.text
    longest = max((n for kind, n in families if kind == "word"), default=0)
    units = words.starts.searchsorted(starts)
    spans = [
        [some.take(units + n, mode="clip").tolist() for some in (words.starts, words.ends)]
        for n in range(longest)
    ]
    return [
        text[start : start + n]
        if kind == "character"
        else " ".join([text[lows[i] : highs[i]] for lows, highs in spans[:n]])
        for i, (start, (kind, n)) in enumerate(zip(starts.tolist(), families, strict=True))
    ]
