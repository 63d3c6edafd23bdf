"""Files that were made, or came, to do harm: bombs, climbing paths, entities, passwords, noise.

Whatever a file holds, only documents and reasons come out, and every limit is named.
"""

import gzip
import io
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from model.document import Document
from service.reading.files import Found, ReadingOptions, Rejected, find_files, read_bytes
from tests.archives import mail, ofd, pdf, records, table, tarred, web_page, word, workbook, zipped

TEXT = "网格员上门走访，登记路灯的问题。"
ROWS = [["编号", "内容"], ["1", TEXT], ["2", TEXT]]


def reasons(data: bytes, name: str, **limits: int) -> dict[str, str]:
    items = read_bytes(data, name, ReadingOptions(**limits))  # type: ignore[arg-type]
    return {item.doc: item.reason for item in items if isinstance(item, Rejected)}


def nested(depth: int) -> bytes:
    data = zipped({"a.txt": TEXT.encode()})
    for _ in range(depth):
        data = zipped({"b.zip": data})
    return data


BOMBS = [
    pytest.param(zipped({"a.txt": b"0" * 3_000_000}), "a.zip", {}, "MAX_RATIO", id="ratio"),
    pytest.param(
        zipped({f"{i}.txt": b"x" for i in range(30)}), "a.zip", {"max_members": 20}, "MAX_MEMBERS",
        id="members",
    ),
    pytest.param(
        zipped({f"{i}.txt": TEXT.encode() for i in range(30)}), "a.zip", {"max_unpacked": 500},
        "MAX_UNPACKED", id="total",
    ),
    pytest.param(nested(6), "a.zip", {}, "MAX_DEPTH", id="depth"),
    pytest.param(zipped({"a.txt": TEXT.encode() * 9}), "a.zip", {"max_file": 99}, "MAX_FILE", id="file"),
    pytest.param(
        tarred({"a.txt": b"0" * 60_000_000}), "a.tar.gz", {}, "MAX_RATIO", id="tar ratio"
    ),
    pytest.param(
        tarred({"a.txt": b"0" * 9_000}), "a.tar.gz", {"max_unpacked": 2_000}, "MAX_UNPACKED",
        id="tar total",
    ),
    pytest.param(gzip.compress(b"0" * 60_000_000), "a.txt.gz", {}, "MAX_RATIO", id="gz ratio"),
    pytest.param(web_page(TEXT * 99), "a.html", {"max_markup": 999}, "MAX_MARKUP", id="page"),
    pytest.param(word(TEXT * 99), "a.docx", {"max_markup": 999}, "MAX_MARKUP", id="part"),
    pytest.param(pdf(f"{TEXT}\n" * 99), "a.pdf", {"max_pages": 1}, "MAX_PAGES", id="pages"),
    pytest.param(ofd(f"{TEXT}\n" * 99), "a.ofd", {"max_pages": 1}, "MAX_PAGES", id="ofd pages"),
    pytest.param(pdf(f"{TEXT}\n" * 99), "a.pdf", {"max_text": 99}, "MAX_TEXT", id="pdf text"),
    pytest.param(TEXT.encode() * 99, "a.txt", {"max_text": 99}, "MAX_TEXT", id="text"),
    pytest.param(
        mail("", "", {f"{i}.txt": b"x" for i in range(9)}), "a.eml", {"max_members": 3},
        "MAX_MEMBERS", id="attachments",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("data", "name", "limits", "setting"), BOMBS)
def test_what_passes_a_limit_is_rejected_by_its_name(
    data: bytes, name: str, limits: dict[str, int], setting: str
) -> None:
    assert any(f"GOVTHEME_{setting}" in said for said in reasons(data, name, **limits).values())


def test_the_limits_hold_when_an_archive_is_listed_too(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"a.txt": b"0" * 3_000_000, "b.txt": TEXT.encode()}))
    (tmp_path / "b.zip").write_bytes(nested(6))
    (tmp_path / "c.tar.gz").write_bytes(tarred({"a.txt": b"0" * 60_000_000}))
    found = list(find_files([tmp_path]))
    assert [item.doc for item in found if isinstance(item, Found)] == ["a.zip!/b.txt"]
    said = [item.reason for item in found if isinstance(item, Rejected)]
    assert ["RATIO" in said[0], "DEPTH" in said[1], "RATIO" in said[2]] == [True] * 3


def test_an_archive_says_how_much_it_lists_before_the_list_is_read() -> None:
    """The list of a zip is read in one piece, as long as its last bytes say."""
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 9, 9, 60_000_000, 0, 0)
    data = b"\0" * 60_000_000 + end
    assert "GOVTHEME_MAX_MEMBERS" in reasons(data, "a.zip", max_members=1000)["a.zip"]


