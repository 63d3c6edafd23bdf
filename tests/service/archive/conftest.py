"""A small archive and a job over it."""

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from model.bundled import bundled
from model.classifier import ThemeClassifier
from model.store import ModelStore
from service.archive.job import Job
from service.archive.run import score_archive
from service.archive.summary import Summary

PAGE = bundled("sample_page.txt").read_bytes()

MakeJob = Callable[..., Job]
Score = Callable[..., Summary]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Nested folders, Chinese names, three encodings, a table, and files that cannot be read."""
    root = tmp_path / "档案"
    cases = "编号,正文,text\n1,村口的水泥路年底前修通。,甲\n2,网格员每天入户走访。,乙\n"
    for name, data in {
        "简报/2024/一.txt": PAGE,
        "简报/2024/二.txt": PAGE.decode().encode("gb18030"),
        "简报/三.md": b"\xef\xbb\xbf" + PAGE,
        "诉求/热线.csv": cases.encode("gb18030"),
        "空.txt": b"",
        "坏.txt": b"\xff\xff\xff\x81",
        "表.bin": b"\xd0\xcf\x11\xe0",
        ".隐藏/四.txt": PAGE,
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (root / "链接.txt").symlink_to(root / "空.txt")
    return root


@pytest.fixture
def make_job(store: ModelStore, classifier: ThemeClassifier, tmp_path: Path) -> MakeJob:
    """A job with the small model; `make_job(inputs, "out.csv", shard_files=2)`."""

    def make(inputs: Path, out: str, **known: object) -> Job:
        return Job(
            (inputs,),
            tmp_path / out,
            store.folder(),
            classifier.version,
            **known,  # type: ignore[arg-type]
        )

    return make


@pytest.fixture
def score(classifier: ThemeClassifier) -> Score:
    """`score_archive` with the small model."""
    return functools.partial(score_archive, classifier)
