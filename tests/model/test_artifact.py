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

from model.artifact import FORMAT, check_files, read_artifact, read_manifest, write_artifact
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


class Pickled:
    """Pickles as whatever call it is given: what an attacker writes by hand."""

    def __init__(self, call: Callable[..., Any], arguments: tuple[Any, ...], state: Any = None):
        self.told = (call, arguments, state)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.told


def records() -> np.dtype[Any]:
    return np.dtype([("a", "O"), ("b", "f4")])


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(lambda run: Pickled(eval, (f"open({str(run)!r}, 'w')",)), id="eval"),
        pytest.param(lambda run: Pickled(getattr, (run, "touch")), id="getattr"),
        pytest.param(lambda _: Pickled(np.ndarray, ((3,), np.dtype("O"))), id="array by a call"),
        pytest.param(lambda _: Pickled(np.dtype, ("O",)), id="dtype of objects"),
        pytest.param(lambda _: records(), id="dtype of records with objects"),
        pytest.param(
            lambda _: Pickled(np.dtype, ("f4",), (3, "<", None, None, None, -1, -1, 63)),
            id="dtype with flags of its own",
        ),
        pytest.param(lambda _: np.zeros(2, records()), id="records with objects"),
        pytest.param(lambda _: np.matrix([[1.0]]), id="subclass of an array"),
        pytest.param(lambda _: np.load, id="a function"),
        pytest.param(lambda _: joblib.load, id="a function of joblib"),
    ],
)
@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_no_back_door_through_what_is_admitted(
    folder: Path, tmp_path: Path, value: Callable[[Path], Any]
) -> None:
    marker = tmp_path / "ran"
    plant(folder, {"format": FORMAT, "x": [{"y": value(marker)}]})
    with pytest.raises(ArtifactError):
        ThemeClassifier.load(folder)
    assert not marker.exists()


def test_a_wrong_hash_is_noticed_before_the_file_is_opened(folder: Path, tmp_path: Path) -> None:
    joblib.dump(Payload(tmp_path / "ran"), folder / "model.joblib")
    with pytest.raises(ArtifactError, match="SHA-256"):
        read_artifact(folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        pytest.param("labels", ["a", "b"], "标签", id="labels"),
        pytest.param("codebook", "9.9.9", "编码手册", id="codebook"),
        pytest.param("version", "../../etc", "SHA-256", id="a version that is a path"),
        pytest.param("version", 7, "SHA-256", id="a version that is a number"),
        pytest.param("sha256", None, "SHA-256", id="no hash"),
        pytest.param("format", [1], "格式号", id="a format that is a list"),
        pytest.param("files", ["a"], "files", id="files that are a list"),
        pytest.param("files", {"../x": "0"}, "文件名", id="a file elsewhere"),
        pytest.param("files", {"card.md": "0"}, r"card\.md 被改动过", id="a changed file"),
        pytest.param("files", {"gone.md": "0"}, r"缺少 gone\.md", id="a missing file"),
    ],
)
def test_a_manifest_that_lies_is_refused(
    folder: Path, key: str, value: object, reason: str
) -> None:
    manifest = read_manifest(folder) | {key: value}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ArtifactError, match=reason):
        verified(folder)


def verified(folder: Path) -> ThemeClassifier:
    check_files(folder)
    return ThemeClassifier.load(folder)


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param(b"[" * 200_000, id="deep"),
        pytest.param(b'{"format": 1, "x": "' + b"x" * 5_000_000 + b'"}', id="huge"),
        pytest.param(b"\xff\xfe\x00", id="no text"),
        pytest.param(b'{"format": 1e999, "sha256": "", "version": ""}', id="infinite"),
    ],
)
def test_a_hostile_manifest_is_refused(folder: Path, spoilt: bytes) -> None:
    (folder / "manifest.json").write_bytes(spoilt)
    with pytest.raises(ArtifactError):
        read_artifact(folder)


@pytest.mark.parametrize("name", ["model.joblib", "manifest.json"])
def test_a_link_in_the_place_of_a_file_is_not_followed(
    folder: Path, tmp_path: Path, name: str
) -> None:
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArtifactError, match="符号链接"):
        read_artifact(folder)


@pytest.mark.parametrize("name", ["model.joblib", "manifest.json"])
def test_a_pipe_or_folder_in_the_place_of_a_file_does_not_hang(folder: Path, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(ArtifactError, match="不是普通文件"):
        read_artifact(folder)
    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(ArtifactError):
        read_artifact(folder)


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


def test_an_artifact_of_the_format_before_is_read(folder: Path) -> None:
    """Format 2 knew no titles: nothing counts more."""
    texts = ["网格员每天入户走访。", "网格员\n网格员每天入户走访。"]
    now = ThemeClassifier.load(folder).margins(texts)
    content = joblib.load(folder / "model.joblib")
    assert content.pop("title") == 0
    plant(folder, content | {"format": 2})
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["format"] = 2
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    np.testing.assert_array_equal(ThemeClassifier.load(folder).margins(texts), now)


@pytest.mark.parametrize("number", [1, FORMAT + 1])
def test_two_tales_of_the_format_are_refused(folder: Path, number: int) -> None:
    plant(folder, joblib.load(folder / "model.joblib") | {"format": number})
    with pytest.raises(ArtifactError, match="格式号"):
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
    content = joblib.load(folder / "model.joblib")
    for name in set(content) - {"format", "labels", "codebook", "title"}:
        plant(folder, {key: value for key, value in content.items() if key != name})
        with pytest.raises(ArtifactError, match=f"不完整.*{name}"):
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