def test_paths_that_climb_out_are_not_read() -> None:
    names = ["../a.txt", "/etc/a.txt", "a/../../b.txt", "C:/a.txt", "..\\a.txt"]
    said = reasons(zipped(dict.fromkeys(names, b"x")), "z.zip")
    assert len(said) == len(names)
    assert all("越出" in reason for reason in said.values())
    assert len(reasons(tarred(dict.fromkeys(names[:3], b"x"), "w"), "z.tar")) == 3


def test_links_and_devices_in_archives_are_not_followed() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind, name in ((tarfile.SYMTYPE, "s"), (tarfile.LNKTYPE, "h"), (tarfile.CHRTYPE, "d")):
            info = tarfile.TarInfo(f"{name}.txt")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    assert len(reasons(out.getvalue(), "a.tar")) == 3
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zips:
        link = zipfile.ZipInfo("a.txt")
        link.external_attr = 0o120777 << 16
        zips.writestr(link, "/etc/passwd")
    assert "链接" in reasons(out.getvalue(), "a.zip")["a.zip!/a.txt"]


def encrypted_zip() -> bytes:
    """The bit that says so is what is looked at."""
    data = bytearray(zipped({"a.txt": TEXT.encode()}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (encrypted_zip(), "a.zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "a.docx"),
    ],
)
def test_what_is_encrypted_is_said_to_be(data: bytes, name: str) -> None:
    (said,) = reasons(data, name).values()
    assert "密码" in said


ENTITIES = '<!DOCTYPE x [<!ENTITY a "0123456789"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("data", "name", "part"),
    [
        (word(TEXT), "a.docx", "word/document.xml"),
        (workbook({"表": ROWS}), "a.xlsx", "xl/worksheets/sheet1.xml"),
        (ofd(TEXT), "a.ofd", "Doc_0/Pages/Page_0/Content.xml"),
    ],
)
def test_entities_are_never_expanded(data: bytes, name: str, part: str) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    head, mark, body = parts[part].partition(b"?>")
    parts[part] = head + mark + ENTITIES.encode() + body.replace(b">", b">&f;&b;", 1)
    (said,) = reasons(zipped(parts), name).values()
    assert "声明" in said


def test_entities_of_a_page_are_letters_and_no_files() -> None:
    page = f"{ENTITIES}<html><p>第一段，讲路灯。&f;&b;&#27573;</p></html>"
    (item,) = read_bytes(page.encode(), "a.html")
    assert isinstance(item, Document)
    assert "root:" not in item.text
    assert "]>" not in item.text
    assert "段" in item.text


SAMPLES: dict[str, Callable[[], bytes]] = {
    "a.txt": lambda: TEXT.encode("gb18030"),
    "a.html": lambda: web_page(f"{TEXT}\n" * 5),
    "a.docx": lambda: word(f"{TEXT}\n" * 3),
    "a.pdf": lambda: pdf(f"{TEXT}\n" * 3),
    "a.ofd": lambda: ofd(f"{TEXT}\n" * 3),
    "a.eml": lambda: mail(TEXT, "题", {"附.txt": TEXT.encode()}),
    "a.csv": lambda: table(ROWS),
    "a.xlsx": lambda: workbook({"表": ROWS}),
    "a.jsonl": lambda: records(ROWS),
    "a.zip": lambda: zipped({"甲.txt": TEXT.encode(), "乙.zip": nested(0)}, gbk=True),
    "a.tar.gz": lambda: tarred({"甲.txt": TEXT.encode(), "乙.zip": nested(0)}),
    "a.tar.xz": lambda: tarred({"甲.txt": TEXT.encode()}, "w:xz"),
}


def spoilt(data: bytes, draw: random.Random) -> bytes:
    """The same with some bytes changed, a piece cut out, or the end cut off."""
    changed = bytearray(data)
    for _ in range(draw.choice((1, 3, 20))):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    kind = draw.randrange(4)
    if kind == 0:
        return bytes(changed[: draw.randrange(len(changed))])
    if kind == 1:
        start = draw.randrange(len(changed))
        return bytes(changed[:start] + changed[start + draw.randrange(1, 50) :])
    return bytes(changed)


@pytest.mark.parametrize("name", SAMPLES)
def test_only_documents_and_reasons_come_out_of_spoilt_files(name: str, tmp_path: Path) -> None:
    data, draw = SAMPLES[name](), random.Random(name)
    assert any(isinstance(item, Document) for item in read_bytes(data, name))
    for round_ in range(25):
        bad = spoilt(data, draw)
        options = ReadingOptions(max_seconds=10)
        items = list(read_bytes(bad, name, options))
        assert all(isinstance(item, Document | Rejected) for item in items)
        if name.startswith(("a.zip", "a.tar")):
            (tmp_path / f"{round_}{name}").write_bytes(bad)
    assert all(isinstance(item, Found | Rejected) for item in find_files([tmp_path]))
