"""The lattice against the engines, and against all ways of cutting a small text."""

import math
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.bundled import bundled
from model.lattice import WINDOW, Lattice
from model.normalisation import Normaliser, NormalText
from model.segmentation import Cut, Segmenter, load_segmenter, read_words, word_frequencies
from training.corpus import read_corpus
from training.dictionary import build_dictionary, compiled, jieba_frequencies
from training.source import read_characters


@cache
def words() -> dict[str, int]:
    return word_frequencies(read_words(bundled("words.txt")))


@cache
def lattice() -> Lattice:
    return Lattice(build_dictionary(words()))


@cache
def engine() -> Cut:
    return load_segmenter(words())


@cache
def normaliser() -> Normaliser:
    return Normaliser(*read_characters(bundled("characters.txt")))


@cache
def listed() -> list[str]:
    """Words of all lengths, the longest ones too."""
    every = sorted(jieba_frequencies(), key=lambda word: (-len(word), word))
    return [*every[:400], *every[400::400], *words()]


def cut_texts(lattice: Lattice, normal: NormalText) -> list[list[str] | None]:
    """The words of each text as the lattice has them; None for a text in doubt."""
    begins, doubtful = lattice.cut(normal)
    found: list[list[str] | None] = []
    for text, (start, end) in enumerate(pairwise(normal.bounds.tolist())):
        edges = [start + i for i in np.flatnonzero(begins[start:end])]
        cut = [normal.text[a:b] for a, b in pairwise([*edges, end])]
        found.append(None if text in doubtful else cut)
    return found


def test_the_bundled_corpus_is_cut_as_by_the_engine_and_hardly_ever_in_doubt() -> None:
    texts = [row.text for row in read_corpus().rows]
    doubts = 0
    for start in range(0, len(texts), 4096):
        normal = normaliser()(texts[start : start + 4096])
        for text, cut in zip(normal.texts(), cut_texts(lattice(), normal), strict=True):
            doubts += cut is None
            assert cut is None or cut == engine()(text), text
    assert doubts < len(texts) / 1000


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_text_is_cut_as_by_the_engine(data: st.DataObject) -> None:
    piece = st.one_of(
        st.sampled_from(listed()),
        # Pieces of words overlap with one another.
        st.sampled_from(listed()).flatmap(
            lambda word: st.integers(0, len(word)).map(lambda i: word[i:])
        ),
        st.sampled_from(["2.5%", "a-b", "12345", "t恤", " ", "。", "\0", "𠀀", "A", "７"]),
        st.text(st.characters(exclude_categories=()), max_size=4),
    )
    texts = data.draw(st.lists(st.lists(piece, max_size=12).map("".join), max_size=6))
    normal = normaliser()(texts)
    for text, cut in zip(normal.texts(), cut_texts(lattice(), normal), strict=True):
        assert cut is None or cut == (engine()(text) if text else [])


def ways(text: str, frequencies: dict[str, int]) -> list[tuple[float, list[str]]]:
    """Every way to cut a text, with the ln of its probability, the most probable first."""
    total = math.log(sum(frequencies.values()))
    if not text:
        return [(0.0, [])]
    first = [text[:n] for n in range(1, len(text) + 1) if text[:n] in frequencies] or [text[0]]
    found = [
        (math.log(frequencies.get(word, 1)) - total + score, [word, *rest])
        for word in first
        for score, rest in ways(text[len(word) :], frequencies)
    ]
    return sorted(found, reverse=True)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.text("甲乙丙", min_size=1, max_size=7), st.integers(1, 9), min_size=1),
    st.lists(st.text("甲乙丙丁", max_size=8), min_size=1, max_size=5),
)
def test_of_all_ways_the_most_probable_is_taken(
    frequencies: dict[str, int], texts: list[str]
) -> None:
    small = Lattice(compiled(frequencies | {"甲乙": 2}))
    for text, cut in zip(texts, cut_texts(small, Normaliser()(texts)), strict=True):
        best, *others = ways(text, frequencies | {"甲乙": 2})
        if cut is None:
            # Ties may be off the best way; there are at least two ways then.
            assert others
        else:
            assert cut == best[1]
            assert not others or others[0][0] < best[0] - 1e-9


def test_no_word_goes_on_into_the_next_text() -> None:
    small = Lattice(compiled({"网格": 9, "网格员": 9, "社会主义核心": 9, "网": 1}))
    texts = ["网", "格", "", "网格", "员社会", "主义核心", "社会主", "义", "社会主义核", "心"]
    cuts = cut_texts(small, Normaliser()(texts))
    assert [cut and cut[0] for cut in cuts] == [
        *("网", "格", [], "网格", "员", "主", "社", "义", "社", "心")
    ]


def test_letters_and_digits_are_joined_within_a_text_only() -> None:
    cuts = cut_texts(lattice(), Normaliser()(["ab1", "2c", "3.5d", "", "e"]))
    assert cuts == [["ab1"], ["2c"], ["3", ".", "5d"], [], ["e"]]


@pytest.mark.parametrize("before", [[], ["", ""], ["网格员上门。"]], ids=["first", "empty", "one"])
def test_a_text_longer_than_a_window_is_in_doubt_and_no_other(before: list[str]) -> None:
    texts = [*before, "网格员" * (WINDOW // 3 + 1), "业主大会", ""]
    _, doubtful = lattice().cut(Normaliser()(texts))
    assert doubtful == [len(before)]


def test_a_segmenter_has_the_same_words_with_a_lattice_and_without() -> None:
    """Also where the lattice is in doubt: 齉齉 | 爩 and 齉 | 齉爩 are equally probable."""
    frequencies = {"齉齉": 7, "爩": 7, "齉": 7, "齉爩": 7, "𠮷野家": 7, "网·格": 7}
    lattice = Lattice(build_dictionary(frequencies))
    cut = load_segmenter(frequencies)
    texts = [
        "齉齉爩",
        "业主大会，齉齉爩",
        "网格员。" * (WINDOW // 4 + 1),
        "",
        "abc 1" * 1000,
        "在𠮷野家用餐，网·格",
    ]
    normal = Normaliser()(texts)
    assert lattice.cut(normal)[1] == [0, 1, 2]
    with_it, without = Segmenter(cut, lattice).starts(normal), Segmenter(cut).starts(normal)
    np.testing.assert_array_equal(with_it, without)
    ends = [*without[1:].tolist(), len(normal.codes)]
    words = [normal.text[a:b] for a, b in zip(without.tolist(), ends, strict=True)]
    assert words == [word for text in normal.texts() if text for word in cut(text)]
