import pytest

from model.codebook import Codebook
from training.checks import equal_texts, near_texts, profile, repeated_runs, too_little
from training.corpus import Corpus, Row
from training.errors import TooLittleError
from training.examples import Examples

LONG = (
    "今年以来，北桥街道针对停车难、充电难、晾晒难三件事，逐个小区听取意见，分批动工改造，到十月底全部完成。"
    "居民从最初的观望到后来主动让出自家窗前的地方。"
)


def rows(*texts: str) -> list[Row]:
    return [Row(str(n), text, ()) for n, text in enumerate(texts)]


def test_equal_texts_are_found_whatever_their_blanks() -> None:
    (pair,) = equal_texts(rows(LONG, "别的话。", LONG.replace("，", "， ")))
    assert (pair.first, pair.second) == ("0", "2")


def test_near_copies_are_found_and_neighbours_are_not() -> None:
    changed = LONG.replace("北桥", "南桥")
    other = "河东街道今年把停车、充电、晾晒三件事放在一起谋划，先易后难，年底前完成七成。"
    (pair,) = near_texts(rows(LONG, other, changed))
    assert (pair.first, pair.second) == ("0", "2")
    assert 0.7 <= pair.similarity < 1.0


def test_runs_that_come_too_often_are_found_once() -> None:
    phrase = "切实打通服务群众的最后一公里不留死角"
    texts = [f"{n}号社区{phrase}，{n}月份完成。" for n in "甲乙丙丁"]
    (run,) = repeated_runs(rows(*texts))
    assert run.ids == ("0", "1", "2", "3")
    assert run.text in texts[0]
    assert repeated_runs(rows(*texts[:3])) == []
    assert repeated_runs(rows(*texts), allowed=[f"号社区{phrase}，"]) == []


def test_what_cannot_be_learnt_is_what_a_training_refuses() -> None:
    def with_labels(*labels: tuple[str, ...]) -> Corpus:
        some = tuple(Row(str(n), f"第{n}句", mine) for n, mine in enumerate(labels))
        return Corpus(some, Codebook.of_labels({label for mine in labels for label in mine}))

    few = with_labels(*[("甲",)] * 5, *[("乙",)] * 4)
    enough = with_labels(*[("甲",)] * 5, *[("乙",)] * 5)
    always = with_labels(*[("甲",)] * 5, *[("甲", "乙")] * 5)
    assert [len(too_little(one)) for one in (few, enough, always)] == [1, 0, 1]
    assert "只有一个标签" in too_little(with_labels(("甲",)))[0]
    Examples.of(enough)
    for corpus in (few, always, with_labels(*[("甲",)] * 9)):
        assert too_little(corpus)
        with pytest.raises(TooLittleError):
            Examples.of(corpus)


def test_the_profile_counts_genres_labels_and_lengths() -> None:
    found = profile([Row("1", "一" * 10, ("a", "b"), "甲"), Row("2", "二" * 30, (), "乙")])
    assert found.genres == {"甲": 1, "乙": 1}
    assert found.labels["甲"] == {"a": 1, "b": 1}
    assert found.labels["乙"] == {"none": 1}
    assert found.several == 1
    assert (found.lengths[0], found.lengths[-1]) == (10, 30)
