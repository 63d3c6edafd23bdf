"""The kernel against its oracle: scikit-learn's TfidfVectorizer on the same tokens."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion

from model.features import Counter, batches
from model.grams import WINDOW, GramRanges, GramReader
from model.linear import LinearModel
from model.normalisation import Normaliser
from model.segmentation import Segmenter, load_segmenter
from model.title import LONGEST
from tests.small import small_corpus
from training.features import Features, build_features, stack
from training.parameters import Parameters

TEXTS = [row.text for row in small_corpus().rows]
RANGES = [
    pytest.param((1, 2), (0, 0), id="words 1-2"),
    pytest.param((1, 1), (0, 0), id="words 1"),
    pytest.param((2, 3), (0, 0), id="words 2-3"),
    pytest.param((0, 0), (1, 3), id="characters 1-3"),
    pytest.param((1, 2), (1, 3), id="words 1-2 and characters 1-3"),
]
TITLED = [
    "网格员\n网格员每天入户走访，把问题记进台账。",
    "\n村口的水泥路",
    "物业公司涨了物业费\n",
    "路" * LONGEST + "\n村口的水泥路",
    "路" * (LONGEST + 1) + "\n村口的水泥路",
    "新\u200b橋\r\n合龙\n网格員 巡查",
    "网\n格员\n村",
]
ODD = ["", "网", "😀" * 3, "a\ud800b", "\0\0网格", "ＡＢ１２", " \n ", "老旧小区", "網格員"]


@cache
def reader(words: tuple[int, int], characters: tuple[int, int]) -> GramReader:
    normaliser = Normaliser("網員", "网员")
    segmenter = Segmenter(load_segmenter({"网格员": 3}))
    return GramReader(normaliser, segmenter, GramRanges(words, characters))


@cache
def features(words: tuple[int, int], characters: tuple[int, int], title: int = 0) -> Features:
    parameters = Parameters(
        words=words,
        characters=characters,
        min_df_words=1,
        min_df_characters=1,
        title=title,
    )
    return build_features(reader(words, characters), TEXTS, parameters)


def with_titles(analyse: Callable[[str], list[str]], title: int) -> Callable[[str], list[str]]:
    """What stands in the title so many times more."""

    def analysed(text: str) -> list[str]:
        first, _, rest = text.partition("\n")
        # What has no width is not there, neither in a title nor below it.
        head, below = reader((1, 2), (0, 0)).normaliser([first, rest]).texts()
        return analyse(text) + (analyse(first) * title if below and len(head) <= LONGEST else [])

    return analysed


def word_grams(
    low: int, high: int, words: tuple[int, int], characters: tuple[int, int]
) -> Callable[[str], list[str]]:
    def analyse(text: str) -> list[str]:
        tokens = reader(words, characters).tokens(text)
        return [
            "\x1f".join(tokens[i : i + n])
            for n in range(low, high + 1)
            for i in range(len(tokens) - n + 1)
        ]

    return analyse


def character_grams(low: int, high: int) -> Callable[[str], list[str]]:
    def analyse(text: str) -> list[str]:
        plain = reader((1, 2), (0, 0)).normaliser([text]).text
        return [plain[i : i + n] for n in range(low, high + 1) for i in range(len(plain) - n + 1)]

    return analyse


@cache
def oracle(words: tuple[int, int], characters: tuple[int, int], title: int = 0) -> FeatureUnion:
    parts = []
    if words[1]:
        analyse = with_titles(word_grams(*words, words, characters), title)
        parts.append(("words", TfidfVectorizer(analyzer=analyse, sublinear_tf=True)))
    if characters[1]:
        analyse = with_titles(character_grams(*characters), title)
        parts.append(("characters", TfidfVectorizer(analyzer=analyse, sublinear_tf=True)))
    return FeatureUnion(parts).fit(TEXTS)


def both_margins(
    words: tuple[int, int], characters: tuple[int, int], texts: list[str], title: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Margins under the same random linear model: ours, and the oracle's.

    The two number their features differently, so each oracle column takes the weight of ours by
    solving on the training texts: here simply by the term.
    """
    mine = features(words, characters, title)
    union = oracle(words, characters, title)
    generator = np.random.default_rng(0)
    weights = generator.normal(size=(len(mine.vocabulary), 3)).astype(np.float32)
    intercepts = generator.normal(size=3)
    counter = Counter(mine.reader, mine.vocabulary, title)
    ours = np.empty((len(texts), 3))
    for batch in batches(texts):
        counts = counter.count(mine.reader.words(texts[batch.start : batch.stop]))
        linear = LinearModel(weights, intercepts)
        ours[batch.start : batch.stop] = linear.margins(counts, mine.weighting)
    number = {
        (block, mine.terms[i]): i
        for i in range(len(mine.vocabulary))
        for block in [int(np.searchsorted(mine.weighting.block_ends, i, side="right"))]
    }
    columns = []
    for block, (_, vectorizer) in enumerate(union.transformer_list):
        for term in vectorizer.get_feature_names_out():
            columns.append(number[block, term.replace("\x1f", " ")])
    assert sorted(columns) == list(range(len(mine.vocabulary)))
    theirs = union.transform(texts) @ weights[columns].astype(np.float64) + intercepts
    return ours, np.asarray(theirs)


