"""Small real things that the tests share: a corpus, a store trained from it, its classifier."""

import os
from pathlib import Path

import pytest

from model.classifier import ThemeClassifier
from model.store import ModelStore
from tests.small import small_corpus
from training.parameters import Parameters
from training.train import train

SHARED = Path(__file__).resolve().parents[2] / "shared"
"""Real texts to measure on, where they are present; never part of the project."""


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test."""
    for name in list(os.environ):
        if name.startswith("GOVTHEME_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    """A store with one small model in use."""
    root = tmp_path_factory.mktemp("models")
    store = ModelStore(root)
    store.promote(train(small_corpus(), root, Parameters()).version, "test")
    return store


@pytest.fixture(scope="session")
def classifier(store: ModelStore) -> ThemeClassifier:
    """The small model, loaded as the product loads it."""
    return ThemeClassifier.load(store.folder())
