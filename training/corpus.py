"""A labelled corpus: reading it, and saying exactly what is wrong with it.

JSON Lines, CSV and XLSX; UTF-8 with or without a byte-order mark, or GB18030. Labels may be ids,
numbers or names of the codebook. Nothing is dropped in silence: every row is read, or named in the
error. It does not judge texts; see `checks` for that.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model.bundled import bundled
from model.codebook import Codebook, load_codebook
from model.encodings import decode
from model.errors import DecodingError, LabelError
from training.errors import CorpusError, Problem

BUNDLED = "bundled"
"""The name under which the corpus that ships with the program can be asked for."""

TEXT_COLUMNS = ("text", "正文", "文本", "内容", "段落", "content")
LABEL_COLUMNS = ("labels", "label", "标签", "主题", "类别", "分类")
SUFFIXES = (".jsonl", ".csv", ".xlsx")

_SEPARATORS = re.compile(r"[;；,，、#|]")
_NONE = frozenset({"无", "无主题", "none"})
_CSV_FIELD_LIMIT = 1 << 24


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled paragraph.

    Attributes:
        id: unique in its corpus; `file:line` where the file gives none.
        text: the paragraph.
        labels: label ids in codebook order; empty means none of the themes, decided.
        genre, source: as the file says, else empty.
        group: copies and reprints share one; empty where the file says nothing.
        file, line: where it stands.
        more: any further columns, kept as they are.
    """

    id: str
    text: str
    labels: tuple[str, ...]
    genre: str = ""
    source: str = ""
    group: str = ""
    file: str = ""
    line: int = 0
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Labelled paragraphs and the codebook that their labels come from."""

    rows: tuple[Row, ...]
    codebook: Codebook


@dataclass(frozen=True, slots=True)
class _Raw:
    """A row before its labels are understood."""

    file: str
    line: int
    fields: Mapping[str, Any]


def read_corpus(
    names: Sequence[str] = (BUNDLED,),
    *,
    codebook: Codebook | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
) -> Corpus:
    """Read a corpus from files, folders, or `bundled`.

    Args:
        names: what to read, put together in this order.
        codebook: what labels may be. None takes the bundled codebook where it knows at least one of
            the labels, else the labels as they are.
        text_column, label_column: column names; None tries the usual ones.

    Raises:
        CorpusError: anything at all that is wrong, all of it at once.
    """
    problems: list[Problem] = []
    raw: list[_Raw] = []
    for path in _files(names, problems):
        try:
            raw.extend(_READERS[path.suffix.lower()](path, problems))
        except OSError as error:
            problems.append(Problem(str(path), 0, f"无法读取（{error.strerror}）"))
    columns = (text_column, label_column)
    labelled = [
        (entry, text, labels)
        for entry in raw
        if (found := _understood(entry, columns, problems)) is not None
        for text, labels in (found,)
    ]
    if not raw and not problems:
        problems.append(Problem("、".join(names), 0, "语料是空的"))
    book = codebook or _fitting_codebook({label for _, _, labels in labelled for label in labels})
    rows = []
    seen: dict[str, str] = {}
    for entry, text, labels in labelled:
        ids = _resolved(entry, labels, book, problems)
        row = _row(entry, text, ids, columns)
        if row.id in seen:
            problems.append(
                Problem(entry.file, entry.line, f"id {row.id!r} 已在 {seen[row.id]} 用过")
            )
        seen[row.id] = f"{entry.file} 第 {entry.line} 行"
        rows.append(row)
    if problems:
        raise CorpusError(problems)
    return Corpus(tuple(rows), book)


def _files(names: Sequence[str], problems: list[Problem]) -> Iterator[Path]:
    for name in names:
        path = bundled("corpus") if name == BUNDLED else Path(name)
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES)
            if not files:
                problems.append(Problem(str(path), 0, f"文件夹里没有 {'、'.join(SUFFIXES)} 文件"))
            yield from files
        elif path.suffix.lower() not in SUFFIXES:
            problems.append(Problem(str(path), 0, f"不认识的格式；可用 {'、'.join(SUFFIXES)}"))
        else:
            yield path


def _decoded(path: Path, problems: list[Problem]) -> str | None:
    try:
        return decode(path.read_bytes())
    except DecodingError as error:
        problems.append(Problem(str(path), 0, str(error)))
        return None


def _read_jsonl(path: Path, problems: list[Problem]) -> Iterator[_Raw]:
    text = _decoded(path, problems)
    # Only line feeds end a JSON line: a text may hold U+2028 and the like.
    for number, line in enumerate((text or "").split("\n"), 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as error:
            problems.append(Problem(str(path), number, f"不是 JSON（{error}）"))
            continue
        if isinstance(fields, dict):
            yield _Raw(str(path), number, fields)
        else:
            problems.append(Problem(str(path), number, "应是一个 JSON 对象 {…}"))


def _read_csv(path: Path, problems: list[Problem]) -> Iterator[_Raw]:
    text = _decoded(path, problems)
    if not text:
        return
    csv.field_size_limit(_CSV_FIELD_LIMIT)
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restkey="")
    try:
        for fields in reader:
            if fields.pop("", None):
                problems.append(
                    Problem(
                        str(path), reader.line_num, "格数比表头多（正文里有逗号时，请给它加上引号）"
                    )
                )
                continue
            yield _Raw(str(path), reader.line_num, fields)
    except csv.Error as error:
        problems.append(Problem(str(path), reader.line_num, f"CSV 有误（{error}）"))


def _read_xlsx(path: Path, problems: list[Problem]) -> Iterator[_Raw]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError) as error:
        problems.append(Problem(str(path), 0, f"不是 XLSX 文件（{error}）"))
        return
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        header = ["" if cell is None else str(cell).strip() for cell in next(rows, ())]
        for number, cells in enumerate(rows, 2):
            if any(cell is not None for cell in cells):
                yield _Raw(str(path), number, dict(zip(header, cells, strict=False)))
    finally:
        book.close()


_READERS = {".jsonl": _read_jsonl, ".csv": _read_csv, ".xlsx": _read_xlsx}


def _understood(
    entry: _Raw, columns: tuple[str | None, str | None], problems: list[Problem]
) -> tuple[str, list[str]] | None:
    """The text and the labels as written; None, and a problem noted, where they are not there."""
    text_column = _column(entry, columns[0], TEXT_COLUMNS, "文本", problems)
    label_column = _column(entry, columns[1], LABEL_COLUMNS, "标签", problems)
    if text_column is None or label_column is None:
        return None
    text = entry.fields[text_column]
    if not isinstance(text, str) or not text.strip():
        problems.append(Problem(entry.file, entry.line, f"{text_column} 是空的，或不是文本"))
        return None
    labels = entry.fields[label_column]
    if labels is None:
        labels = []
    # A spreadsheet gives the number 1 as 1.0.
    if isinstance(labels, float) and labels.is_integer():
        labels = int(labels)
    if isinstance(labels, int) and not isinstance(labels, bool):
        labels = str(labels)
    if isinstance(labels, str):
        labels = [part.strip() for part in _SEPARATORS.split(labels) if part.strip()]
    if not isinstance(labels, list) or not all(isinstance(label, str | int) for label in labels):
        problems.append(Problem(entry.file, entry.line, f"{label_column} 应是标签的列表"))
        return None
    return text, [str(label) for label in labels if str(label).strip().lower() not in _NONE]


def _column(
    entry: _Raw,
    wanted: str | None,
    usual: Sequence[str],
    what: str,
    problems: list[Problem],
) -> str | None:
    for name in [wanted] if wanted else usual:
        if name in entry.fields:
            return name
    have = "、".join(str(name) for name in entry.fields if name) or "无"
    tried = wanted or "、".join(usual)
    problem = Problem(entry.file, entry.line, f"没有{what}列（{tried}）；有的列：{have}")
    # A table without the column lacks it in every row: say so once.
    in_table = not entry.file.endswith(".jsonl")
    if not in_table or all(
        (p.file, p.reason) != (entry.file, problem.reason) for p in problems[-2:]
    ):
        problems.append(problem)
    return None


def _fitting_codebook(labels: set[str]) -> Codebook:
    """The bundled codebook where it knows a label of the corpus, else the labels as they are."""
    book = load_codebook(bundled("codebook.toml"))
    for label in labels:
        try:
            book.resolve(label)
        except LabelError:
            continue
        return book
    return Codebook.of_labels(labels) if labels else book


def _resolved(
    entry: _Raw, labels: Sequence[str], book: Codebook, problems: list[Problem]
) -> tuple[str, ...]:
    ids = set()
    for label in labels:
        try:
            ids.add(book.resolve(label))
        except LabelError as error:
            problems.append(Problem(entry.file, entry.line, str(error)))
    return tuple(label for label in book.ids if label in ids)


def _row(
    entry: _Raw,
    text: str,
    labels: tuple[str, ...],
    columns: tuple[str | None, str | None],
) -> Row:
    fields = entry.fields
    known = {"id", "genre", "source", "group", *TEXT_COLUMNS, *LABEL_COLUMNS, *columns}

    def get(name: str) -> str:
        value = fields.get(name)
        return "" if value is None else str(value)

    return Row(
        id=get("id") or f"{Path(entry.file).name}:{entry.line}",
        text=text,
        labels=labels,
        genre=get("genre"),
        source=get("source"),
        group=get("group"),
        file=entry.file,
        line=entry.line,
        more={name: value for name, value in fields.items() if name not in known},
    )
