"""Tables with a header: CSV, XLSX, Parquet.

A column that is not there is noticed by the header, once a file.
"""

import csv
import importlib.util
import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from training.formats.entry import Columns, Entry, Reading

PARQUET_MISSING = "读写 Parquet 需要 pyarrow：pip install 'govtheme[archive]'"

_FIELD_LIMIT = 1 << 24


def read_csv(file: str, text: str, columns: Columns, found: Reading) -> Iterator[Entry]:
    """Comma, semicolon or tab between cells, whichever the header has most of."""
    csv.field_size_limit(_FIELD_LIMIT)
    head = text.lstrip("\r\n").split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    header: list[str] | None = None
    begins = 1
    try:
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            if not any(cells):
                continue
            if header is None:
                header = [cell.strip() for cell in cells]
                if not _usable(file, header, columns, found):
                    return
            elif len(cells) > len(header) and any(cells[len(header) :]):
                found.wrong(file, line, "格数比表头多（正文里有逗号时，请给它加上引号）")
            elif not columns.missing(names := header[: len(cells)]):
                yield columns.entry(file, line, dict(zip(names, cells, strict=False)))
            else:
                found.wrong(file, line, f"只有 {len(cells)} 格，缺了正文或标签")
    except csv.Error as error:
        found.wrong(file, reader.line_num, f"CSV 有误（{error}）")


def read_xlsx(file: str, data: bytes, columns: Columns, found: Reading) -> Iterator[Entry]:
    """The first sheet of a workbook; the others are noted."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheets = book.worksheets
        rows = list(sheets[0].iter_rows(values_only=True))
    except (InvalidFileException, zipfile.BadZipFile, KeyError, IndexError, ValueError) as error:
        found.wrong(file, 0, f"不是 XLSX 文件，或已损坏（{error}）")
        return
    finally:
        if "book" in locals():
            book.close()
    others = [sheet.title for sheet in sheets[1:]]
    if others:
        found.note(file, f"只读第一个工作表 {sheets[0].title}，没有读 {'、'.join(others)}")
    header = ["" if cell is None else str(cell).strip() for cell in (rows[0] if rows else ())]
    if rows and _usable(file, header, columns, found):
        yield from _sheet_rows(file, header, rows[1:], columns, found)


def _sheet_rows(
    file: str,
    header: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    columns: Columns,
    found: Reading,
) -> Iterator[Entry]:
    for number, cells in enumerate(rows, 2):
        if all(cell is None for cell in cells):
            continue
        nameless = [
            cell
            for position, cell in enumerate(cells)
            if cell is not None and not (position < len(header) and header[position])
        ]
        if nameless:
            found.wrong(file, number, "有一格的列没有列名；请在第 1 行写上列名，或清空这一格")
            continue
        fields = {name: None for name in header if name}
        fields |= {n: cell for n, cell in zip(header, cells, strict=False) if n}
        yield columns.entry(file, number, fields)


def read_parquet(file: str, data: bytes, columns: Columns, found: Reading) -> Iterator[Entry]:
    """A Parquet file; lists stay lists."""
    if importlib.util.find_spec("pyarrow") is None:
        found.wrong(file, 0, PARQUET_MISSING)
        return
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.read_table(pyarrow.BufferReader(data))
    except (pyarrow.ArrowException, OSError) as error:
        found.wrong(file, 0, f"不是 Parquet 文件，或已损坏（{str(error)[:200]}）")
        return
    if not _usable(file, table.column_names, columns, found):
        return
    number = 0
    for batch in table.to_batches():
        for fields in batch.to_pylist():
            number += 1
            yield columns.entry(file, number, fields)


def _usable(file: str, header: Sequence[str], columns: Columns, found: Reading) -> bool:
    """Whether a header has the columns that are needed, and none twice."""
    twice = [name for name, count in Counter(header).items() if name and count > 1]
    reasons = columns.missing(header) + ([f"列名重复：{'、'.join(twice)}"] if twice else [])
    for reason in reasons:
        found.wrong(file, 1, reason)
    return not reasons
