"""Artifacts whose hash and version are right, and whose content cannot be used, are not loaded."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from model.artifact import MODEL_FILE
from model.classifier import ThemeClassifier
from model.content import ContentError, check_content
from model.errors import ArtifactError
from model.store import ModelStore
from tests.model.test_artifact import plant

Spoil = Callable[[dict[str, Any]], Any]

NAN, INFINITE = float("nan"), float("inf")


@pytest.fixture(scope="module")
def content(store: ModelStore) -> dict[str, Any]:
    """The content of a good artifact; its parts are not to be changed in place."""
    found: dict[str, Any] = joblib.load(store.folder() / MODEL_FILE)
    return found


def put(array: Any, value: float) -> Any:
    """The array with this value in the place of its last one."""
    changed = np.array(array)
    changed.flat[-1] = value
    return changed


def last(values: list[Any], value: Any) -> list[Any]:
    return [*values[:-1], value]


def within(name: str, part: str, change: Callable[[Any], Any]) -> tuple[str, Spoil]:
    """Spoils a part of a part."""
    return name, lambda some: some[name] | {part: change(some[name][part])}


def themes(change: Callable[[Any], Any]) -> tuple[str, Spoil]:
    return within("codebook", "themes", lambda some: [change(dict(some[0])), *some[1:]])


HOSTILE: dict[str, tuple[str, Spoil, str]] = {
    "weights not a number": ("weights", lambda c: put(c["weights"], NAN), "weights 有无穷大"),
    "weights infinite": ("weights", lambda c: put(c["weights"], -INFINITE), "weights 有无穷大"),
    "weights whole": ("weights", lambda c: np.asarray(c["weights"], np.int64), "weights 的类型"),
    "weights text": ("weights", lambda _: np.array([["a"] * 4]), "weights 的类型是 <U1"),
    "weights of a label more": (
        "weights",
        lambda c: np.repeat(c["weights"], 2, axis=1),
        "weights 的形状",
    ),
    "weights turned round": ("weights", lambda c: c["weights"].T, "weights 的形状"),
    "weights short": ("weights", lambda c: c["weights"][:-1], "weights 的形状"),
    "weights flat": ("weights", lambda c: c["weights"].ravel(), "weights 的形状"),
    "weights a list": ("weights", lambda _: [1.0], "weights 不是数组"),
    "idf not a number": ("idf", lambda c: put(c["idf"], NAN), "idf 有无穷大"),
    "idf negative": ("idf", lambda c: put(c["idf"], -1), "idf 有负数"),
    "blocks beyond": ("block_ends", lambda c: [0, len(c["idf"]) + 1], "block_ends 不是"),
    "blocks falling": ("block_ends", lambda c: c["block_ends"][::-1], "block_ends 不合"),
    "blocks none": ("block_ends", lambda _: [], "block_ends 不合"),
    "intercepts": ("intercepts", lambda c: last(c["intercepts"], NAN), "intercepts 有无穷大"),
    "intercepts few": ("intercepts", lambda c: c["intercepts"][1:], "intercepts 有 3 项，应有 4"),
    "slopes zero": ("slopes", lambda c: last(c["slopes"], 0.0), "slopes 不都大于 0"),
    "slopes infinite": ("slopes", lambda c: last(c["slopes"], INFINITE), "slopes 有无穷大"),
    "offsets text": ("offsets", lambda c: last(c["offsets"], "1"), "offsets 有不是数"),
    "isotonic label": ("isotonic", lambda _: [[4, [0.0], [0.0]]], "isotonic 不是 0 到 3"),
    "isotonic not a number": ("isotonic", lambda _: [[0, [0.0], [NAN]]], "isotonic 有无穷大"),
    "isotonic unordered": ("isotonic", lambda _: [[0, [1.0, 0.0], [0.0, 1.0]]], "不是升序"),
    "isotonic falling": ("isotonic", lambda _: [[0, [0.0, 1.0], [1.0, 0.0]]], "有下降"),
    "isotonic empty": ("isotonic", lambda _: [[0, [], []]], "isotonic 的边距"),
    "isotonic uneven": ("isotonic", lambda _: [[0, [0.0], [1.0, 2.0]]], "有 2 项，应有 1 项"),
    "thresholds text": ("thresholds", lambda _: ["0.5"] * 4, "thresholds 有不是数"),
    "thresholds beyond": ("thresholds", lambda _: [1.5] * 4, "thresholds 有 1.5，不在 0 到 1"),
    "thresholds not a number": ("thresholds", lambda _: [NAN] * 4, "thresholds 有无穷大"),
    "thresholds true": ("thresholds", lambda _: [True] * 4, "thresholds 有不是数"),
    "thresholds huge": ("thresholds", lambda _: [10**400] * 4, "thresholds 有"),
    "thresholds few": ("thresholds", lambda _: [0.5], "thresholds 有 1 项，应有 4 项"),
    "bands beside": ("bands", lambda _: [[1.0, 1.0]] * 4, "bands 有 1.0 到 1.0，不在阈值"),
    "bands beyond": ("bands", lambda _: [[0.0, 2.0]] * 4, "bands 有 0.0 到 2.0"),
    "bands of one edge": ("bands", lambda _: [[0.0]] * 4, "bands 有 1 项，应有 2 项"),
    "rules text": ("at_least_one", lambda _: "no", "at_least_one 不是真或假"),
    "titles": ("title", lambda _: -1, "title 不是 0 到 100 的整数"),
    "seed": ("seed", lambda _: 0.5, "seed 不是"),
    "frequencies": ("frequencies", lambda c: last(c["frequencies"], -1), "frequencies 不是"),
    "words": ("words", lambda c: last(c["words"], 7), "words 不是词"),
    "traditional": ("traditional", lambda _: 7, "traditional 不是文本"),
    "ranges": (*within("ranges", "words", lambda _: [1, 1.5]), "ranges.words 不是"),
    "themes of others": (*themes(lambda t: t | {"id": "x"}), "codebook 的主题与 labels"),
    "themes without names": (*themes(lambda t: t | {"name_zh": 7}), "主题没有名字"),
    "table beyond": (
        *within("vocabulary", "numbers", lambda x: put(x, 10**6)),
        "vocabulary.numbers 指向没有的特征",
    ),
    "table of an odd size": (*within("vocabulary", "numbers", lambda x: x[1:]), "不是 2 的幂"),
    "marks": (*within("vocabulary", "marks", lambda x: x[1:]), "vocabulary.marks 的形状"),
    "dictionary": (*within("dictionary", "scores", lambda x: put(x, NAN)), "scores 有无穷大"),
    "dictionary unknown": (*within("dictionary", "unknown", lambda _: NAN), "unknown 有无穷大"),
}


@pytest.mark.parametrize(("name", "spoil", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_what_cannot_be_used_is_named(
    content: dict[str, Any], name: str, spoil: Spoil, reason: str
) -> None:
    check_content(content)
    with pytest.raises(ContentError, match=re.escape(reason)):
        check_content(content | {name: spoil(content)})


@pytest.mark.parametrize(
    "case",
    ["weights not a number", "thresholds text", "thresholds beyond", "words", "table beyond"],
)
def test_an_artifact_with_a_fitting_hash_is_refused(
    store: ModelStore, content: dict[str, Any], tmp_path: Path, case: str
) -> None:
    folder = Path(shutil.copytree(store.folder(), tmp_path / "artifact"))
    name, spoil, reason = HOSTILE[case]
    plant(folder, content)
    ThemeClassifier.load(folder)
    plant(folder, content | {name: spoil(content)})
    with pytest.raises(ArtifactError, match=f"内容不能用：.*{reason}.*重新训练"):
        ThemeClassifier.load(folder)


def test_the_command_does_not_say_that_it_is_whole(
    store: ModelStore, content: dict[str, Any], tmp_path: Path
) -> None:
    shutil.copytree(store.root, tmp_path / "m")
    folder = tmp_path / "m" / str(store.current())
    plant(folder, content | {"weights": put(content["weights"], NAN)})
    command = [sys.executable, "-m", "service", "models", "verify", "--models", str(tmp_path / "m")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "完好" not in done.stdout
    assert "weights 有无穷大或不是数" in done.stderr.replace("\n", "")
