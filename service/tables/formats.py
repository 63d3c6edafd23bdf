"""Which formats a table can have, and what each needs."""

import importlib.util
from pathlib import Path

from model.errors import UserError

SUFFIXES = (".jsonl", ".csv", ".parquet", ".xlsx")
FOLDER = "parquet"
"""What a name without an ending means: a folder of Parquet files."""

_LIBRARIES = {".parquet": "pyarrow", ".xlsx": "xlsxwriter"}


class TableError(UserError):
    """A table cannot be written; the message says why and what to do."""


def format_of(out: Path) -> str:
    """The format that a name asks for: `jsonl`, `csv`, `xlsx`, `parquet`.

    Raises:
        TableError: an unknown ending, or a format whose library is not installed.
    """
    suffix = out.suffix.lower() if not out.is_dir() else ""
    if suffix and suffix not in SUFFIXES:
        raise TableError(
            f"不认识输出格式 {suffix}；可用 {'、'.join(SUFFIXES)}，"
            "没有扩展名则写成一个文件夹的 Parquet"
        )
    library = _LIBRARIES.get(suffix or ".parquet")
    if library and importlib.util.find_spec(library) is None:
        what = "Parquet" if library == "pyarrow" else "XLSX"
        raise TableError(f"写 {what} 需要 {library}：pip install 'govtheme[archive]'")
    return suffix[1:] or FOLDER


def is_folder(out: Path) -> bool:
    """Whether the table is a folder of Parquet files and not one file."""
    return out.is_dir() or not out.suffix
