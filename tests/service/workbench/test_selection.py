"""Which paragraphs a queue is made of: the random share, the uncertain ones, nothing twice."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.tables.scored import ScoredRow
from service.workbench.errors import WorkbenchError
from service.workbench.labelling.selection import Plan, interleaved, margin, select, spread
from tests.small import small_corpus

THRESHOLDS = {"a": 0.5, "b": 0.2}


def candidate(n: int, score: float, *uncertain: str) -> ScoredRow:
    return ScoredRow(f"第{n}段文字", scores={"a": score, "b": 0.0}, uncertain=uncertain)


def archive(count: int) -> list[ScoredRow]:
    """Paragraphs of which the first are the least certain."""
    return [candidate(n, 0.5 + 0.5 * n / count) for n in range(count)]


@pytest.mark.parametrize(
    ("scores", "uncertain", "expected"),
    [
        pytest.param({"a": 0.5, "b": 0.0}, (), 0.0, id="at a threshold"),
        pytest.param({"a": 1.0, "b": 1.0}, (), 1.0, id="certain that both"),
        pytest.param({"a": 0.0, "b": 0.0}, (), 1.0, id="certain that none"),
        pytest.param({"a": 0.75, "b": 0.1}, (), 0.5, id="half of the way on either side"),
        pytest.param({"a": 0.75, "b": 0.1}, ("b",), -0.5, id="inside a band"),
        pytest.param({}, (), 1.0, id="no model was asked"),
    ],
)
def test_margin_is_the_way_to_the_nearest_threshold(
    scores: dict[str, float], uncertain: tuple[str, ...], expected: float
) -> None:
    asked = ScoredRow("文字", scores=scores, uncertain=uncertain)
    assert margin(asked, THRESHOLDS) == pytest.approx(expected)


def test_the_random_share_is_spread_evenly_and_the_rest_is_uncertain() -> None:
    found = select(archive(1_000), Plan(50, 0.2, seed=1), THRESHOLDS)
    assert found.seen == 1_000
    assert len(found.chosen) == 50
    assert [place for place, (_, random) in enumerate(found.chosen) if random] == [
        4, 9, 14, 19, 24, 29, 34, 39, 44, 49,
    ]  # fmt: skip
    others = [margin(item, THRESHOLDS) for item, random in found.chosen if not random]
    drawn = [margin(item, THRESHOLDS) for item, random in found.chosen if random]
    # Of four times as many as are wanted, and the drawn ones of all.
    assert max(others) < 0.25
    assert max(drawn) > 0.5


def test_a_random_share_is_drawn_from_all_alike() -> None:
    """Over many seeds every paragraph comes equally often: chi-squared stays in its range."""
    counts: Counter[str] = Counter()
    rounds, drawn = 400, 10
    population = archive(50)
    for seed in range(rounds):
        chosen = select(population, Plan(drawn, 1.0, seed), THRESHOLDS).chosen
        counts.update(item.text for item, _ in chosen)
    expected = rounds * drawn / len(population)
    spread_out = sum((counts[item.text] - expected) ** 2 / expected for item in population)
    assert 25 < spread_out / (1 - drawn / len(population)) < 85


def test_the_draw_hangs_on_the_seed_and_not_on_the_order() -> None:
    plan = Plan(20, 1.0, seed=7)
    one = select(archive(300), plan, THRESHOLDS).chosen
    assert select(archive(300)[::-1], plan, THRESHOLDS).chosen == one
    assert select(archive(300), Plan(20, 1.0, seed=8), THRESHOLDS).chosen != one


def test_a_beginning_of_the_sample_is_a_smaller_sample() -> None:
    """As long as a queue is not labelled to its end, what is labelled must be random too."""
    more = [item for item, _ in select(archive(300), Plan(40, 1.0, seed=7), THRESHOLDS).chosen]
    less = [item for item, _ in select(archive(300), Plan(10, 1.0, seed=7), THRESHOLDS).chosen]
    assert more[:10] == less


def test_a_text_comes_once_and_what_is_known_only_at_random() -> None:
    population = archive(30) * 3
    found = select(population, Plan(100, 0.2, seed=3), THRESHOLDS)
    texts = [item.text for item, _ in found.chosen]
    assert sorted(texts) == sorted(item.text for item in archive(30))
    known = frozenset(item.key for item in archive(20))
    fresh = select(population, Plan(10, 0.0, seed=3), THRESHOLDS, known).chosen
    assert not known & {item.key for item, _ in fresh}
    drawn = select(population, Plan(30, 1.0, seed=3), THRESHOLDS, known).chosen
    assert known <= {item.key for item, _ in drawn}


def test_the_stream_is_read_once_and_told_of() -> None:
    told: list[int] = []

    def stream() -> Iterator[ScoredRow]:
        yield from archive(5_000)

    select(stream(), Plan(10, 0.5, seed=1), THRESHOLDS, told=told.append)
    assert told == [2_000, 4_000]


def test_alike_texts_do_not_follow_each_other() -> None:
    """Three kinds of text, the most uncertain all of one kind: the kinds take turns."""
    rows = [row.text for row in small_corpus().rows if len(row.labels) == 1]
    forms = ("物业费收据第{}号，请各位业主核对后缴费。", "{}号网格员今天入户走访登记。")
    texts = [forms[0].format(n) for n in range(40)] + [forms[1].format(n) for n in range(40)]
    order = [(texts + rows)[i] for i in spread(texts + rows, 20)]
    for form in forms:
        kind = form.split("{}")[1]
        together = sum(kind in one and kind in other for one, other in pairwise(order))
        assert together == 0
        assert sum(kind in text for text in order) <= 3


def test_near_copies_are_taken_when_nothing_else_is_left() -> None:
    texts = [f"物业费收据第{n}号，请各位业主核对后缴费。" for n in range(30)]
    assert sorted(spread(texts, 30)) == list(range(30))
    assert spread(texts, 0) == []
    assert spread([], 5) == []


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40))
def test_interleaving_keeps_everything_in_its_order(random: int, others: int) -> None:
    one = [candidate(n, 0.1) for n in range(random)]
    other = [candidate(100 + n, 0.1) for n in range(others)]
    order = interleaved(one, other)
    assert [item for item, drawn in order if drawn] == one
    assert [item for item, drawn in order if not drawn] == other
    # In every beginning the share is what it is in the whole, rounded down.
    for place in range(random + others + 1):
        drawn = sum(flag for _, flag in order[:place])
        assert drawn == place * random // max(random + others, 1)


@pytest.mark.parametrize(("wanted", "share"), [(0, 0.2), (10, 1.5), (10, -0.1)])
def test_a_plan_that_cannot_be_is_refused(wanted: int, share: float) -> None:
    with pytest.raises(WorkbenchError, match="段数至少为 1"):
        Plan(wanted, share, 1)
