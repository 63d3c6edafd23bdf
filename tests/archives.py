"""Builds an archive with every format that is read, from a folder of text files.

    python -m tests.archives IN OUT

Each text goes into one file, or as rows into a table; the formats take turns, and every second
round goes into zips, zips in zips, and tars. What no library of the project writes is written here
by hand: PDF and OFD.
"""

import csv
import io
import json
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from email.message import EmailMessage
from html import escape
from pathlib import Path

import docx
import xlsxwriter

from model.encodings import decode

PDF_SIZE = 12
PDF_COLUMNS = 38
_FONT = (
    (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H"
        b" /DescendantFonts [4 0 R] >>"
    ),
    (
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >>"
        b" /FontDescriptor << /Type /FontDescriptor /FontName /STSong-Light /Flags 6"
        b" /FontBBox [0 -120 1000 880] /Ascent 880 /Descent -120 /ItalicAngle 0 /StemV 93"
        b" /CapHeight 880 >> >>"
    ),
)


def wrapped(text: str, columns: int = PDF_COLUMNS) -> list[tuple[bool, str]]:
    """The lines of a page set in full-width characters: whether it begins a paragraph, and it."""
    lines: list[tuple[bool, str]] = []
    for paragraph in filter(None, map(str.strip, text.splitlines())):
        first, rest = paragraph[: columns - 2], paragraph[columns - 2 :]
        lines.append((True, first))
        lines += [(False, rest[i : i + columns]) for i in range(0, len(rest), columns)]
    return lines


def pdf(text: str, title: str = "", rows: int = 40, scanned: int = 0) -> bytes:
    """A PDF in a font that is not embedded, set like an official document.

    Args:
        text: one line a paragraph; the first line of each is set in by two characters.
        title: its title in the document's properties.
        rows: lines on a page.
        scanned: pages without text behind the others.
    """
    lines = wrapped(text)
    pages = [lines[i : i + rows] for i in range(0, len(lines), rows)]
    contents = [_page(page, number) for number, page in enumerate(pages, 1)]
    contents += [b"0 0 100 100 re f"] * scanned
    return _pdf(contents, title)


def _page(lines: list[tuple[bool, str]], number: int) -> bytes:
    drawn = [
        _drawn(70 + (2 * PDF_SIZE if begins else 0), 780 - 18 * row, line)
        for row, (begins, line) in enumerate(lines)
    ]
    return b"\n".join([*drawn, _drawn(290, 30, f"- {number} -")])


def _drawn(x: int, y: int, line: str) -> bytes:
    codes = line.encode("utf-16-be", "replace").hex()
    return f"BT /F1 {PDF_SIZE} Tf 1 0 0 1 {x} {y} Tm <{codes}> Tj ET".encode()


def _pdf(contents: list[bytes], title: str) -> bytes:
    count = len(contents)
    kids = " ".join(f"{6 + 2 * i} 0 R" for i in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        *_FONT,
        f"<< /Title <feff{title.encode('utf-16-be').hex()}> >>".encode(),
    ]
    for i, content in enumerate(contents):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {7 + 2 * i} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    out = io.BytesIO(b"%PDF-1.5\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, content in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(
        b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table)
    )
    return out.getvalue()


def web_page(text: str, charset: str = "utf-8", title: str = "") -> bytes:
    """A page of a portal: menus above, links and a copyright line below."""
    paragraphs = "\n".join(f"<p>　　{escape(line)}</p>" for line in lines_of(text))
    page = f"""<!DOCTYPE html><html><head><meta charset="{charset}"><title>{title}_河湾区政府</title>
<meta name="PubDate" content="2024-05-06 10:20"><meta name="ContentSource" content="河湾区政府办"></head>
<body><div class="nav"><a href="/">首页</a> | <a href="/a">政务公开</a> | <a href="/b">办事服务</a></div>
<div>当前位置：<a href="/">首页</a> &gt; <a href="/n">工作动态</a></div>
<div class="content">{paragraphs}</div>
<div class="links"><h3>相关链接</h3><ul><li><a href="/1">某街道召开工作会议</a></li></ul></div>
<div class="foot">版权所有：河湾区人民政府 <a href="/m">网站地图</a></div></body></html>"""
    return page.encode(charset, "xmlcharrefreplace")


def word(text: str) -> bytes:
    """A Word document, a paragraph a line."""
    document = docx.Document()
    for line in lines_of(text):
        document.add_paragraph("".join(char for char in line if char.isprintable()))
    return _saved(document.save)


def ofd(text: str, title: str = "", rows: int = 40) -> bytes:
    """An OFD set like the PDF; sizes in millimetres."""
    set_lines = wrapped(text)
    pages = [set_lines[i : i + rows] for i in range(0, len(set_lines), rows)]
    space = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    listed = "".join(
        f'<ofd:Page ID="{i}" BaseLoc="Pages/Page_{i}/Content.xml"/>' for i in range(len(pages))
    )
    parts = {
        "OFD.xml": f"<ofd:OFD {space}><ofd:DocBody><ofd:DocInfo><ofd:Title>{escape(title)}</ofd:Title>"
        "<ofd:CreationDate>2024-05-06</ofd:CreationDate></ofd:DocInfo>"
        "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f"<ofd:Document {space}><ofd:Pages>{listed}</ofd:Pages></ofd:Document>",
    }
    for i, page in enumerate(pages):
        drawn = "".join(_ofd_line(row, begins, line) for row, (begins, line) in enumerate(page))
        parts[f"Doc_0/Pages/Page_{i}/Content.xml"] = (
            f"<ofd:Page {space}><ofd:Content><ofd:Layer>{drawn}</ofd:Layer></ofd:Content></ofd:Page>"
        )
    return zipped({name: f'<?xml version="1.0"?>{part}'.encode() for name, part in parts.items()})


