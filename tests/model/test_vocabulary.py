import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.vocabulary import Terms, Vocabulary

HASHES = st.integers(1, 2**64 - 1)


@settings(deadline=None)
@given(st.sets(HASHES, max_size=300), st.lists(HASHES, max_size=50))
def test_exactly_the_known_hashes_are_found(known: set[int], others: list[int]) -> None:
    hashes = np.array(sorted(known), np.uint64)
    vocabulary = Vocabulary.build(hashes)
    asked = np.concatenate([hashes, np.array(others, np.uint64)])
    places, numbers = vocabulary.find(asked)
    expected = [
        (i, int(np.searchsorted(hashes, h))) for i, h in enumerate(asked) if int(h) in known
    ]
    assert list(zip(places.tolist(), numbers.tolist(), strict=True)) == expected


def test_hashes_that_want_one_slot_are_all_found() -> None:
    """Multiples of 2⁶⁰ crowd into few slots and must be probed for."""
    hashes = np.arange(1, 16, dtype=np.uint64) << np.uint64(60)
    _, numbers = Vocabulary.build(hashes).find(hashes)
    assert numbers.tolist() == list(range(15))


def test_two_features_with_one_hash_are_refused() -> None:
    with pytest.raises(ValueError, match="same hash"):
        Vocabulary.build(np.array([7, 7], np.uint64))


def test_terms_come_back_as_they_went_in() -> None:
    terms = Terms.of(["网格", "", "a b", "😀"])
    assert [terms[i] for i in range(4)] == ["网格", "", "a b", "😀"]