@pytest.mark.parametrize(("words", "characters"), RANGES)
def test_margins_equal_scikit_learn_on_the_corpus_and_on_odd_texts(
    words: tuple[int, int], characters: tuple[int, int]
) -> None:
    ours, theirs = both_margins(words, characters, TEXTS + ODD)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize(("words", "characters"), RANGES)
@settings(max_examples=40, deadline=None)
@given(
    texts=st.lists(
        st.one_of(
            st.text(st.characters(exclude_categories=()), max_size=40),
            st.lists(st.sampled_from(TEXTS + ODD), max_size=3).map("".join),
        ),
        max_size=6,
    )
)
def test_margins_equal_scikit_learn_on_any_text(
    words: tuple[int, int], characters: tuple[int, int], texts: list[str]
) -> None:
    if texts:
        ours, theirs = both_margins(words, characters, texts)
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("title", [1, 8])
@pytest.mark.parametrize(("words", "characters"), RANGES)
def test_a_title_counts_more_as_in_scikit_learn(
    words: tuple[int, int], characters: tuple[int, int], title: int
) -> None:
    texts = [*TITLED, *TEXTS, *ODD, *TITLED]
    ours, theirs = both_margins(words, characters, texts, title)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_only_texts_with_a_title_change_when_titles_count_more() -> None:
    plain, _ = both_margins((1, 2), (1, 3), TITLED)
    counted, _ = both_margins((1, 2), (1, 3), TITLED, 8)
    changed = np.abs(counted - plain).max(axis=1) > 1e-6
    assert changed.tolist() == [True, False, False, True, False, True, True]


@settings(max_examples=60, deadline=None)
@example(texts=["供热主管道爆裂。\n\u200b"])
@given(
    texts=st.lists(
        st.lists(
            st.sampled_from(["\n", "\r", " ", "\u200b", "a", "1", *TEXTS[:20]]), max_size=5
        ).map("".join),
        min_size=1,
        max_size=5,
    )
)
def test_titles_of_any_text_count_as_in_scikit_learn(texts: list[str]) -> None:
    ours, theirs = both_margins((1, 2), (1, 2), texts, 3)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("网" * 100_000, id="equal characters"),
        pytest.param("a" * 100_000, id="one long word"),
        pytest.param("。" * 100_000, id="no word"),
        pytest.param("".join(TEXTS) * 200, id="many windows"),
    ],
)
def test_margins_equal_scikit_learn_over_several_windows(text: str) -> None:
    assert len(text) > WINDOW
    ours, theirs = both_margins((1, 2), (1, 3), ["网格员", text, TEXTS[0]])
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_a_text_has_the_same_margin_alone_and_in_a_batch() -> None:
    together, _ = both_margins((1, 2), (1, 3), TEXTS)
    alone = np.vstack([both_margins((1, 2), (1, 3), [text])[0] for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-12)


def test_the_training_matrix_is_what_serving_computes() -> None:
    mine = features((1, 2), (1, 3))
    counter = Counter(mine.reader, mine.vocabulary)
    served = stack([counter.count(mine.reader.words([text])) for text in TEXTS], mine.weighting)
    np.testing.assert_allclose(served.toarray(), mine.matrix.toarray(), atol=1e-12)


def test_min_df_leaves_rare_terms_out() -> None:
    parameters = Parameters(words=(1, 1), characters=(0, 0), min_df_words=3)
    kept = build_features(reader((1, 1), (0, 0)), TEXTS, parameters)
    in_texts = [set(reader((1, 1), (0, 0)).tokens(text)) for text in TEXTS]
    for i in range(len(kept.vocabulary)):
        assert sum(kept.terms[i] in tokens for tokens in in_texts) >= 3


@pytest.mark.parametrize("bad", [(0, 1), (2, 1), (1, 9), (-1, 2)])
def test_impossible_ranges_are_refused(bad: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="words must be"):
        GramRanges(words=bad)


def test_batches_are_bounded_in_texts_and_characters() -> None:
    assert [len(batch) for batch in batches(["字"] * 10_000)] == [4096, 4096, 1808]
    assert [len(batch) for batch in batches(["字" * 600_000] * 3)] == [1, 1, 1]
    assert list(batches([])) == []
