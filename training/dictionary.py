"""jieba's dictionary and the domain's words, compiled for the lattice."""

import importlib.util
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from model.dictionary import BASE, SHORT, Bools, Dictionary
from model.errors import SegmenterError
from model.lattice import Lattice, windows
from model.normalisation import Codes, Offsets
from model.vocabulary import Hashes, Vocabulary

_BMP = 0x10000
_IN_WORDS = (
    *map(ord, "+#&._%-"),
    *range(ord("0"), ord("9") + 1),
    *range(ord("A"), ord("Z") + 1),
    *range(ord("a"), ord("z") + 1),
    *range(0x3400, 0x4DC0),
    *range(0x4E00, 0xA000),
    *range(0xF900, 0xFB00),
    *range(0x20000, 0x2A6E0),
    *range(0x2A700, 0x2EBF0),
    *range(0x2F800, 0x2FA20),
)
"""The characters that rjieba lets stand in a word of several; it cuts at all others."""


def jieba_frequencies() -> dict[str, int]:
    """The words of jieba's dictionary and how often each was counted.

    Raises:
        SegmenterError: jieba or its dictionary is not there.
    """
    package = importlib.util.find_spec("jieba")
    for folder in (package.submodule_search_locations if package else None) or []:
        path = Path(folder) / "dict.txt"
        if path.is_file():
            fields = path.read_text(encoding="utf-8").split()
            return dict(zip(fields[::3], map(int, fields[1::3]), strict=True))
    raise SegmenterError("找不到 jieba 的词典 dict.txt，请重新安装 govtheme。")


def build_dictionary(words: Mapping[str, int]) -> Dictionary:
    """jieba's dictionary with these words, each with its frequency (≥ 1); half a second.

    Raises:
        SegmenterError: jieba's dictionary is not there.
    """
    return _built(tuple(sorted(words.items())))


@lru_cache(maxsize=1)
def _built(words: tuple[tuple[str, int], ...]) -> Dictionary:
    return compiled(jieba_frequencies() | dict(words))


def compiled(frequencies: Mapping[str, int]) -> Dictionary:
    """Compile words of any length with their frequencies, each ≥ 1."""
    lengths = np.fromiter(map(len, frequencies), np.int64, len(frequencies))
    counts = np.fromiter(frequencies.values(), np.float64, len(frequencies))
    codes = np.frombuffer("".join(frequencies).encode("utf-32-le"), np.uint32)
    starts = np.cumsum(lengths) - lengths
    scores = np.log(counts) - np.log(counts.sum())
    allowed = np.zeros(max(_IN_WORDS) + 2, np.bool_)
    allowed[list(_IN_WORDS)] = True
    fit = np.logical_and.reduceat(allowed.take(codes, mode="clip"), starts)
    words = (fit & (lengths > 1)).nonzero()[0]
    words = words[np.argsort(-counts[words], kind="stable")]
    hashes, beginnings = _hashes(codes, starts[words], lengths[words])
    words_too = np.isin(beginnings, hashes, assume_unique=True)
    known = np.concatenate([hashes, beginnings[~words_too]])
    characters = np.full(_BMP, np.nan)
    single = lengths == 1
    characters[codes[starts[single]]] = scores[single]
    bare = Dictionary(
        entries=Vocabulary.build(known),
        scores=scores[words],
        solid=np.zeros(len(words), np.bool_),
        longer=np.isin(known, beginnings, assume_unique=True),
        characters=characters,
        unknown=float(-np.log(counts.sum())),
        longest=int(lengths[words].max()),
    )
    solid = _solid(Lattice(bare), codes, np.append(starts, len(codes)))
    return replace(bare, solid=solid[words])


def _hashes(codes: Codes, starts: Offsets, lengths: Offsets) -> tuple[Hashes, Hashes]:
    """The hash of each word, and of the first SHORT characters of those that have more."""
    hashes = codes[starts].astype(np.uint64)
    beginnings = np.zeros(0, np.uint64)
    for n in range(1, int(lengths.max())):
        going = (lengths > n).nonzero()[0]
        if n == SHORT:
            beginnings = np.unique(hashes[going])
        hashes[going] = hashes[going] * BASE + codes[starts[going] + n]
    return hashes, beginnings


def _solid(lattice: Lattice, codes: Codes, bounds: Offsets) -> Bools:
    """Which words stay whole, without a tie, when each is cut as a text of its own."""
    solid = np.empty(len(bounds) - 1, np.bool_)
    for first, beyond in windows(bounds):
        start, stop = bounds[[first, beyond]].tolist()
        texts = bounds[first:beyond] - start
        begins, ties = lattice.joints(codes[start:stop], texts)
        whole = np.add.reduceat(begins.astype(np.int64), texts) == 1
        whole[np.searchsorted(texts, ties, side="right") - 1] = False
        solid[first:beyond] = whole
    return solid
