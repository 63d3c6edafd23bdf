"""Artifacts that somebody made to do harm, or that were damaged, are refused and run nothing."""

import hashlib
import io
import json
import os
import pickle
import shutil
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from model.artifact import FORMAT, read_artifact, read_manifest, write_artifact
from model.classifier import ThemeClassifier
from model.errors import ArtifactError, NoModelError, UntrustedError
from model.store import ModelStore


class Payload:
    """Runs a command when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.marker}",)


def plant(folder: Path, content: Any) -> None:
    """Put a foreign model.joblib into an artifact and make the manifest fit it."""
    joblib.dump(content, folder / "model.joblib")
    sign(folder)


def sign(folder: Path) -> None:
    digest = hashlib.sha256((folder / "model.joblib").read_bytes()).hexdigest()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest |= {"sha256": digest, "version": digest[:12]}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


@pytest.fixture
def folder(store: ModelStore, tmp_path: Path) -> Path:
    """A copy of a good artifact, to spoil."""
    return Path(shutil.copytree(store.folder(), tmp_path / "artifact"))


def test_the_payload_of_these_tests_works(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Payload(tmp_path / "ran")))  # noqa: S301
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda payload: payload, id="bare"),
        pytest.param(lambda payload: {"format": FORMAT, "labels": [payload]}, id="in a list"),
        pytest.param(
            lambda payload: np.array([payload], dtype=object), id="in an array of objects"
        ),
        pytest.param(lambda payload: {"x": [np.array([[payload]], dtype=object)]}, id="nested"),
    ],
)
def test_a_payload_is_refused_and_does_not_run(
    folder: Path, tmp_path: Path, wrap: Callable[[Payload], Any]
) -> None:
    plant(folder, wrap(Payload(tmp_path / "ran")))
    with pytest.raises(UntrustedError, match="已拒绝载入"):
        read_artifact(folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(Path("x"), id="pathlib"),
        pytest.param(np.float64(1.0), id="numpy scalar"),
        pytest.param(OrderedDict(a=1), id="ordered dict"),
        pytest.param(io.BytesIO, id="class"),
        pytest.param(np.array(["a", None], dtype=object), id="harmless array of objects"),
    ],
)
def test_anything_outside_the_list_is_refused(folder: Path, value: object) -> None:
    plant(folder, {"format": FORMAT, "value": value})
    with pytest.raises(UntrustedError):
        read_artifact(folder)


def test_a_flipped_bit_is_noticed(folder: Path) -> None:
    data = bytearray((folder / "model.joblib").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "model.joblib").write_bytes(data)
    with pytest.raises(ArtifactError, match="SHA-256"):
        read_artifact(folder)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file_is_refused_even_with_a_fitting_hash(folder: Path, share: float) -> None:
    data = (folder / "model.joblib").read_bytes()
    (folder / "model.joblib").write_bytes(data[: int(len(data) * share)])
    sign(folder)
    with pytest.raises(ArtifactError):
        ThemeClassifier.load(folder)


def test_a_future_format_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["format"] = FORMAT + 1
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ArtifactError, match=f"格式号是 {FORMAT + 1}"):
        read_artifact(folder)


@pytest.mark.parametrize("spoilt", ["", "[]", "{}", "{", '{"format": 1}'])
def test_a_damaged_manifest_is_refused(folder: Path, spoilt: str) -> None:
    (folder / "manifest.json").write_text(spoilt, encoding="utf-8")
    with pytest.raises(ArtifactError, match="manifest"):
        read_artifact(folder)


def test_a_missing_model_file_or_artifact_is_named(folder: Path) -> None:
    (folder / "model.joblib").unlink()
    with pytest.raises(ArtifactError, match=r"缺少 model\.joblib"):
        read_artifact(folder)
    with pytest.raises(NoModelError):
        read_artifact(folder / "nowhere")


def test_content_that_lacks_a_part_is_refused(folder: Path) -> None:
    manifest = read_manifest(folder)
    book = {"version": manifest["codebook"], "themes": []}
    plant(folder, {"format": FORMAT, "labels": manifest["labels"], "codebook": book})
    with pytest.raises(ArtifactError, match="不完整"):
        ThemeClassifier.load(folder)


def test_an_artifact_holds_plain_data_only(tmp_path: Path) -> None:
    for value in (object(), {1}, np.array([object()])):
        with pytest.raises(TypeError, match="artifact holds"):
            write_artifact(tmp_path, {"format": FORMAT, "value": value}, {}, {})
    assert list(tmp_path.iterdir()) == []


def test_equal_but_distinct_strings_give_the_same_bytes(tmp_path: Path) -> None:
    once = "".join(["网", "格"])
    same = {"format": FORMAT, "a": once, "b": once}
    distinct = {"b": "".join(["网", "格"]), "format": FORMAT, "a": "".join(["网", "格"])}
    assert write_artifact(tmp_path, same, {}, {}) == write_artifact(tmp_path, distinct, {}, {})
    assert len(list(tmp_path.iterdir())) == 1


def test_arrays_come_back_memory_mapped(tmp_path: Path) -> None:
    content = {"format": FORMAT, "weights": np.arange(6, dtype=np.float32).reshape(2, 3)}
    version = write_artifact(tmp_path, content, {"note": "x"}, {"card.md": "卡"})
    loaded, manifest = read_artifact(tmp_path / version)
    assert isinstance(loaded["weights"], np.memmap)
    assert loaded["weights"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert manifest["note"] == "x"
    assert (tmp_path / version / "card.md").read_text(encoding="utf-8") == "卡"
