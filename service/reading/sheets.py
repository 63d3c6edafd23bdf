"""Workbooks: xlsx, xlsm, xlsb, xls, et and ods; every sheet is a table of its own."""

import datetime
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from model.document import Document
from service.reading import columns
from service.reading.errors import LimitError, MissingError, ReadingError, Rejected
from service.reading.options import ReadingOptions
from service.reading.package import open_package
from service.reading.source import Source

_SHEETS = "xl/worksheets/"


def read(source: Source, options: ReadingOptions) -> Iterator[Document | Rejected]:
    """A document for every row of every sheet, named `cases.xlsx#表名/17`.

    A sheet without a text is told of; so is what goes wrong in one, and the next is read.

    Raises:
        ReadingError: the workbook cannot be opened.
        LimitError: it is too large.
    """
    data = source.read(options)
    faults: list[Rejected] = []
    any_read = False
    for name, rows in _sheets(data, options):
        prefix = f"{source.doc}#{name}/"
        try:
            table = columns.with_header(enumerate(map(_cells, rows), 1), options)
            for item in columns.documents(prefix, table, options):
                any_read = True
                yield item
        except LimitError as error:
            yield Rejected(prefix[:-1], str(error))
        except ReadingError as error:
            faults.append(Rejected(prefix[:-1], str(error)))
    yield from faults
    if not any_read and not faults:
        raise ReadingError("工作簿里没有一行文字")


def _sheets(data: bytes, options: ReadingOptions) -> Iterator[tuple[str, Iterator[Sequence[Any]]]]:
    if data.startswith(b"PK"):
        with open_package(data, options, lambda name: name.startswith(_SHEETS)) as package:
            sheets = [part for part in package.infolist() if part.filename.startswith(_SHEETS)]
            largest = max((part.file_size for part in sheets), default=0)
        if largest > options.max_file:
            yield from _streamed(data)
            return
    yield from _loaded(data)


def _loaded(data: bytes) -> Iterator[tuple[str, Iterator[Sequence[Any]]]]:
    """Sheets that fit into memory: the quick way."""
    try:
        from python_calamine import CalamineWorkbook
    except ImportError as error:
        raise MissingError("工作簿") from error
    with _reasons():
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    for name in workbook.sheet_names:
        with _reasons():
            sheet = workbook.get_sheet_by_name(name)
        # Its rows begin with the first of the sheet, but with the first column that is filled.
        before = [""] * (sheet.start[1] if sheet.start else 0)
        yield name, ([*before, *row] for row in sheet.iter_rows())


@contextmanager
def _reasons() -> Iterator[None]:
    """Turn what the library raises into a reason; a panic of it is no Exception."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        reason = "文件加了密码，请去掉密码后再读" if "assword" in str(error) else "工作簿损坏"
        raise ReadingError(f"{reason}（{type(error).__name__}）") from error


def _streamed(data: bytes) -> Iterator[tuple[str, Iterator[Sequence[Any]]]]:
    """Sheets of any size, row by row, at a tenth of the speed."""
    import openpyxl

    workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    for sheet in workbook.worksheets:
        yield sheet.title, sheet.iter_rows(values_only=True)


def _cells(row: Sequence[Any]) -> list[str]:
    return [_text(value) for value in row]


def _text(value: Any) -> str:
    """A cell as people see it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    return str(value)
