import logging
import math
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.bundled import bundled
from model.errors import SegmenterError
from model.normalisation import Normaliser
from model.segmentation import Cut, load_segmenter, read_words, word_frequencies
from training.corpus import read_corpus
from training.source import read_characters


@cache
def words() -> dict[str, int]:
    return word_frequencies(read_words(bundled("words.txt")))


@cache
def engine(name: str) -> Cut:
    return load_segmenter(words(), name)


@cache
def normaliser() -> Normaliser:
    return Normaliser(*read_characters(bundled("characters.txt")))


def test_both_engines_cut_the_bundled_corpus_alike() -> None:
    for row in read_corpus().rows:
        text = normaliser()([row.text]).text
        assert engine("rjieba")(text) == engine("jieba")(text), row.id


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                ["网格员", "接诉即办", "社区", "人", "的", "12345", "2.5%", "a-b", " ", "。"]
            ),
            st.text(max_size=6),
        ),
        max_size=20,
    )
)
def test_both_engines_cut_generated_text_alike_or_equally_well(pieces: list[str]) -> None:
    """Where two ways of cutting are equally probable, either may come: rounding decides."""
    text = normaliser()(["".join(pieces)]).text
    fast, reference = engine("rjieba")(text), engine("jieba")(text)
    assert "".join(fast) == "".join(reference) == text
    if fast != reference:
        assert math.isclose(log_probability(fast), log_probability(reference), abs_tol=1e-9)


@cache
def frequencies() -> tuple[dict[str, int], int]:
    import jieba

    tokenizer = jieba.Tokenizer()
    table, total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    return {**table, **words()}, total + sum(words().values())


def log_probability(tokens: list[str]) -> float:
    table, total = frequencies()
    return sum(math.log(table.get(token, 0) or 1) - math.log(total) for token in tokens)


def test_domain_words_stay_whole() -> None:
    for word in words():
        assert engine("rjieba")(f"，{word}。")[1] == word


def test_frequencies_do_not_hang_on_the_order_of_the_words() -> None:
    listed = read_words(bundled("words.txt"))
    assert word_frequencies(reversed(listed)) == words()


def test_jieba_leaves_no_handler_and_no_cache_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    load_segmenter({"网格员": 3}, "jieba")("网格员上门")
    assert logging.getLogger("jieba").handlers == []
    assert logging.getLogger("jieba").level == logging.WARNING
    assert list(tmp_path.iterdir()) == []


def test_an_engine_that_is_not_there_is_refused() -> None:
    with pytest.raises(SegmenterError, match="nosuchengine"):
        load_segmenter({}, "nosuchengine")


@pytest.mark.parametrize("line", ["网", "网 格"], ids=["one character", "white space"])
def test_a_word_that_is_none_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "words.txt"
    path.write_text(f"# 说明\n网格员  # 注\n{line}\n", encoding="utf-8")
    with pytest.raises(SegmenterError, match=re.escape("第 3 行")):
        read_words(path)
