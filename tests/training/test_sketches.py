import random

import numpy as np
import pytest

from training.checks import SHINGLE
from training.sketches import BINS, as_text, from_lines, none, resembling, sketches

GENERATOR = random.Random(0)


def text_of(length: int) -> str:
    return "".join(chr(GENERATOR.randrange(0x4E00, 0x9000)) for _ in range(length))


def similarity(first: str, second: str) -> float:
    """Of the sets of 5-grams, in plain Python."""
    one, other = (
        {text[i : i + SHINGLE] for i in range(len(text) - SHINGLE + 1)} for text in (first, second)
    )
    return len(one & other) / len(one | other)


def test_the_share_of_equal_bins_estimates_the_similarity() -> None:
    errors = []
    for n in range(200):
        whole = text_of(300)
        changed = whole[: 20 + n] + text_of(30) + whole[20 + n :]
        a, b = sketches([whole, changed])
        estimate = (a == b).sum() / ((a > 0) | (b > 0)).sum()
        errors.append(float(estimate) - similarity(whole, changed))
    assert abs(np.mean(errors)) < 0.02
    assert np.sqrt(np.mean(np.square(errors))) < 0.08


def test_only_what_is_like_something_known_is_found() -> None:
    known = [text_of(120) for _ in range(400)]
    asked = [known[7][3:], text_of(120), f"{known[20]}。", known[30][:40] + text_of(80), ""]
    found = resembling(sketches(asked), sketches(known))
    assert found.tolist() == [True, False, True, False, False]
    assert not resembling(sketches(asked), none()).any()
    assert resembling(none(), sketches(known)).shape == (0,)


@pytest.mark.parametrize("text", ["", "短", "同样的话" * 2, "\ud800" * 3])
def test_a_short_text_is_like_no_other(text: str) -> None:
    found = sketches([text])
    assert found.shape == (1, BINS)
    assert not found.any()
    assert not resembling(found, found).any()


def test_a_text_has_the_same_sketch_in_any_company() -> None:
    texts = [text_of(50) for _ in range(30)]
    together = sketches(texts)
    alone = np.concatenate([sketches([text]) for text in texts])
    np.testing.assert_array_equal(together, alone)


def test_sketches_come_back_from_their_lines() -> None:
    some = sketches([text_of(60) for _ in range(20)] + ["短"])
    lines = as_text(some).split()
    assert lines == sorted(lines)
    back = from_lines(lines)
    assert {row.tobytes() for row in back} == {row.tobytes() for row in some if row.any()}
    assert from_lines([]).shape == (0, BINS)


@pytest.mark.parametrize("line", ["?", "AAAA", "AAAAA"])
def test_a_line_that_is_no_sketch_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_lines([line])
