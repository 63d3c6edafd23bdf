"""Web pages, Word, PDF, OFD and mails: nothing lost, and what the file says of itself."""

import io
import os
import signal
import stat
import sys
from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from model.document import Document
from service.reading import isolated
from service.reading.files import ReadingOptions, Rejected, read_bytes
from service.reading.numbering import chinese, numeral
from tests.archives import lines_of, mail, ofd, pdf, web_page, word
from tests.benchmarks.paragraphs import FORMATS, measure
from tests.pages import PAGES


def read(data: bytes, name: str, **options: object) -> list[Document]:
    items = list(read_bytes(data, name, ReadingOptions(**options)))  # type: ignore[arg-type]
    assert not [item for item in items if isinstance(item, Rejected)]
    return [item for item in items if isinstance(item, Document)]


def reason(data: bytes, name: str, **options: object) -> str:
    (item,) = read_bytes(data, name, ReadingOptions(**options))  # type: ignore[arg-type]
    assert isinstance(item, Rejected)
    return item.reason


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize("title", [t for t in FORMATS if not t.startswith("txt")])
def test_no_body_and_no_heading_is_lost_in_any_format(title: str, page: object) -> None:
    name, write = FORMATS[title]
    assert hasattr(page, "text")
    (document,) = read(write(page.text), name)
    text = squeezed(document.text)
    for kind, paragraph in page.paragraphs:  # type: ignore[attr-defined]
        assert kind == "furniture" or squeezed(paragraph) in text


@pytest.mark.parametrize("title", FORMATS)
def test_borders_and_furniture_are_found(title: str) -> None:
    """The floors are below what was measured; what is measured stands in the benchmark."""
    borders, furniture = measure(*FORMATS[title])
    assert borders.right >= 0.95 * max(borders.found, borders.wanted)
    assert furniture.right >= 0.9 * max(furniture.found, furniture.wanted)


def test_a_web_page_says_when_and_where_and_its_frame_is_left_out() -> None:
    text = (
        "小院里的变化\n"
        + "街道投入二百万元改造老旧小区，更换路灯一百盏，居民都说好。\n短句。\n" * 8
    )
    for charset in ("utf-8", "gb18030", "gb2312"):
        (page,) = read(web_page(text, charset, "小院里的变化"), "a.html")
        assert (page.title, page.date, page.origin) == (
            "小院里的变化",
            "2024-05-06",
            "河湾区政府办",
        )
        assert lines_of(page.text) == lines_of(text)


def test_a_page_saved_with_its_pictures() -> None:
    page = "<html><body><p>街道投入二百万元，改造老旧小区。</p></body></html>".encode("gb18030")
    head = b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=B\r\n\r\n--B\r\n"
    part = b"Content-Type: text/html; charset=gb2312\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    (document,) = read(head + part + page + b"\r\n--B--\r\n", "a.mht")
    assert document.text == "街道投入二百万元，改造老旧小区。"


def test_rows_of_a_table_and_broken_lines_of_a_page() -> None:
    page = """<p>第一行，说的是路灯。<br>第二行，说的是井盖。</p>
    <table><tr><th>项目</th><th>数量</th></tr><tr><td>路灯</td><td>114.09</td></tr></table>
    <p style="display:none">看不见的。</p><script>var a = "程序。"</script>"""
    (document,) = read(page.encode(), "a.html")
    assert lines_of(document.text) == [
        "第一行，说的是路灯。", "第二行，说的是井盖。", "项目；数量", "路灯；114.09",
    ]  # fmt: skip


