"""Sketches of texts, by which near copies are known when the texts themselves are not there.

One-permutation hashing (Li, Owen and Zhang 2012) over the same 5-grams that `checks` looks at: the
hashes of a text's 5-grams are dealt into bins by their first bits, and the least of each bin is
kept. The share of bins that two texts have in common, among those that are not empty in both,
estimates the Jaccard similarity of their 5-grams; 64 bins are off by 0.06 in the mean.
"""

import base64
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from model.features import batches
from training.checks import NEAR, SHINGLE, SHORTEST

Sketches = NDArray[np.uint16]
"""Shape (texts, BINS); 0 is an empty bin, and a text that is too short has only those."""

BINS = 64

_BASE = np.uint64(0x9E3779B97F4A7C15)
_VALUES = np.uint64(0xFFFF)
_NOTHING = np.uint64(0xFFFFFFFFFFFFFFFF)
_ASKED_AT_A_TIME = 512


def sketches(texts: Sequence[str]) -> Sketches:
    """The sketch of each text; blanks do not count."""
    plain = ["".join(text.split()) for text in texts]
    parts = [_sketched(plain[at.start : at.stop]) for at in batches(plain)]
    return np.concatenate([none(), *parts])


def none() -> Sketches:
    """Sketches of no texts."""
    return np.zeros((0, BINS), np.uint16)


def resembling(asked: Sketches, known: Sketches) -> NDArray[np.bool_]:
    """Which of the asked are near copies of any that is known, shape (asked,)."""
    found = np.zeros(len(asked), bool)
    columns = _by_bin(known).T.tocsr()
    for start in range(0, len(asked), _ASKED_AT_A_TIME):
        some = asked[start : start + _ASKED_AT_A_TIME]
        equal = (_by_bin(some) @ columns).tocoo()
        filled = (some[equal.row] > 0) | (known[equal.col] > 0)
        near = equal.data >= NEAR * filled.sum(axis=1)
        found[start + equal.row[near]] = True
    return found


def as_text(some: Sketches) -> str:
    """One line a sketch, in sorted order and without repetition; empty ones are left out."""
    filled = some[some.any(axis=1)].astype("<u2")
    lines = {base64.b64encode(sketch.tobytes()).decode("ascii") for sketch in filled}
    return "".join(f"{line}\n" for line in sorted(lines))


def from_lines(lines: Iterable[str]) -> Sketches:
    """What `as_text` wrote.

    Raises:
        ValueError: a line is no sketch.
    """
    found = [np.frombuffer(base64.b64decode(line, validate=True), "<u2") for line in lines]
    return np.concatenate([none(), *(sketch.reshape(1, BINS) for sketch in found)])


def _sketched(texts: Sequence[str]) -> Sketches:
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.array([len(text) for text in texts], np.int64)
    text_of = np.arange(len(texts)).repeat(lengths)
    size = max(len(codes) - SHINGLE + 1, 0)
    hashes = np.zeros(size, np.uint64)
    for n in range(SHINGLE):
        hashes = hashes * _BASE + codes[n : n + size]
    inside = text_of[:size] == text_of[SHINGLE - 1 :]
    hashes, text_of = _mixed(hashes[inside]), text_of[:size][inside]
    least = np.full(len(texts) * BINS, _NOTHING)
    np.minimum.at(least, text_of * BINS + (hashes >> np.uint64(58)).astype(np.int64), hashes)
    found = np.where(least == _NOTHING, 0, 1 + least % _VALUES).astype(np.uint16)
    found = found.reshape(len(texts), BINS)
    found[lengths - SHINGLE + 1 < SHORTEST] = 0
    return found


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The values in another order: the finish of splitmix64 (Steele, Lea and Flood 2014)."""
    mixed = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _by_bin(some: Sketches) -> sparse.csr_array:
    """One column for each value of each bin, 1 where a text has it."""
    rows, bins = np.nonzero(some)
    columns = bins * (int(_VALUES) + 1) + some[rows, bins]
    shape = len(some), BINS * (int(_VALUES) + 1)
    return sparse.csr_array((np.ones(len(rows), np.int32), (rows, columns)), shape=shape)
