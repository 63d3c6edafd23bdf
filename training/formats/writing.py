"""Rows into a file of any of the formats, and what that format has no room for.

Everything is put together in memory and returned as bytes; see `training.convert` for the file.
"""

import csv
import importlib.util
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from training.corpus import Row
from training.errors import CorpusError, Problem
from training.formats.entry import Reading
from training.formats.lines import PREFIX
from training.formats.tables import PARQUET_MISSING

_LONGEST_CELL = 32767
_TAKEN = ("id", "text", "labels", "label")
"""Other columns of these names get an underscore behind them."""

Fields = dict[str, Any]


def written(rows: Sequence[Row], name: str, found: Reading) -> bytes:
    """The bytes of a file in the format of this name.

    Raises:
        CorpusError: the format cannot be written here, or a row does not fit into it.
    """
    return _WRITERS[name](rows, found)


def _fields(row: Row, labels: str = "labels") -> Fields:
    """A row as plain data, columns that say nothing left out."""
    known = {"genre": row.genre, "source": row.source, "group": row.group}
    more = {f"{name}_" if name in _TAKEN else name: value for name, value in row.more.items()}
    return {
        "id": row.id,
        "text": row.text,
        labels: list(row.labels),
        **{name: value for name, value in known.items() if value},
        **more,
    }


def _json(value: object) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
        text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair stands in JSON as an escape only.
        return json.dumps(value, default=str)
    return text


def _json_lines(rows: Sequence[Row], labels: str = "labels") -> bytes:
    return "".join(_json(_fields(row, labels)) + "\n" for row in rows).encode()


def _label_studio(rows: Sequence[Row], _found: Reading) -> bytes:
    tasks = []
    for number, row in enumerate(rows, 1):
        data = _fields(row)
        choices = {"choices": data.pop("labels")}
        head = {"from_name": "label", "to_name": "text", "type": "choices"}
        result = [head | {"value": choices}] if row.labels else []
        tasks.append({"id": number, "data": data, "annotations": [{"result": result}]})
    return (_json(tasks) + "\n").encode()


def _names(rows: Sequence[Row]) -> list[str]:
    """The columns of a table, in the order in which they come."""
    names: dict[str, None] = {}
    for row in rows:
        names |= dict.fromkeys(_fields(row))
    return list(names)


def _flat(value: object, separator: str) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return separator.join(map(str, value))
    return _json(value) if isinstance(value, dict) else str(value)


def _cells(rows: Sequence[Row], separator: str, labels: str) -> list[list[str]]:
    """A header and one list of strings a row."""
    fields = [_fields(row, labels) for row in rows]
    names = list(dict.fromkeys(name for some in fields for name in some))
    return [names] + [[_flat(some.get(name), separator) for name in names] for some in fields]


def _csv(rows: Sequence[Row], separator: str, labels: str, encoding: str) -> bytes:
    _refuse_separators(rows, separator)
    text = io.StringIO(newline="")
    csv.writer(text).writerows(_cells(rows, separator, labels))
    return text.getvalue().encode(encoding, "replace")


def _refuse_separators(rows: Sequence[Row], separator: str) -> None:
    _refuse(
        rows,
        lambda row: any(separator in label for label in row.labels),
        f"标签里有 {separator}，一格里写不下；请改用 jsonl 或 parquet",
    )


def one_line_end(text: str) -> str:
    """The same text with a line feed for every line end, as a cell of a sheet has it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _xlsx(rows: Sequence[Row], found: Reading) -> bytes:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    _refuse_separators(rows, ";")
    returns = sum("\r" in row.text for row in rows)
    if returns:
        found.note("XLSX", f"一格里的换行不带回车符：{returns} 段的换行改成了单个换行符")
    table = [[one_line_end(cell) for cell in cells] for cells in _cells(rows, ";", "labels")]
    unfit = {
        n
        for n, cells in enumerate(table[1:])
        for cell in cells
        if len(cell) > _LONGEST_CELL or ILLEGAL_CHARACTERS_RE.search(cell)
    }
    places = {row.id: n for n, row in enumerate(rows)}
    reason = f"XLSX 的一格写不下控制字符，也写不下 {_LONGEST_CELL} 个以上的字；请改用 jsonl 或 csv"
    _refuse(rows, lambda row: places[row.id] in unfit, reason)
    return sheet_bytes(table, "语料")


def sheet_bytes(table: Sequence[Sequence[str]], title: str, widths: Sequence[int] = ()) -> bytes:
    """A workbook of one sheet of texts with a header that stays in view."""
    import openpyxl
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number, width in enumerate(widths):
        sheet.column_dimensions[chr(ord("A") + number)].width = width
    for cells in table:
        line = []
        for value in cells:
            cell = WriteOnlyCell(sheet, value)
            # A text that begins with = is a text.
            cell.data_type = "s"
            if widths:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
            line.append(cell)
        sheet.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_cell(text: str) -> str:
    """A text as a cell can hold it: without control characters, cut where it is too long."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    kept: str = ILLEGAL_CHARACTERS_RE.sub("", one_line_end(text))
    return kept[:_LONGEST_CELL]


def _parquet(rows: Sequence[Row], found: Reading) -> bytes:
    if importlib.util.find_spec("pyarrow") is None:
        raise CorpusError([Problem("parquet", 0, PARQUET_MISSING)])
    import pyarrow
    from pyarrow import parquet

    fields = [_fields(row) for row in rows]
    arrays = {}
    for name in _names(rows):
        values = [some.get(name) for some in fields]
        if name == "labels":
            arrays[name] = pyarrow.array(values, pyarrow.list_(pyarrow.string()))
            continue
        try:
            arrays[name] = pyarrow.array(values)
        except (pyarrow.ArrowException, OverflowError):
            arrays[name] = pyarrow.array([None if v is None else _flat(v, ";") for v in values])
            found.note(name, "这一列有不同类型的值，都写成了文字")
    out = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.table(arrays), out, compression="zstd")
    return bytes(out.getvalue())


def _fasttext(rows: Sequence[Row], found: Reading) -> bytes:
    _refuse(
        rows,
        lambda row: any(label.split() != [label] for label in row.labels),
        "标签里有空格，fastText 写不下",
    )
    lost = [name for name in _names(rows) if name not in ("text", "labels")]
    found.note("fastText", f"没有地方放这些列：{'、'.join(lost)}")
    broken = sum(" ".join(row.text.split()) != row.text for row in rows)
    if broken:
        found.note("fastText", f"一行一段：{broken} 段里的换行和连着的空格写成了一个空格")
    lines = [
        " ".join([*(PREFIX + label for label in row.labels), *row.text.split()]) for row in rows
    ]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _refuse(rows: Sequence[Row], unfit: Callable[[Row], bool], reason: str) -> None:
    problems = [Problem(row.file, row.line, reason) for row in rows if unfit(row)]
    if problems:
        raise CorpusError(problems)


_WRITERS: Mapping[str, Callable[[Sequence[Row], Reading], bytes]] = {
    "jsonl": lambda rows, _: _json_lines(rows),
    "json": lambda rows, _: (_json([_fields(row) for row in rows]) + "\n").encode(),
    # Excel takes UTF-8 for what it is only with a byte-order mark.
    "csv": lambda rows, _: _csv(rows, ";", "labels", "utf-8-sig"),
    "xlsx": _xlsx,
    "parquet": _parquet,
    "doccano-jsonl": lambda rows, _: _json_lines(rows, "label"),
    "doccano-csv": lambda rows, _: _csv(rows, "#", "label", "utf-8"),
    "labelstudio": _label_studio,
    "fasttext": _fasttext,
}