def made_word() -> bytes:
    document = docx.Document()
    document.core_properties.author = "李明"
    document.add_heading("河湾街道工作简报", 0)
    for text in ("修路。", "装灯。"):
        document.add_paragraph(text, style="List Number")
    table = document.add_table(2, 2)
    for i, text in enumerate(("项目", "数量", "路灯", "114.09")):
        table.cell(i // 2, i % 2).text = text
    paragraph = document.add_paragraph("留下的")
    spaces = nsdecls("w")
    box = "<w:p><w:r><w:t>文本框里的。</w:t></w:r></w:p>"
    for xml in (
        f"<w:del {spaces}><w:r><w:delText>删去的</w:delText></w:r></w:del>",
        f"<w:ins {spaces}><w:r><w:t>和添上的。</w:t></w:r></w:ins>",
        f"<w:r {spaces}><w:pict><w:txbxContent>{box}</w:txbxContent></w:pict></w:r>",
    ):
        paragraph._p.append(parse_xml(xml))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_word_gives_numbers_tables_insertions_and_boxes_in_order() -> None:
    (document,) = read(made_word(), "a.docx")
    assert lines_of(document.text) == [
        "河湾街道工作简报", "1.修路。", "2.装灯。", "项目；数量", "路灯；114.09",
        "留下的和添上的。", "文本框里的。",
    ]  # fmt: skip
    assert (document.title, document.author) == ("河湾街道工作简报", "李明")


def test_numbers_as_word_writes_them() -> None:
    numbers = (1, 10, 11, 20, 21, 105, 110, 1001, 10000)
    said = "一 十 十一 二十 二十一 一百〇五 一百一十 一千〇一 10000"
    assert " ".join(map(chinese, numbers)) == said
    kinds = ("decimal", "decimalEnclosedCircle", "upperLetter", "lowerRoman", "none")
    assert [numeral(4, kind) for kind in kinds] == ["4", "④", "D", "iv", ""]


@pytest.mark.parametrize(("write", "name"), [(pdf, "a.pdf"), (ofd, "a.ofd")])
def test_paragraphs_go_on_over_lines_and_pages(write: object, name: str) -> None:
    paragraphs = [
        f"第{i}段，" + "街道投入二百万元改造老旧小区，" * (i % 9) + "完。" for i in range(60)
    ]
    (document,) = read(write("\n".join(paragraphs)), name)  # type: ignore[operator]
    assert document.text.split("\n\n") == paragraphs


def test_scanned_pages_are_told_of() -> None:
    items = list(read_bytes(pdf("一段文字。", scanned=2), "a.pdf"))
    assert [type(item) for item in items] == [Document, Rejected]
    assert isinstance(items[1], Rejected)
    assert "2、3 页" in items[1].reason
    assert "扫描" in reason(pdf("", scanned=3), "a.pdf")


def test_a_mail_with_attachments_and_a_mail_in_it() -> None:
    inner = mail("里面的信。\n", "转")
    attached = {"附件.docx": word("附件的文字。"), "信.eml": inner, "图.png": b"\x89PNG"}
    items = list(read_bytes(mail("外面的信。\n", "来信", attached), "a.eml"))
    documents = [item for item in items if isinstance(item, Document)]
    assert [(d.source, d.text.strip()) for d in documents] == [
        ("a.eml", "外面的信。"),
        ("a.eml!/附件.docx", "附件的文字。"),
        ("a.eml!/信.eml", "里面的信。"),
    ]
    assert (documents[0].title, documents[0].date, documents[0].author) == (
        "来信", "2024-05-06", "李明",
    )  # fmt: skip
    assert [item.doc for item in items if isinstance(item, Rejected)] == ["a.eml!/图.png"]


def test_files_are_read_by_what_they_are_where_offices_misname_them() -> None:
    assert read(word("其实是新格式。"), "a.doc")[0].text == "其实是新格式。"
    assert read(pdf("其实是版式文件。"), "a.doc")[0].text == "其实是版式文件。"
    assert "网页" in read("<html><p>其实是网页。</p></html>".encode(), "a.xls")[0].text


def test_a_crash_ends_one_file_and_not_the_next() -> None:
    assert read(pdf("先读一份。"), "a.pdf")
    process = isolated._reader_process()._process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    late = reason(pdf("停住了。"), "b.pdf", max_seconds=1)
    assert "GOVTHEME_MAX_SECONDS" in late
    assert read(pdf("再读一份。"), "c.pdf")[0].text == "再读一份。"


def test_a_reader_that_dies_at_work_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that is started is one that ends as a crashed one does."""
    process = isolated._Process()
    monkeypatch.setitem(isolated._processes, os.getpid(), process)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert "崩溃" in reason(pdf("没有读到。"), "a.pdf")


def office(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An office program that is found by its name and does what the script says."""
    program = folder / "soffice"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_what_the_office_program_makes_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "made.docx").write_bytes(word("旧格式的文字。"))
    find = 'while [ "$1" != --outdir ]; do shift; done; mkdir -p "$2"'
    copy = f'{find}; cp {tmp_path}/made.docx "$2"/in.docx'
    office(tmp_path, copy, monkeypatch)
    assert read(b"\xd0\xcf\x11\xe0", "a.doc")[0].text == "旧格式的文字。"


def test_an_office_program_that_hangs_or_fails_or_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office(tmp_path, "sleep 60", monkeypatch)
    assert "GOVTHEME_MAX_SECONDS" in reason(b"x", "a.wps", max_seconds=1)
    office(tmp_path, "exit 3", monkeypatch)
    assert "LibreOffice" in reason(b"x", "a.wps")
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert "soffice" in reason(b"x", "a.rtf")
