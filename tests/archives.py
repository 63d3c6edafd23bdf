"""Builds an archive with every format that is read, from a folder of text files.

    python -m tests.archives IN OUT

Each text goes into one file; the formats take turns. What a format needs is written here by hand
where no library of the project writes it: PDF, OFD, web pages, mails.
"""

import io

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
