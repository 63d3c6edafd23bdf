"""Agreement against scikit-learn, worked examples, and what people differ on, on both databases."""

import random
import warnings

import pytest
from sklearn.metrics import cohen_kappa_score

from service.workbench.database import Database
from service.workbench.errors import UnknownThingError, WorkbenchError
from service.workbench.labelling.agreement import agreement, cohen_kappa, masi, opinions
from service.workbench.labelling.judging import judge, skip
from service.workbench.labelling.labels import settled
from service.workbench.labelling.settling import difference, differing, settle, unsettle
from tests.service.workbench.labelling import GRID, HELP, LABELS, ROAD, make_queue


def sets(*labels: str) -> frozenset[str]:
    return frozenset(labels)


def test_kappa_is_scikit_learns() -> None:
    source = random.Random(5)
    for _ in range(200):
        size = source.randint(1, 30)
        lean = source.random()
        pairs = [(source.random() < lean, source.random() < lean) for _ in range(size)]
        first, second = zip(*pairs, strict=True)
        ours = cohen_kappa(pairs)
        if ours is None:
            assert len({*first, *second}) == 1
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs = cohen_kappa_score(first, second, labels=[False, True])
            assert ours == pytest.approx(theirs)
    assert cohen_kappa([]) is None


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        pytest.param(sets(), sets(), 0.0, id="both none"),
        pytest.param(sets("a"), sets("a"), 0.0, id="equal"),
        pytest.param(sets("a"), sets("a", "b"), 1 - 2 / 3 / 2, id="one holds the other"),
        pytest.param(sets("a", "b"), sets("b", "c"), 1 - 1 / 3 / 3, id="they overlap"),
        pytest.param(sets("a"), sets("b"), 1.0, id="nothing in common"),
        pytest.param(sets("a"), sets(), 1.0, id="one against none"),
    ],
)
def test_masi_as_passonneau_defines_it(
    one: frozenset[str], other: frozenset[str], distance: float
) -> None:
    assert masi(one, other) == masi(other, one) == pytest.approx(distance)


def test_alpha_of_krippendorffs_own_example() -> None:
    """His nominal example of two observers, ten units, 0 or 1: alpha is 0.095 (2011, section A)."""
    first, second = "0100000010", "1110010000"
    said = [
        {"甲": sets(*("a" * int(x))), "乙": sets(*("a" * int(y)))}
        for x, y in zip(first, second, strict=True)
    ]
    found = agreement(said, ["a"])
    assert found.themes[0].alpha == pytest.approx(0.095, abs=5e-4)
    assert (found.shared, found.equal, found.exact) == (10, 6, 0.6)
    assert found.themes[0].given == 6
    # With one theme, sets differ wholly or not at all: MASI is nominal.
    assert found.alpha == pytest.approx(found.themes[0].alpha)


def test_kappa_is_averaged_over_pairs_and_what_one_alone_judged_counts_for_nothing() -> None:
    said = [
        {"甲": sets("a"), "乙": sets("a"), "丙": sets()},
        {"甲": sets(), "乙": sets(), "丙": sets("a")},
        {"甲": sets("a"), "乙": sets()},
        {"甲": sets("a")},
    ]
    found = agreement(said, ["a", "b"])
    assert found.shared == 3
    assert found.pairs == {("丙", "乙"): (2, 0), ("丙", "甲"): (2, 0), ("乙", "甲"): (3, 2)}
    # 甲 and 乙: 2 of 3 alike where chance gives 4/9; the other two pairs are -1.
    assert found.themes[0].kappa == pytest.approx(((2 / 3 - 4 / 9) / (5 / 9) - 1 - 1) / 3)
    assert (found.themes[1].kappa, found.themes[1].alpha) == (None, None)


def test_nothing_shared_says_nothing() -> None:
    found = agreement([{"甲": sets("a")}], ["a"])
    assert (found.shared, found.exact, found.alpha, found.pairs) == (0, None, None, {})


def test_what_people_differ_on_is_settled_and_can_be_opened_again(database: Database) -> None:
    queue, paragraphs = make_queue(database, 4, readers=2)
    with database.session() as session:
        for paragraph in paragraphs[:3]:
            judge(session, paragraph, "甲", [ROAD])
        judge(session, paragraphs[0], "乙", [ROAD])
        judge(session, paragraphs[1], "乙", [])
        judge(session, paragraphs[2], "乙", [ROAD, GRID])
        judge(session, paragraphs[3], "甲", [HELP])
        skip(session, paragraphs[3], "乙")
    with database.session() as session:
        assert differing(session, queue) == paragraphs[1:3]
        found = difference(session, paragraphs[1])
        assert found.said == {"乙": (), "甲": (ROAD,)}
        assert [item.paragraph for item in settled(session, queue)] == [
            paragraphs[0],
            paragraphs[3],
        ]
        assert agreement(list(opinions(session, queue).values()), LABELS).equal == 1
        settle(session, paragraphs[1], "丙", [GRID, ROAD])
        settle(session, paragraphs[1], "丙", [GRID])
    with database.session() as session:
        assert differing(session, queue) == paragraphs[2:3]
        decided = {item.paragraph: item.labels for item in settled(session, queue)}
        assert decided == {paragraphs[0]: (ROAD,), paragraphs[1]: (GRID,), paragraphs[3]: (HELP,)}
        unsettle(session, paragraphs[1])
    with database.session() as session:
        assert differing(session, queue) == paragraphs[1:3]
        with pytest.raises(WorkbenchError, match="没有标签"):
            settle(session, paragraphs[1], "丙", ["weather"])
        with pytest.raises(UnknownThingError, match="没有段落"):
            settle(session, 10**6, "丙", [])


def test_settled_tells_all_that_a_training_wants(database: Database) -> None:
    queue, paragraphs = make_queue(database, 2)
    other, others = make_queue(database, 1, name="另一个")
    with database.session() as session:
        judge(session, paragraphs[0], "甲", [])
        judge(session, others[0], "甲", [ROAD])
    with database.session() as session:
        assert [item.queue for item in settled(session)] == [queue, other]
        (found,) = settled(session, queue)
    assert found.text.startswith("第0段")
    assert (found.labels, found.proposed, found.random) == ((), (ROAD,), True)
    assert found.scores[GRID] == 0.4
    assert (found.model, found.doc) == ("0123456789ab", "0.txt")
