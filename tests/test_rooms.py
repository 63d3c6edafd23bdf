"""The rooms of the house: who may import whom, who owns the names, what the wheel carries."""

import ast
import importlib
import importlib.metadata
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("model", "service", "training")
MAY_IMPORT = {"model": set(), "training": {"model"}, "service": {"model", "training"}}


def imported(path: Path) -> list[tuple[str, bool]]:
    """The rooms that a module imports, and whether at its top level when it runs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    lazy = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        for name in names:
            room = name.split(".")[0]
            if room in ROOMS and id(node) not in for_types_only:
                found.append((room, id(node) not in lazy))
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_imports_go_one_way(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        for other, at_top in imported(path):
            if other == room:
                continue
            assert other in MAY_IMPORT[room], f"{path} imports {other}"
            if (room, other) == ("service", "training"):
                assert not at_top, f"{path} imports training when it is loaded"
                assert path.parent.name == "commands", f"{path} is no command"


def test_only_our_distribution_owns_the_three_names() -> None:
    """An editable installation lists no packages; that of the wheel is looked at below."""
    owners = importlib.metadata.packages_distributions()
    for room in ROOMS:
        assert set(owners.get(room, [])) <= {"govtheme"}
        assert Path(importlib.import_module(room).__file__ or "").parent == ROOT / room


def test_the_top_level_is_what_was_agreed() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert {name.split("/")[0] for name in listed if "/" in name} == {
        ".ci",
        "artifacts",
        "data",
        "model",
        "service",
        "tests",
        "training",
    }


def test_every_module_has_a_docstring_and_fits_on_a_few_screens() -> None:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert ast.get_docstring(ast.parse(text)), path
            assert len(text.splitlines()) <= 400, path


def test_no_file_names_a_registry() -> None:
    hosts = [
        "pypi" + ".org",
        "python" + "hosted.org",
        "registry.npm" + "js.org",
        "deb.deb" + "ian.org",
    ]
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in listed:
        content = (ROOT / name).read_bytes()
        assert not any(host.encode() in content for host in hosts), name


def test_the_wheel_works_from_another_folder(tmp_path: Path) -> None:
    """Built, unpacked, and run with nothing of the checkout in reach."""
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    tops = {path.name for path in site.iterdir()}
    assert {name for name in tops if not name.endswith(".dist-info")} == set(ROOMS)
    for name in ("codebook.toml", "words.txt", "characters.txt", "sample_page.txt", "corpus"):
        assert (site / "model" / "_data" / name).exists()
    code = (
        "import model, sys; from service.cli import main;"
        f"assert model.__file__.startswith({str(site)!r}), model.__file__;"
        "sys.exit(main(sys.argv[1:]))"
    )
    owners = {
        name.split("/")[0]
        for distribution in importlib.metadata.distributions(path=[str(site)])
        if distribution.name == "govtheme"
        for name in map(str, distribution.files or [])
    }
    assert set(ROOMS) <= owners
    environment = {**os.environ, "PYTHONPATH": str(site), "XDG_DATA_HOME": str(tmp_path / "home")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    trained = run("train", "--json")
    assert trained.returncode == 0, trained.stderr
    assert (tmp_path / "home" / "govtheme" / "artifacts" / "current").is_file()
    said = run("classify", "网格员每天入户走访，把居民反映的问题记进台账。")
    assert "网格管理" in said.stdout
