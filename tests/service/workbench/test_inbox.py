"""What a browser sends: names made harmless, bodies bounded; and folders that cannot be left."""

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from service.reading.folders import is_passed_over
from service.workbench.archives import folders
from service.workbench.archives.folders import Folder
from service.workbench.errors import WorkbenchError
from service.workbench.reading.inbox import (
    RefusedError,
    clean_name,
    into_file,
    into_memory,
    name_of,
)

T = TypeVar("T")


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("区里的简报.docx", "区里的简报.docx"),
        ("2025年 简报（第3期）.PDF", "2025年 简报（第3期）.PDF"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("/etc/passwd", "passwd"),
        ("~$锁.docx", "_锁.docx"),
        (".hidden.txt", "hidden.txt"),
        ("..", "文件"),
        ("", "文件"),
        ("<script>.txt", "_script_.txt"),
        ("a\x00b\n.txt", "ab.txt"),
        ("正文\u202etxt.exe", "正文txt.exe"),
        ("-rf", "rf"),
        (".txt", "txt"),
        ("a.tar.gz", "a.tar.gz"),
    ],
)
def test_a_name_becomes_a_plain_base_name(given_name: str, kept: str) -> None:
    assert clean_name(given_name) == kept


@given(st.text(max_size=300))
def test_a_cleaned_name_can_always_be_a_visible_file(name: str) -> None:
    kept = clean_name(name)
    assert kept == Path(kept).name
    assert len(kept.encode()) < 255 - len(b"..part")
    assert not is_passed_over(kept)
    assert clean_name(kept) == kept


def finished(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine gives; in a thread, since the browser's library has a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def request(pieces: Sequence[bytes], headers: dict[str, str] | None = None) -> Request:
    """A request whose body comes in pieces."""
    left = list(pieces)

    async def receive() -> Message:
        body = left.pop(0) if left else b""
        return {"type": "http.request", "body": body, "more_body": bool(left)}

    named = [(k.encode(), v.encode("latin-1")) for k, v in (headers or {}).items()]
    return Request({"type": "http", "method": "POST", "headers": named}, receive)


def test_a_body_is_taken_whole(tmp_path: Path) -> None:
    pieces = [b"a" * 700_000, b"b" * 700_000, b"c"]
    assert finished(into_memory(request(pieces), 1_400_001)) == b"".join(pieces)
    path = tmp_path / "x.zip"
    assert finished(into_file(request(pieces), path, 1_400_001)) == 1_400_001
    assert path.read_bytes() == b"".join(pieces)


@pytest.mark.parametrize("headers", [{}, {"content-length": "1400001"}], ids=["silent", "told"])
def test_a_body_beyond_the_limit_leaves_nothing(tmp_path: Path, headers: dict[str, str]) -> None:
    pieces = [b"a" * 700_000, b"b" * 700_000, b"c"]
    with pytest.raises(RefusedError, match=r"1\.4 MB"):
        finished(into_memory(request(pieces, headers), 1_400_000))
    with pytest.raises(RefusedError, match="上限"):
        finished(into_file(request(pieces, headers), tmp_path / "x.zip", 1_400_000))
    assert not list(tmp_path.iterdir())


def test_a_body_that_has_no_room_is_refused_before_it_comes(tmp_path: Path) -> None:
    headers = {"content-length": str(1 << 60)}
    with pytest.raises(RefusedError, match="磁盘"):
        finished(into_file(request([b"a"], headers), tmp_path / "x.zip", 1 << 61))


def test_a_name_comes_percent_encoded() -> None:
    encoded = "..%2F%E7%AE%80%E6%8A%A5.docx"
    assert name_of(request([], {"x-name": encoded})) == "简报.docx"
    assert name_of(request([])) == ""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with folders, and links that lead out of it and within it."""
    root = tmp_path / "root"
    for name in ("乙/丙", "甲", ".git"):
        (root / name).mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "in").symlink_to(root / "甲")
    (root / "file.txt").write_text("x", encoding="utf-8")
    return root.resolve()


def test_folders_are_shown_by_name_without_links_and_hidden_ones(root: Path) -> None:
    (top,) = folders.roots([root, root / "没有的"])
    assert [folder.name for folder in top.children()] == ["乙", "甲"]
    deep = top.children()[0].children()[0]
    assert deep.shown == "root/乙/丙"
    assert [folder.shown for folder in deep.way] == ["root", "root/乙", "root/乙/丙"]
    assert deep.path() == root / "乙" / "丙"
    assert deep.children() == []


@pytest.mark.parametrize(
    "parts",
    [("out",), ("in",), ("..",), ("甲", "..", "..", "secret"), ("/etc",), ("file.txt",), ("无",)],
)
def test_nothing_leads_out_of_a_root(root: Path, parts: tuple[str, ...]) -> None:
    for step in (Folder(root, parts).path, Folder(root, parts).children):
        with pytest.raises(WorkbenchError, match="打不开"):
            step()


def test_a_folder_that_became_a_link_is_refused(root: Path, tmp_path: Path) -> None:
    folder = Folder(root, ("甲",))
    assert folder.path() == root / "甲"
    (root / "甲").rmdir()
    (root / "甲").symlink_to(tmp_path / "secret")
    with pytest.raises(WorkbenchError):
        folder.path()
