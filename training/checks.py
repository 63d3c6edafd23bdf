"""What makes a corpus less than it seems: copies, near copies, phrases that come again and again.

Shape, labels and ids are checked where a corpus is read (`corpus`); this looks at the texts, and at
whether there is enough of each label.
Near copies are found with MinHash over character 5-grams (Broder 1997), by datasketch.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from datasketch import MinHash, MinHashLSH

from training.corpus import Corpus, Row
from training.examples import FEWEST_EXAMPLES, lacking

NEAR = 0.7
"""Texts whose sets of 5-grams are at least so similar (Jaccard) are near copies."""

RUN = 15
MOST_PARAGRAPHS_A_RUN = 3
"""A run of 15 characters may stand in so many paragraphs."""

SHINGLE = 5
SHORTEST = 20
"""A text with fewer distinct 5-grams is too short to be anything's near copy."""

_PERMUTATIONS = 128


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows that say the same, or nearly: their ids and how similar they are, 0 to 1."""

    first: str
    second: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Run:
    """Characters that stand in too many paragraphs, and in which."""

    text: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a corpus holds.

    Attributes:
        genres: rows by genre.
        labels: rows by label in each genre, `none` for rows without.
        several: rows with two labels or more.
        lengths: the 0, 5, 25, 50, 75, 95 and 100 % quantiles of characters a row.
    """

    genres: Counter[str]
    labels: dict[str, Counter[str]]
    several: int
    lengths: tuple[int, ...]


def equal_texts(rows: Sequence[Row]) -> list[Pair]:
    """Rows whose texts are equal but for blanks."""
    seen: dict[str, str] = {}
    pairs = []
    for row in rows:
        key = "".join(row.text.split())
        if key in seen:
            pairs.append(Pair(seen[key], row.id, 1.0))
        else:
            seen[key] = row.id
    return pairs


def contradictions(rows: Sequence[Row], equal: Sequence[Pair]) -> list[Pair]:
    """Of the pairs with equal texts those with different labels: one of the two is wrong."""
    labels = {row.id: row.labels for row in rows}
    return [pair for pair in equal if labels[pair.first] != labels[pair.second]]


def too_little(corpus: Corpus) -> list[str]:
    """Why a corpus cannot be learnt from as it is, in words for the user; see `examples`."""
    book = corpus.codebook
    lack = lacking(corpus.rows, book.ids)
    if lack.alone:
        return ["只有一个标签，而且每段都有它：没有可以区分的东西"]
    few = [
        f"{book.name(label)} 只有 {count} 段，训练至少要 {FEWEST_EXAMPLES} 段"
        for label, count in lack.few.items()
    ]
    return few + [f"每段都有 {book.name(label)}：没有反例，学不到它" for label in lack.everywhere]


def near_texts(rows: Sequence[Row]) -> list[Pair]:
    """Rows that are near copies of each other, most similar first; equal ones are left out."""
    index = MinHashLSH(threshold=NEAR, num_perm=_PERMUTATIONS)
    shingles: dict[str, set[str]] = {}
    pairs = []
    for row in rows:
        mine = _shingles(row.text)
        if len(mine) < SHORTEST:
            continue
        sketch = MinHash(num_perm=_PERMUTATIONS)
        sketch.update_batch([shingle.encode("utf-8", "surrogatepass") for shingle in mine])
        for other in index.query(sketch):
            # The sketch proposes, the sets decide.
            similarity = len(mine & shingles[other]) / len(mine | shingles[other])
            if NEAR <= similarity < 1.0:
                pairs.append(Pair(other, row.id, similarity))
        index.insert(row.id, sketch)
        shingles[row.id] = mine
    return sorted(pairs, key=lambda pair: (-pair.similarity, pair.first, pair.second))


def repeated_runs(rows: Sequence[Row], allowed: Sequence[str] = ()) -> list[Run]:
    """Runs of 15 characters that stand in more than three paragraphs, one for each set of rows.

    Args:
        rows: the corpus.
        allowed: set phrases; a run inside one of them does not count.
    """
    places: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for start in range(len(row.text) - RUN + 1):
            places[row.text[start : start + RUN]].add(row.id)
    runs: dict[tuple[str, ...], str] = {}
    for text, ids in places.items():
        if len(ids) > MOST_PARAGRAPHS_A_RUN and not any(text in phrase for phrase in allowed):
            runs.setdefault(tuple(sorted(ids)), text)
    return [Run(text, ids) for ids, text in runs.items()]


def profile(rows: Sequence[Row]) -> Profile:
    """Counts by genre and label, and the lengths."""
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        labels[row.genre].update(row.labels or ("none",))
    lengths = np.quantile([len(row.text) for row in rows], (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1))
    return Profile(
        genres=Counter(row.genre for row in rows),
        labels=dict(labels),
        several=sum(len(row.labels) > 1 for row in rows),
        lengths=tuple(int(length) for length in lengths),
    )


def _shingles(text: str) -> set[str]:
    plain = "".join(text.split())
    return {plain[start : start + SHINGLE] for start in range(len(plain) - SHINGLE + 1)}
