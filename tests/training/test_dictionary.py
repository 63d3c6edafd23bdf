import math

import numpy as np

from model.dictionary import SHORT, Dictionary
from training.dictionary import build_dictionary, compiled, jieba_frequencies

FREQUENCIES = {
    "网": 5,
    "格": 5,
    "网格": 50,
    "网格员": 20,
    "社会主义核心": 3,
    "社会主义": 9,
    "核心价值体系": 2,
    "γ射线": 4,
    "网 格": 4,
}


def known(dictionary: Dictionary, word: str) -> list[int]:
    """The number of a word or beginning, by the definition of the hash; none if it is unknown."""
    value = 0
    for character in word:
        value = (value * 0x9E3779B97F4A7C15 + ord(character)) % 2**64
    _, numbers = dictionary.entries.find(np.array([value], np.uint64))
    return [int(number) for number in numbers]


def test_words_have_their_share_of_all_frequencies() -> None:
    dictionary = compiled(FREQUENCIES)
    total = sum(FREQUENCIES.values())
    for word in ("网格", "网格员", "社会主义核心", "社会主义"):
        (number,) = known(dictionary, word)
        assert math.isclose(dictionary.scores[number], math.log(FREQUENCIES[word] / total))
    assert math.isclose(dictionary.characters[ord("网")], math.log(5 / total))
    assert np.isnan(dictionary.characters[ord("员")])
    assert math.isclose(dictionary.unknown, -math.log(total))


def test_words_that_no_engine_keeps_whole_are_left_out() -> None:
    dictionary = compiled(FREQUENCIES)
    assert not known(dictionary, "γ射线")
    assert not known(dictionary, "网 格")


def test_only_what_longer_words_begin_with_is_known_to_go_on() -> None:
    dictionary = compiled(FREQUENCIES)
    assert dictionary.longest == 6
    going_on = {"社会主义": True, "核心价": None, "核心价值": True, "网格": False}
    for beginning, expected in going_on.items():
        numbers = known(dictionary, beginning)
        assert [bool(dictionary.longer[number]) for number in numbers] == (
            [] if expected is None else [expected]
        )
        assert len(beginning) == SHORT or not any(dictionary.longer[number] for number in numbers)
    (beginning_only,) = known(dictionary, "核心价值")
    assert beginning_only >= len(dictionary.scores)


def test_a_word_that_loses_to_its_parts_or_ties_with_them_is_not_solid() -> None:
    # Of 36 in all: 甲乙 10/36 beats 4/36 × 8/36, 丙丁 1/36 loses to 6/36 × 7/36.
    dictionary = compiled({"甲": 4, "乙": 8, "甲乙": 10, "丙": 6, "丁": 7, "丙丁": 1})
    assert dictionary.solid[known(dictionary, "甲乙")].tolist() == [True]
    assert dictionary.solid[known(dictionary, "丙丁")].tolist() == [False]
    # 16 in all: 1/16 is 4/16 × 4/16.
    tied = compiled({"甲": 4, "乙": 4, "甲乙": 1, "戊": 7})
    assert tied.solid.tolist() == [False]


def test_domain_words_come_on_top_of_jieba() -> None:
    listed = jieba_frequencies()
    assert len(listed) > 300_000
    assert listed["中国"] == 129470
    dictionary = build_dictionary({"接诉即办": 3})
    (number,) = known(dictionary, "接诉即办")
    assert math.isclose(dictionary.scores[number], math.log(3) + dictionary.unknown)
    assert len(dictionary.scores) > 300_000
    assert build_dictionary({"接诉即办": 3}) is dictionary


def test_a_dictionary_comes_back_from_an_artifact_as_it_was() -> None:
    dictionary = compiled(FREQUENCIES)
    content = dictionary.as_content()
    again = Dictionary.from_content(content)
    assert known(again, "网格员") == known(dictionary, "网格员")
    assert again.longest == dictionary.longest
    np.testing.assert_array_equal(again.solid, dictionary.solid)
