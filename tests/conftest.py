"""Small real things that the tests share: a corpus, a store trained from it, its classifier."""

import os
import shutil
from pathlib import Path

import pytest

from model.classifier import ThemeClassifier
from model.store import ModelStore
from tests.small import Versions, small_corpus
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


@pytest.fixture(scope="session")
def two_models(store: ModelStore, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """A store with two models, the first of them in use."""
    root = tmp_path_factory.mktemp("two") / "models"
    shutil.copytree(store.root, root)
    first = store.current()
    assert first
    second = train(small_corpus(), root, Parameters(characters=(0, 0))).version
    return ModelStore(root), first, second


@pytest.fixture
def versions(two_models: Versions, tmp_path: Path) -> Versions:
    """The same, to do with as a test likes."""
    shutil.copytree(two_models[0].root, tmp_path / "models")
    return ModelStore(tmp_path / "models"), *two_models[1:]
