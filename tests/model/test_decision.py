import numpy as np
import pytest

from model.decision import Thresholds

RULE = Thresholds(("a", "b"), (0.5, 0.4), ((0.3, 0.7), (0.4, 0.4)))


@pytest.mark.parametrize(
    ("scores", "labels", "status", "uncertain"),
    [
        pytest.param([0.9, 0.1], ("a",), "labelled", (), id="clearly one"),
        pytest.param([0.1, 0.1], (), "none", (), id="clearly none"),
        pytest.param([0.6, 0.1], ("a",), "uncertain", ("a",), id="in the band, above"),
        pytest.param([0.4, 0.9], ("b",), "uncertain", ("a",), id="in the band, below"),
        pytest.param([0.7, 0.4], ("a", "b"), "labelled", (), id="at the edges"),
    ],
)
def test_decisions(
    scores: list[float], labels: tuple[str, ...], status: str, uncertain: tuple[str, ...]
) -> None:
    decision = RULE.decide(np.array([scores]))[0]
    assert (decision.labels, decision.status, decision.uncertain) == (labels, status, uncertain)
    assert decision.scores == dict(zip("ab", scores, strict=True))


def test_a_given_threshold_takes_the_place_of_the_stored_ones_and_has_no_band() -> None:
    for given in (0.35, {"a": 0.35}):
        decision = RULE.replaced(given).decide(np.array([[0.36, 0.1]]))[0]
        assert (decision.labels, decision.status) == (("a",), "labelled")
    assert RULE.replaced({"a": 0.35}).at == (0.35, 0.4)


@pytest.mark.parametrize("wrong", [1.5, -0.1, {"a": 2.0}, {"c": 0.5}, float("nan")])
def test_impossible_thresholds_are_refused(wrong: float | dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"阈值|没有标签"):
        RULE.replaced(wrong)
