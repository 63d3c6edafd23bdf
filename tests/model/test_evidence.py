from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.classifier import ThemeClassifier
from model.evidence import character_shares
from tests.small import small_corpus
from training.parameters import Parameters
from training.train import train

TEXTS = [row.text for row in small_corpus().rows]


@pytest.fixture(scope="module")
def titled(tmp_path_factory: pytest.TempPathFactory) -> ThemeClassifier:
    """A model whose titles count more."""
    store = tmp_path_factory.mktemp("titled")
    trained = train(small_corpus(), store, Parameters(title=5, folds=2))
    return ThemeClassifier.load(store / trained.version)


def test_all_shares_and_the_intercept_add_up_to_the_margin(classifier: ThemeClassifier) -> None:
    adds_up(classifier, TEXTS)


def test_they_do_with_titles_that_count_more(titled: ThemeClassifier) -> None:
    adds_up(titled, [f"{TEXTS[n - 1]}\n{text}" for n, text in enumerate(TEXTS)])


def adds_up(classifier: ThemeClassifier, texts: list[str]) -> None:
    words = classifier._reader.words(texts)
    counts, hits = classifier._counter.locate(words)
    values = classifier._weighting.values(counts)
    margins = classifier.margins(texts)
    bounds = words.normal.bounds
    weights = classifier._linear.weights
    entries = counts.places(hits.text_of, hits.features)
    for label in range(len(classifier.labels)):
        places = values[entries] / counts.counts[entries] * weights[hits.features, label]
        shares = character_shares(hits, places, len(words.normal.codes))
        for i in range(len(texts)):
            total = shares[bounds[i] : bounds[i + 1]].sum() + classifier._linear.intercepts[label]
            assert np.isclose(total, margins[i, label], atol=1e-9)


def test_evidence_points_into_the_text_as_it_came_in(classifier: ThemeClassifier) -> None:
    text = "昨天，網\u200b格員每天入戶走訪，　把問題記進臺賬。"
    decision = classifier.classify([text], evidence=True)[0]
    assert "grid_management" in decision.labels
    spans = [e for e in decision.evidence if e.label == "grid_management"]
    assert spans
    for item in spans:
        assert text[item.start : item.end] == item.text
    assert any("網\u200b格員" in item.text for item in spans)


def test_stretches_of_a_label_neither_overlap_nor_touch(classifier: ThemeClassifier) -> None:
    for decision in classifier.classify(TEXTS, evidence=True):
        for label in classifier.labels:
            spans = sorted((e.start, e.end) for e in decision.evidence if e.label == label)
            assert all(a[1] < b[0] for a, b in pairwise(spans))


def test_evidence_comes_heaviest_first_and_positive(classifier: ThemeClassifier) -> None:
    for decision in classifier.classify(TEXTS, evidence=True):
        for label in classifier.labels:
            weights = [e.weight for e in decision.evidence if e.label == label]
            assert weights == sorted(weights, reverse=True)
            assert all(weight > 0 for weight in weights)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=50), max_size=4))
def test_asking_for_evidence_changes_nothing_else(
    classifier: ThemeClassifier, texts: list[str]
) -> None:
    plain = classifier.classify(texts)
    explained = classifier.classify(texts, evidence=True)
    for a, b in zip(plain, explained, strict=True):
        assert (a.labels, a.status, a.uncertain) == (b.labels, b.status, b.uncertain)
        assert a.scores == b.scores
