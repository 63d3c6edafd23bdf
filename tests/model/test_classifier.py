import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.classifier import ThemeClassifier
from model.document import Paragraph
from model.store import ModelStore
from tests.small import small_corpus

ROWS = small_corpus().rows


def test_the_small_model_has_learnt_its_corpus(classifier: ThemeClassifier) -> None:
    decisions = classifier.classify([row.text for row in ROWS])
    right = sum(d.labels == row.labels for d, row in zip(decisions, ROWS, strict=True))
    assert right >= 0.85 * len(ROWS)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=80), max_size=5))
def test_any_text_gets_a_decision_with_every_score(
    classifier: ThemeClassifier, texts: list[str]
) -> None:
    decisions = classifier.classify(texts)
    assert len(decisions) == len(texts)
    for decision in decisions:
        assert tuple(decision.scores) == classifier.labels
        assert all(0.0 <= score <= 1.0 for score in decision.scores.values())
        assert (decision.status == "none") <= (not decision.labels)


def test_the_script_and_width_of_a_text_make_no_difference(classifier: ThemeClassifier) -> None:
    plain, folded = classifier.scores(["网格员巡查ABC12小区物业", "網格員巡查ＡＢＣ１２小區物業"])
    np.testing.assert_array_equal(plain, folded)


def test_furniture_has_scores_but_no_label(classifier: ThemeClassifier) -> None:
    text = "志愿者给独居老人送饭，陪他们聊天。"
    kinds = [Paragraph(text, 0, len(text), kind) for kind in ("body", "heading", "furniture")]
    body, heading, furniture = classifier.classify_paragraphs(kinds, evidence=True)
    assert body.decision.labels == heading.decision.labels
    assert "volunteer_services" in body.decision.labels
    assert (furniture.decision.labels, furniture.decision.status) == ((), "none")
    assert furniture.decision.scores == body.decision.scores
    assert furniture.decision.evidence == ()


def test_a_threshold_for_an_unknown_label_is_refused(classifier: ThemeClassifier) -> None:
    with pytest.raises(ValueError, match="没有标签 nosuch"):
        classifier.classify(["网格"], threshold={"nosuch": 0.5})


def test_scoring_needs_neither_scikit_learn_nor_pyarrow_nor_jieba(store: ModelStore) -> None:
    """What is imported is what a server's memory and start pay for."""
    code = (
        "import sys; from pathlib import Path; from model.classifier import ThemeClassifier;"
        f"ThemeClassifier.load(Path({str(store.folder())!r})).classify(['网格员'], evidence=True);"
        "print(sorted(sys.modules.keys() & {'sklearn', 'scipy', 'pyarrow', 'jieba', 'fastapi'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
