"""Which n-grams become features, and the matrix of a corpus: the same code as at serving.

The vocabulary is exact: every n-gram of the corpus that has the hash of a feature is compared with
that feature by a second, independent hash; one that differs is a collision, and another hash
function is taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from model.features import Counter, Counts, Floats, Weighting, batches
from model.grams import GramReader, Grams, Hashes, Words
from model.vocabulary import Terms, Vocabulary
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
    hashes, frequencies, ends = [], [], []
    for position, (kind, _) in enumerate(families):
        least = parameters.min_df_words if kind == "word" else parameters.min_df_characters
        known, found = _document_frequencies(reader, words, position)
        enough = found >= least
        hashes.append(known[enough])
        frequencies.append(found[enough])
        if position + 1 == len(families) or families[position + 1][0] != kind:
            ends.append(sum(len(some) for some in hashes))
    if not ends or not ends[-1]:
        raise TooLittleError(
            f"没有任何特征：{texts} 段里没有词或字组出现在至少 {parameters.min_df_words} 段中。"
            "请增加语料，或调低 min_df。"
        )
    try:
        vocabulary = Vocabulary.build(np.concatenate(hashes))
    except ValueError as error:
        raise CollisionError(str(error)) from error
    terms = _terms(reader, words, vocabulary)
    df = np.concatenate(frequencies)
    idf = (np.log((1.0 + texts) / (1.0 + df)) + 1.0).astype(np.float32)
    weighting = Weighting(idf, ends, parameters.sublinear)
    counter = Counter(reader, vocabulary)
    matrix = stack([counter.count(some) for some in words], weighting)
    return Features(reader, vocabulary, terms, weighting, matrix)


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
    reader: GramReader, words: Sequence[Words], position: int
) -> tuple[Hashes, Floats]:
    """The hashes of one family, ascending, and in how many texts each stands."""
    hashes, counts = [], []
    for some in words:
        grams = _family(reader, some, position)
        # Each text counts once: sort by hash, then text, and drop repeats.
        order = np.lexsort((grams.text_of, grams.hashes))
        sorted_hashes, sorted_texts = grams.hashes[order], grams.text_of[order]
        new = np.ones(len(order), bool)
        new[1:] = (sorted_hashes[1:] != sorted_hashes[:-1]) | (
            sorted_texts[1:] != sorted_texts[:-1]
        )
        known, count = np.unique(sorted_hashes[new], return_counts=True)
        hashes.append(known)
        counts.append(count)
    if not hashes:
        return np.zeros(0, np.uint64), np.zeros(0)
    known, place = np.unique(np.concatenate(hashes), return_inverse=True)
    totals = np.bincount(place, np.concatenate(counts), len(known))
    return known, np.asarray(totals, np.float64)


def _family(reader: GramReader, words: Words, position: int) -> Grams:
    windows = [families[position] for families in reader.read(words)]
    kind, n = reader.ranges.families[position]
    if not windows:
        none = np.zeros(0, np.int64)
        return Grams(kind, n, none.astype(np.uint64), none.astype(np.int32), none, none)
    return Grams(
        kind,
        n,
        np.concatenate([grams.hashes for grams in windows]),
        np.concatenate([grams.text_of for grams in windows]),
        np.concatenate([grams.starts for grams in windows]),
        np.concatenate([grams.ends for grams in windows]),
    )


def _terms(reader: GramReader, words: Sequence[Words], vocabulary: Vocabulary) -> Terms:
    """The text of each feature; every other place with its hash is held against it.

    Raises:
        CollisionError: a place has a feature's hash and another text.
    """
    terms: list[str] = [""] * len(vocabulary)
    witnesses = np.zeros(len(vocabulary), np.uint64)
    named = np.zeros(len(vocabulary), bool)
    second = reader.seeded(reader.seed + _SECOND_HASH)
    for position in range(len(reader.ranges.families)):
        for some in words:
            grams = _family(reader, some, position)
            check = _family(second, some, position)
            places, features = vocabulary.find(grams.hashes)
            seen, first = np.unique(features, return_index=True)
            for feature, place in zip(seen.tolist(), places[first].tolist(), strict=True):
                if not named[feature]:
                    terms[feature] = _term(some, grams, place)
                    witnesses[feature] = check.hashes[place]
                    named[feature] = True
            if (check.hashes[places] != witnesses[features]).any():
                raise CollisionError("two n-grams have one hash")
    return Terms.of(terms)


def _term(words: Words, grams: Grams, place: int) -> str:
    """What an n-gram looks like: its characters, or its words with a blank between them."""
    text = words.normal.text[grams.starts[place] : grams.ends[place]]
    if grams.kind == "character":
        return text
    first = int(np.searchsorted(words.ends, grams.starts[place]))
    last = int(np.searchsorted(words.ends, grams.ends[place]))
    pieces = [words.normal.text[words.ends[i] : words.ends[i + 1]] for i in range(first, last)]
    return " ".join(piece for piece in pieces if piece[0].isalnum())
