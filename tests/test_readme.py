"""What the README tells a reader to do works, and what it lists is what there is."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model.bundled import bundled
from model.classifier import ThemeClassifier
from model.store import ModelStore
from service.answers import answer, result
from service.settings import Settings
from tests.test_rooms import ROOT

READMES = ("README.md", "README.en.md")
COMMAND = str(Path(sys.executable).with_name("govtheme"))


def blocks(name: str, kind: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


def commands(name: str) -> list[list[str]]:
    joined = "\n".join(blocks(name, "sh")).replace("\\\n", " ")
    return [shlex.split(line, comments=True) for line in joined.splitlines() if line.strip()]


@pytest.mark.parametrize("name", READMES)
def test_every_command_is_known(name: str) -> None:
    """`make` targets run in CI, `curl` below, `pip` installs; the rest is ours and is run."""
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for words in commands(name):
        assert words[0] in ("make", "curl", "govtheme", ".", "sh")
        if words[0] == "make":
            assert words[1] in targets
        if words[0] == "sh":
            script = (ROOT / "service" / "deployment" / words[1]).read_text(encoding="utf-8")
            assert all(f"{option})" in script for option in words[2:] if option.startswith("--"))


@pytest.mark.parametrize("name", READMES)
def test_the_commands_run(name: str, store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "档案").mkdir()
    page = bundled("sample_page.txt")
    for copy in ("档案/一.txt", "页面.txt"):
        shutil.copy(page, tmp_path / copy)
    rows = ["正文,标签", "网格员上门走访。,网格管理", "粮食丰收。,"]
    (tmp_path / "语料.csv").write_text("\n".join(rows), encoding="utf-8")
    shutil.copytree(store.root, tmp_path / "models")
    for words in commands(name):
        if words[0] != "govtheme" or words[1] in ("serve", "workbench"):
            continue
        done = subprocess.run(
            [COMMAND, *words[1:]],
            cwd=tmp_path,
            env={**os.environ, "GOVTHEME_MODELS": "models"},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, (words, done.stderr.decode())


@pytest.mark.parametrize("name", READMES)
def test_the_answer_shown_has_the_shape_of_a_real_one(
    name: str, classifier: ThemeClassifier
) -> None:
    (request,) = [words for words in commands(name) if words[0] == "curl"]
    body = json.loads(request[request.index("-d") + 1])
    (shown,) = [json.loads(block) for block in blocks(name, "json")]
    decision = classifier.classify([body["text"]], evidence=True)[0]
    real = answer(classifier, [result(decision, with_evidence=True)])
    assert set(shown) == set(real)
    assert set(shown["results"][0]) == set(real["results"][0])
    assert set(shown["results"][0]["scores"]) == set(classifier.labels)
    for item in shown["results"][0]["evidence"]:
        assert body["text"][item["start"] : item["end"]] == item["text"]


@pytest.mark.parametrize("name", READMES)
def test_every_setting_is_listed_with_its_default(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for field, info in Settings.model_fields.items():
        row = next(line for line in text.splitlines() if f"`GOVTHEME_{field.upper()}`" in line)
        if info.default_factory is None:
            assert f"`{info.default}`" in row


def test_the_architecture_lists_every_module() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for room in ("model", "training", "service"):
        for path in (ROOT / room).rglob("*.py"):
            if path.name != "__init__.py" and path.parent.name != "commands":
                assert f"{path.name}`" in text, path
    for name in re.findall(r"`([\w/]+\.py)`", text):
        assert any((ROOT / room / name).is_file() for room in ("model", "training", "service", "."))


def test_links_between_documents_lead_somewhere() -> None:
    for name in (*READMES, "ARCHITECTURE.md", "data/README.md"):
        path = ROOT / name
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), (name, target)
