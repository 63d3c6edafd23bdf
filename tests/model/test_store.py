from pathlib import Path

import pytest

from model.artifact import FORMAT, write_artifact
from model.errors import ArtifactError, NoModelError
from model.store import ModelStore


@pytest.fixture
def three(tmp_path: Path) -> tuple[ModelStore, list[str]]:
    """A store of three artifacts, none in use."""
    versions = [write_artifact(tmp_path, {"format": FORMAT, "n": n}, {}, {}) for n in range(3)]
    return ModelStore(tmp_path), versions


def test_an_empty_store_says_which_command_to_run(tmp_path: Path) -> None:
    with pytest.raises(NoModelError, match="govtheme train"):
        ModelStore(tmp_path / "nowhere").folder()


def test_a_store_without_a_model_in_use_says_so(three: tuple[ModelStore, list[str]]) -> None:
    with pytest.raises(NoModelError, match="promote"):
        three[0].folder()


def test_promotion_and_rollback(three: tuple[ModelStore, list[str]]) -> None:
    store, (first, second, third) = three
    for version in (first, second, third):
        store.promote(version, "test")
    assert store.current() == third
    assert (store.root / "current").read_text() == third + "\n"
    assert store.rollback() == second
    assert store.rollback() == first
    with pytest.raises(NoModelError, match="没有可以退回"):
        store.rollback()
    assert [entry["version"] for entry in store.promotions()] == [
        first,
        second,
        third,
        second,
        first,
    ]


@pytest.mark.parametrize("name", ["nosuch", "../etc", ".hidden", "a/b"])
def test_a_version_that_is_not_there_cannot_be_promoted(
    three: tuple[ModelStore, list[str]], name: str
) -> None:
    with pytest.raises(ArtifactError):
        three[0].promote(name, "test")
    assert three[0].current() is None


def test_versions_are_listed_and_leftovers_are_not(three: tuple[ModelStore, list[str]]) -> None:
    store, versions = three
    (store.root / ".new-x").mkdir()
    (store.root / ".new-x" / "manifest.json").write_text("{}")
    assert sorted(store.versions()) == sorted(versions)
