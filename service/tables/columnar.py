"""Rows as Parquet: typed columns, lists as lists, zstd. Needs pyarrow."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from service.tables.columns import Columns

_GROUP_ROWS = 32_768
"""Rows are written in groups of about so many."""

_INTEGERS = ("para", "start", "end")
_LISTS = ("labels", "uncertain")


class Columnar:
    """Writes Arrow tables; a column that the input carried is null where a row does not have it.

    Attributes:
        schema: what is written, names and types.
    """

    def __init__(self, path: Path, columns: Columns, *, keep_text: bool = True) -> None:
        from pyarrow import parquet

        self._path = path
        self.schema = _schema(columns, keep_text)
        self._writer = parquet.ParquetWriter(path, self.schema, compression="zstd")
        self._held: list[Any] = []
        self._rows = 0

    def add(self, table: Any) -> None:
        """Append an Arrow table of this schema."""
        self._held.append(table)
        self._rows += table.num_rows
        if self._rows >= _GROUP_ROWS:
            self._flush()

    def copy(self, path: Path) -> None:
        """Append the rows of a Parquet file that has some of these columns."""
        import pyarrow
        from pyarrow import parquet

        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(_GROUP_ROWS):
                given = set(batch.schema.names)
                arrays = [
                    batch.column(field.name)
                    if field.name in given
                    else pyarrow.nulls(batch.num_rows, field.type)
                    for field in self.schema
                ]
                self.add(pyarrow.Table.from_arrays(arrays, schema=self.schema))

    def close(self) -> None:
        """Write what is left and put it on the disk."""
        self._flush()
        self._writer.close()
        with self._path.open("rb") as file:
            os.fsync(file.fileno())

    def _flush(self) -> None:
        import pyarrow

        if self._held:
            self._writer.write_table(pyarrow.concat_tables(self._held), _GROUP_ROWS * 2)
            self._held, self._rows = [], 0


def join(parts: Iterable[Path], out: Path, columns: Columns, *, keep_text: bool = True) -> None:
    """Write the rows of several Parquet files into one that has all the columns."""
    table = Columnar(out, columns, keep_text=keep_text)
    try:
        for part in parts:
            table.copy(part)
    finally:
        table.close()


def _schema(columns: Columns, keep_text: bool) -> Any:
    import pyarrow

    fixed = [(name, _type(pyarrow, name, keep_text)) for name in columns.fixed]
    return pyarrow.schema([*fixed, *((name, pyarrow.string()) for name in columns.carried)])


def _type(pyarrow: Any, name: str, keep_text: bool) -> Any:
    if name in _INTEGERS:
        return pyarrow.int64()
    if name.startswith("score_"):
        return pyarrow.float64()
    if name in _LISTS:
        return pyarrow.list_(pyarrow.string())
    if name == "evidence":
        fields = [("label", pyarrow.string()), ("start", pyarrow.int64()), ("end", pyarrow.int64())]
        words = [("text", pyarrow.string())] if keep_text else []
        return pyarrow.list_(pyarrow.struct([*fields, *words, ("weight", pyarrow.float64())]))
    return pyarrow.string()
