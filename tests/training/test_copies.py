import numpy as np
from scipy import sparse

from training.copies import near_copies


def matrix_of(*rows: set[int]) -> sparse.csr_array:
    dense = np.zeros((len(rows), 400))
    for i, features in enumerate(rows):
        dense[i, sorted(features)] = 0.5
    return sparse.csr_array(dense)


def test_near_copies_are_found_and_others_are_not() -> None:
    """Jaccard 95 / 105 is a near copy, 60 / 140 is none; no features are like no others."""
    text = set(range(100))
    reprint = set(range(5, 105))
    related = set(range(40, 140))
    other = set(range(200, 300))
    clusters = near_copies(matrix_of(text, related, reprint, set(), other, other, set()))
    assert clusters[0] == clusters[2]
    assert clusters[4] == clusters[5]
    assert len(set(clusters.tolist())) == 5


def test_copies_of_copies_belong_together() -> None:
    chain = [set(range(start, start + 100)) for start in range(0, 40, 4)]
    assert set(near_copies(matrix_of(*chain)).tolist()) == {0}


def test_nearly_all_pairs_of_a_large_corpus_are_found() -> None:
    generator = np.random.default_rng(0)
    texts = [set(generator.choice(400, 60, replace=False).tolist()) for _ in range(300)]
    reprints = [text - set(list(text)[:4]) for text in texts]
    clusters = near_copies(matrix_of(*texts, *reprints))
    assert (clusters[:300] == clusters[300:]).mean() > 0.98
    assert len(set(clusters.tolist())) > 290