def _ofd_line(row: int, begins: bool, line: str) -> str:
    size, left = 4.2, 25 + (8.4 if begins else 0)
    deltas = f"g {len(line) - 1} {size}" if len(line) > 1 else ""
    return (
        f'<ofd:TextObject Boundary="{left} {30 + 6 * row} 180 6" Size="{size}"><ofd:TextCode X="0"'
        f' Y="4" DeltaX="{deltas}">{escape(line)}</ofd:TextCode></ofd:TextObject>'
    )


def mail(text: str, title: str = "", attached: dict[str, bytes] | None = None) -> bytes:
    """A mail with a text, and attachments if there are any."""
    message = EmailMessage()
    message["Subject"] = title
    message["From"] = "李明 <liming@example.invalid>"
    message["Date"] = "Mon, 06 May 2024 10:20:00 +0800"
    message.set_content(text, cte="base64")
    for name, data in (attached or {}).items():
        message.add_attachment(data, "application", "octet-stream", filename=name)
    return message.as_bytes()


Rows = Sequence[Sequence[str]]


def workbook(sheets: dict[str, Rows]) -> bytes:
    """A workbook of text cells."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_urls": False}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    sheet.write_string(number, column, cell[:32000])
    return out.getvalue()


def table(rows: Rows, charset: str = "gb18030") -> bytes:
    """A CSV as Chinese Excel saves it."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(charset)


def records(rows: Rows) -> bytes:
    """JSON Lines, the first row the names."""
    lines = (dict(zip(rows[0], row, strict=True)) for row in rows[1:])
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


class _GbkInfo(zipfile.ZipInfo):
    """A member whose name stands in the archive as Chinese Windows writes it."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802  zipfile's name
        return self.filename.encode("gb18030"), self.flag_bits & ~0x800


def zipped(members: dict[str, bytes], gbk: bool = False) -> bytes:
    """A zip, its names in UTF-8 or in GBK."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = _GbkInfo(name) if gbk else zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return out.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w:gz") -> bytes:
    """A tar, compressed as the mode says."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def lines_of(text: str) -> list[str]:
    """The lines of a text that are not empty, without the blanks around them."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


_SINGLE: tuple[tuple[str, Callable[[str, str], bytes]], ...] = (
    (".txt", lambda text, _: text.encode()),
    (".txt", lambda text, _: text.encode("gb18030")),
    (".md", lambda text, _: text.encode("utf-8-sig")),
    (".html", lambda text, title: web_page(text, "utf-8", title)),
    (".htm", lambda text, title: web_page(text, "gb18030", title)),
    (".docx", lambda text, _: word(text)),
    (".pdf", lambda text, title: pdf(text, title)),
    (".ofd", lambda text, title: ofd(text, title)),
    (".eml", lambda text, title: mail(text, title, {"附件.docx": word(text[:500])})),
)
_TABLES: tuple[tuple[str, Callable[[Rows], bytes]], ...] = (
    (".csv", table),
    (".xlsx", lambda rows: workbook({"工单": rows})),
    (".jsonl", records),
)


def build(texts: Sequence[tuple[str, str]], out: Path, size: int = 50) -> None:
    """Write the archive.

    Args:
        texts: names, with `/`, and texts.
        out: the folder to write into; it must not be there.
        size: texts that go into one archive, or into one table.
    """
    out.mkdir(parents=True)
    for number, start in enumerate(range(0, len(texts), size)):
        group = texts[start : start + size]
        files = dict(_table(group, number) if number % 4 == 3 else _singles(group))
        for name, data in _packed(files, number).items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_bytes(data)


def _singles(group: Sequence[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
    for i, (name, text) in enumerate(group):
        suffix, write = _SINGLE[i % len(_SINGLE)]
        yield f"{name.rsplit('.', 1)[0]}{suffix}", write(text, name.rsplit("/", 1)[-1][:60])


def _table(group: Sequence[tuple[str, str]], number: int) -> Iterator[tuple[str, bytes]]:
    """All paragraphs of the texts as rows."""
    suffix, write = _TABLES[number // 4 % len(_TABLES)]
    rows = [("编号", "受理时间", "诉求内容", "来源")]
    for name, text in group:
        rows += [(str(len(rows)), "2024-05-06", line[:2000], name) for line in lines_of(text)]
    yield f"表/{number}{suffix}", write(rows)


def _packed(files: dict[str, bytes], number: int) -> dict[str, bytes]:
    kind = number % 6
    if kind == 1:
        return {f"包/{number}.zip": zipped(files, gbk=True)}
    if kind == 2:
        return {f"包/{number}.tar.gz": tarred(files)}
    if kind == 4:
        inner = {f"内/{number}.zip": zipped(files), "内/说明.txt": "压缩包里的压缩包。".encode()}
        return {f"包/{number}-外.zip": zipped(inner, gbk=True)}
    return files


def main(words: Sequence[str]) -> None:
    """Build an archive from the folder that the first word names into that of the second."""
    source, out = map(Path, words)
    names = sorted(path for path in source.rglob("*.txt") if path.is_file())
    build([(p.relative_to(source).as_posix(), decode(p.read_bytes())) for p in names], out)


if __name__ == "__main__":
    main(sys.argv[1:])
