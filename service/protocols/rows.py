"""The texts of a table, in the four ways in which MLflow writes one in JSON, and in CSV."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from service.errors import BadRequestError, EmptyTextError
from service.protocols import list_schema, object_schema, text_schema
from service.settings import Settings

FORMATS = frozenset({"inputs", "instances", "dataframe_split", "dataframe_records"})
_COLUMN = "text"


def texts_of(format_: str, value: Any) -> list[str]:
    """The texts of a table in one of `FORMATS`.

    Raises:
        BadRequestError: there is no such table, or no column of texts in it.
    """
    if format_ == "dataframe_split":
        return _split(value)
    if format_ != "dataframe_records" and isinstance(value, dict):
        return _column(value, format_)
    if format_ == "inputs" and isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        raise BadRequestError(f"{format_} 应是列表", [format_])
    cell = _record if format_ == "dataframe_records" else _cell
    return [cell(row, f"{format_}.{i}") for i, row in enumerate(value)]


def rows_schema(settings: Settings, params: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of a request with one table, exact to the limits."""
    text = text_schema(settings)
    alone = {"type": "array", "items": text, "minItems": 1, "maxItems": 1}
    record = _named(text)
    rows = list_schema({"anyOf": [text, alone, record]}, settings)
    table = _named({"anyOf": [text, list_schema(text, settings)]})
    split = object_schema(
        {
            "columns": {"type": "array", "minItems": 1, "maxItems": 1},
            "data": list_schema(alone, settings),
        },
        index={"type": "array"},
    )
    shapes = {
        "inputs": {"anyOf": [text, rows, table]},
        "instances": {"anyOf": [rows, table]},
        "dataframe_records": list_schema(record, settings),
        "dataframe_split": split,
    }
    return {
        "oneOf": [object_schema({name: shape}, params=params) for name, shape in shapes.items()]
    }


def _named(value: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of an object with the text's column among others, or alone."""
    among = {"type": "object", "properties": {_COLUMN: value}, "required": [_COLUMN]}
    alone = {"additionalProperties": value, "minProperties": 1, "maxProperties": 1}
    return {"anyOf": [among, {"type": "object"} | alone]}


def csv_texts(table: str) -> list[str]:
    """The texts of a CSV with a row of column names.

    Raises:
        BadRequestError: it cannot be read, or has no column of texts.
    """
    try:
        columns, *rows = [row for row in csv.reader(io.StringIO(table, ""), strict=True) if row]
    except csv.Error as error:
        raise BadRequestError("请求体不是 CSV，或有一格太长") from error
    except ValueError as error:
        raise EmptyTextError("CSV 是空的") from error
    place = _place(columns)
    return [_at(row, place, f"第 {i} 行") for i, row in enumerate(rows, 1)]


def _split(value: Any) -> list[str]:
    if (
        not isinstance(value, dict)
        or set(value) - {"columns", "data", "index"}
        or not isinstance(value.get("columns"), list)
        or not isinstance(value.get("data"), list)
    ):
        raise BadRequestError(
            "dataframe_split 应是 {columns: […], data: [[…]], index: […]}，index 可以没有",
            ["dataframe_split"],
        )
    place = _place(value["columns"])
    return [_at(row, place, f"dataframe_split.data.{i}") for i, row in enumerate(value["data"])]


def _place(columns: Sequence[Any]) -> int:
    """Where the texts stand."""
    if _COLUMN in columns:
        return columns.index(_COLUMN)
    if len(columns) == 1:
        return 0
    raise BadRequestError("有几列时，文字那一列应叫 text", [_COLUMN])


def _at(row: Any, place: int, field: str) -> str:
    if not isinstance(row, list) or len(row) <= place:
        raise BadRequestError(f"{field} 缺少文字那一列", [field])
    return _text(row[place], field)


def _column(value: dict[str, Any], format_: str) -> list[str]:
    """The texts of a table that is written column by column."""
    names = list(value)
    column = value[names[_place(names)]]
    cells = column if isinstance(column, list) else [column]
    return [_text(cell, f"{format_}.{i}") for i, cell in enumerate(cells)]


def _cell(row: Any, field: str) -> str:
    if isinstance(row, dict):
        return _record(row, field)
    return _text(row[0] if isinstance(row, list) and len(row) == 1 else row, field)


def _record(row: Any, field: str) -> str:
    if not isinstance(row, dict):
        raise BadRequestError(f"{field} 应是对象 {{列名: 值}}", [field])
    names = list(row)
    return _text(row[names[_place(names)]], field)


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise BadRequestError(f"{field} 应是文本", [field])
    return value
