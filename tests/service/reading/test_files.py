"""Which files are found, in which order and under which names; what comes of reading them."""

import io
import os
import zipfile
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

import pytest

from model.document import Document
from service.reading.files import (
    Found,
    ReadingOptions,
    Rejected,
    find_files,
    read_bytes,
    read_documents,
)
from service.reading.options import reading_options
from service.settings import Settings
from tests.archives import tarred, zipped

TEXT = "网格员上门走访。".encode()


def made(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def docs(items: Iterable[Found | Rejected]) -> list[str]:
    return [item.doc for item in items]


def reasons(items: Iterable[object]) -> dict[str, str]:
    return {item.doc: item.reason for item in items if isinstance(item, Rejected)}


def texts(data: bytes, name: str, options: ReadingOptions | None = None) -> dict[str, str]:
    """What is read, by name; reasons stand for what is not."""
    return {
        item.source if isinstance(item, Document) else item.doc: item.text
        if isinstance(item, Document)
        else f"！{item.reason}"
        for item in read_bytes(data, name, options)
    }


def test_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    names = ["b/1.txt", "b/a/2.txt", "b-1.txt", "a.txt", "b/z.txt", "c/.hidden/x.txt", "c/~$l.txt"]
    root = made(tmp_path / "r", dict.fromkeys(names, TEXT))
    (root / "link.txt").symlink_to(root / "a.txt")
    (root / "loop").symlink_to(root)
    found = docs(find_files([root]))
    assert found == sorted(found)
    assert found == ["a.txt", "b-1.txt", "b/1.txt", "b/a/2.txt", "b/z.txt", "link.txt", "loop"]
    reasons = [item.reason for item in find_files([root]) if isinstance(item, Rejected)]
    assert len(reasons) == 2
    assert all("符号链接" in reason for reason in reasons)


def test_no_file_comes_twice(tmp_path: Path) -> None:
    root = made(tmp_path / "r", {"a/1.txt": TEXT, "a/.h/2.txt": TEXT, "3.txt": TEXT})
    assert docs(find_files([root / "a", root])) == ["a/1.txt", "r/3.txt"]
    assert docs(find_files([root, root / "a" / "1.txt", root])) == ["r/3.txt", "r/a/1.txt"]
    hidden = find_files([root, root / "a" / ".h"])
    assert docs(hidden) == ["r/3.txt", "r/a/1.txt", ".h/2.txt"]


def test_roots_of_the_same_name_stay_apart(tmp_path: Path) -> None:
    for name in ("x/档案/1.txt", "y/档案/1.txt"):
        made(tmp_path, {name: TEXT})
    roots = [tmp_path / "x" / "档案", tmp_path / "y" / "档案"]
    assert docs(find_files(roots)) == ["档案/1.txt", "档案 (2)/1.txt"]


def test_a_root_that_is_not_there_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        find_files([tmp_path, tmp_path / "nowhere"])


def test_names_that_are_no_utf8_become_text(tmp_path: Path) -> None:
    root = tmp_path / "r"
    root.mkdir()
    (root / os.fsdecode("来信.txt".encode("gb18030"))).write_bytes(TEXT)
    (found,) = find_files([root])
    assert found.doc == "来信.txt"
    assert isinstance(found, Found)
    assert [d.source for d in read_documents(found) if isinstance(d, Document)] == ["来信.txt"]


def test_pipes_are_not_opened(tmp_path: Path) -> None:
    root = made(tmp_path / "r", {"a.txt": TEXT})
    os.mkfifo(root / "b.txt")
    assert list(reasons(find_files([root]))) == ["b.txt"]


def test_a_folder_that_cannot_be_listed_is_told_of(tmp_path: Path) -> None:
    """It is gone when its turn comes, as a share's folder may be."""
    root = made(tmp_path / "r", {"a/1.txt": TEXT, "b/2.txt": TEXT})
    found = find_files([root])
    first = next(found)
    (root / "b" / "2.txt").unlink()
    (root / "b").rmdir()
    rest = list(found)
    assert first.doc == "a/1.txt"
    assert list(reasons(rest)) == ["b/"]
    assert "无法列出" in reasons(rest)["b/"]


def test_a_file_that_was_changed_after_it_was_found_is_not_read(tmp_path: Path) -> None:
    root = made(tmp_path / "r", {"a.txt": TEXT})
    (found,) = find_files([root])
    assert isinstance(found, Found)
    (root / "a.txt").write_bytes(TEXT + TEXT)
    os.utime(root / "a.txt", ns=(found.stamp + 10**9, found.stamp + 10**9))
    assert "改动" in reasons(read_documents(found))["a.txt"]


def test_a_table_that_grows_while_it_is_read_is_told_of(tmp_path: Path) -> None:
    rows = b"id,text\n" + b"".join(b"%d,road\n" % i for i in range(1000))
    root = made(tmp_path / "r", {"a.csv": rows})
    (found,) = find_files([root])
    assert isinstance(found, Found)
    items = read_documents(found)
    assert isinstance(next(items), Document)
    with (root / "a.csv").open("ab") as file:
        file.write(b"1001,late\n")
    os.utime(root / "a.csv", ns=(found.stamp + 10**9, found.stamp + 10**9))
    assert "改动" in reasons(items)["a.csv"]


def test_a_file_that_is_gone_is_rejected(tmp_path: Path) -> None:
    root = made(tmp_path / "r", {"a.txt": TEXT})
    (found,) = find_files([root])
    assert isinstance(found, Found)
    (root / "a.txt").unlink()
    assert list(reasons(read_documents(found))) == ["a.txt"]


def test_archives_inside_each_other_are_listed_and_read(tmp_path: Path) -> None:
    inner = tarred({"夹/一.txt": TEXT, "夹/二.txt": TEXT})
    root = made(tmp_path / "r", {"a.zip": zipped({"内.tar.gz": inner, "三.txt": TEXT}, gbk=True)})
    found = [item for item in find_files([root]) if isinstance(item, Found)]
    names = ["a.zip!/内.tar.gz!/夹/一.txt", "a.zip!/内.tar.gz!/夹/二.txt", "a.zip!/三.txt"]
    assert docs(found) == names
    assert found[0].inside == ("内.tar.gz", "夹/一.txt")
    for order in (found, found[::-1]):
        read = [d for item in order for d in read_documents(item)]
        assert [d.source for d in read if isinstance(d, Document)] == docs(order)
        assert {d.text for d in read if isinstance(d, Document)} == {TEXT.decode()}
    assert list(texts((root / "a.zip").read_bytes(), "a.zip")) == names


def test_the_same_name_twice_in_an_archive_is_two_members() -> None:

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "一。")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.txt", "二。")
    assert texts(out.getvalue(), "z.zip") == {"z.zip!/a.txt": "一。", "z.zip!/a (2).txt": "二。"}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tars_of_every_compression_are_read_member_by_member(mode: str, tmp_path: Path) -> None:
    suffix = ".tar" + mode[1:].replace(":", ".")
    members = {f"{i}.txt": f"第{i}段。".encode() for i in range(50)}
    root = made(tmp_path / "r", {f"a{suffix}": tarred(members, mode)})
    read = [
        d
        for item in find_files([root])
        if isinstance(item, Found)
        for d in read_documents(item)
        if isinstance(d, Document)
    ]
    assert [d.text for d in read] == [f"第{i}段。" for i in range(50)]


def test_every_limit_is_a_setting_with_the_same_default() -> None:
    assert reading_options(Settings()) == ReadingOptions()
    limits = {field.name for field in fields(ReadingOptions)} - {"text_column", "discreet"}
    assert limits < set(Settings.model_fields)
    assert reading_options(Settings(max_depth=7), "列").max_depth == 7


def test_what_no_reader_reads_has_a_reason() -> None:
    assert "zip" in texts(b"Rar!", "a.rar")["a.rar"]
    assert ".docx" in texts(b"\x00", "a.bin")["a.bin"]
    assert "无扩展名" in texts(b"\x00", "README")["README"]
