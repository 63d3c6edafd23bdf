"""One file into entries: which format it is, by its name and its content, and the reader for it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from model.encodings import decode
from model.errors import DecodingError
from training.formats import labelstudio, lines, tables
from training.formats.entry import Columns, Entry, Reading

FORMATS = (
    "jsonl",
    "json",
    "csv",
    "xlsx",
    "parquet",
    "doccano-jsonl",
    "doccano-csv",
    "labelstudio",
    "fasttext",
)
"""Every format that can be read and written, by the name that `--format` takes."""

SUFFIXES = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".xlsx": "xlsx",
    ".parquet": "parquet",
    ".txt": "fasttext",
}
_MAGIC = {b"PK\x03\x04": "xlsx", b"PAR1": "parquet", b"\xd0\xcf\x11\xe0": "xls"}

_BINARY = {"xlsx": tables.read_xlsx, "parquet": tables.read_parquet}
_TEXT: dict[str, Callable[[str, str, Columns, Reading], Iterator[Entry]]] = {
    "jsonl": lines.read_jsonl,
    "doccano-jsonl": lines.read_jsonl,
    "csv": tables.read_csv,
    "doccano-csv": tables.read_csv,
    "fasttext": lines.read_fasttext,
}


def recognised(path: Path, data: bytes) -> str | None:
    """The format of a file: what its first bytes say, else its name, else what its text looks like.

    None when nothing tells.
    """
    for magic, name in _MAGIC.items():
        if data.startswith(magic):
            return name
    named = SUFFIXES.get(path.suffix.lower())
    if named in _BINARY:
        return named
    start = data[:4096].decode("utf-8-sig", "ignore").lstrip()
    if start.startswith(lines.PREFIX):
        return "fasttext"
    if named in ("jsonl", "json") or named is None:
        if start.startswith("["):
            return "json"
        # An object on a line of its own is JSON Lines, whatever the file is called.
        if start.startswith("{"):
            return "jsonl"
    return None if named == "fasttext" else named


def read_file(
    path: Path, columns: Columns, found: Reading, wanted: str | None = None
) -> Iterator[Entry]:
    """The entries of a file; what is wrong with it goes to `found`.

    Args:
        path: the file.
        columns: which columns hold text and labels.
        found: takes problems and notes.
        wanted: the format, in place of the one recognised.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        found.wrong(path, 0, f"无法读取（{error.strerror}）")
        return
    name = wanted or recognised(path, data)
    if name is None or name == "xls":
        found.wrong(path, 0, _unknown(name))
    elif name in _BINARY:
        yield from _BINARY[name](str(path), data, columns, found)
    else:
        yield from _read_text(path, name, data, columns, found)


def _unknown(name: str | None) -> str:
    if name == "xls":
        return "是旧的 XLS 文件；请在 Excel 或 WPS 里另存为 XLSX"
    return f"不认识的格式；可用 {'、'.join(SUFFIXES)}，或用 --format 指出：{'、'.join(FORMATS)}"


def _read_text(
    path: Path, name: str, data: bytes, columns: Columns, found: Reading
) -> Iterator[Entry]:
    try:
        text = decode(data)
    except DecodingError as error:
        found.wrong(path, 0, str(error))
        return
    if name in _TEXT:
        yield from _TEXT[name](str(path), text, columns, found)
    elif text.strip():
        yield from _read_json(str(path), text, columns, found)


def _read_json(file: str, text: str, columns: Columns, found: Reading) -> Iterator[Entry]:
    try:
        items = json.loads(text)
    except (ValueError, RecursionError) as error:
        found.wrong(file, getattr(error, "lineno", 0), f"不是 JSON（{error}）")
        return
    if not isinstance(items, list):
        found.wrong(file, 0, "应是一个 JSON 数组 […]")
    elif labelstudio.is_export(items):
        yield from labelstudio.read_tasks(file, items, columns, found)
    else:
        yield from lines.read_objects(file, items, columns, found)
