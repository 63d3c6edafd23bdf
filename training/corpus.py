"""A labelled corpus: reading it, and saying exactly what is wrong with it.

In any of the formats of `training.formats`; UTF-8 with or without a byte-order mark, UTF-16 with
one, or GB18030. Labels may be ids, numbers or names of the codebook. Nothing is dropped in silence:
every row is read, named in the error, or told of in the notes. It does not judge texts; see
`checks` for that.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

from model.bundled import bundled
from model.codebook import Codebook, load_codebook
from model.errors import LabelError
from training.errors import CorpusError
from training.formats.entry import Columns, Entry, Reading
from training.formats.labelstudio import plain_choices
from training.formats.reading import SUFFIXES, read_file, recognised

BUNDLED = "bundled"
"""The name under which the corpus that ships with the program can be asked for."""

AS_WRITTEN: Literal["none"] = "none"
"""In place of a codebook: labels are what the corpus calls them, whatever they look like."""

_SEPARATORS = re.compile(r"[;；,，、#|]")
_NONE = frozenset({"无", "无主题", "none"})
_SHOWN = 5


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
        more: any further columns, kept as they are; `weight` is one of them.
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

    @property
    def weight(self) -> float:
        """How much it counts in training, above 0; 1 where the file says nothing."""
        given = self.more.get("weight")
        return 1.0 if given is None or given == "" else float(given)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Labelled paragraphs and the codebook that their labels come from.

    Attributes:
        rows: the paragraphs.
        codebook: what their labels are called.
        notes: what reading left out or changed, in words for the user.
        held_out: paragraphs that are kept for judging and not learnt from; see `holdout`.
    """

    rows: tuple[Row, ...]
    codebook: Codebook
    notes: tuple[str, ...] = ()
    held_out: tuple[Row, ...] = ()


def read_corpus(
    names: Sequence[str] = (BUNDLED,),
    *,
    codebook: Codebook | Literal["none"] | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    format: str | None = None,  # noqa: A002
    separator: str | None = None,
) -> Corpus:
    """Read a corpus from files, folders, or `bundled`.

    Args:
        names: what to read, put together in this order.
        codebook: what labels may be. None takes the bundled codebook where it knows at least half
            of the labels (all of them, where they are numbers), else the labels as written.
        text_column, label_column: column names; None tries the usual ones.
        format: the format of the files, in place of the one that each looks like.
        separator: what parts the labels in a cell; None takes ; , 、 # and the like, an empty
            string never parts them.

    Raises:
        CorpusError: anything at all that is wrong, all of it at once.
    """
    found = Reading()
    columns = Columns(text_column, label_column)
    entries = _entries(names, format, columns, found)
    if not entries and not found.problems:
        found.wrong("、".join(names), 0, "语料是空的")
    written = [written_labels(entry, separator, found) for entry in entries]
    used = {label for labels in written for label in labels}
    book = _codebook(codebook, used)
    if codebook is None:
        found.notes.extend(_numbers_read(book, used))
    if separator is None and book == Codebook.of_labels(used):
        found.notes.extend(_torn(entries, written))
    resolve = cache(partial(_resolve, book, codebook is None))
    ids = [
        _resolved(entry, labels, resolve, found)
        for entry, labels in zip(entries, written, strict=True)
    ]
    rows = tuple(
        _row(entry, labels)
        for entry, labels in zip(entries, ids, strict=True)
        if _has_text(entry, found)
    )
    _check_ids(rows, found)
    _check_weights(rows, found)
    if found.problems:
        raise CorpusError(sorted(found.problems, key=lambda wrong: (wrong.file, wrong.line)))
    return Corpus(rows, book, tuple(found.notes))


def _entries(
    names: Sequence[str], wanted: str | None, columns: Columns, found: Reading
) -> list[Entry]:
    """What all files hold; a file that holds nothing is noted."""
    entries: list[Entry] = []
    for path, name in _files(names, wanted, found):
        had = len(entries), len(found.problems)
        entries += read_file(path, columns, found, name)
        if had == (len(entries), len(found.problems)):
            found.note(path, "里面没有一段")
    return entries


def _files(
    names: Sequence[str], wanted: str | None, found: Reading
) -> Iterator[tuple[Path, str | None]]:
    for name in names:
        if name == BUNDLED:
            yield from ((path, "jsonl") for path in sorted(bundled("corpus").glob("*.jsonl")))
        elif Path(name).is_dir():
            yield from ((path, wanted) for path in _folder(Path(name), wanted, found))
        else:
            yield Path(name), wanted


def _folder(folder: Path, wanted: str | None, found: Reading) -> list[Path]:
    """The files of a folder that look like a corpus; the others are noted."""
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith((".", "~$"))
    )
    fitting = [path for path in files if wanted or _looks_like_a_corpus(path)]
    others = [str(path.relative_to(folder)) for path in files if path not in fitting]
    if not fitting:
        found.wrong(folder, 0, f"文件夹里没有 {'、'.join(SUFFIXES)} 文件")
    elif others:
        shown = "、".join(others[:_SHOWN]) + ("……" if others[_SHOWN:] else "")
        found.note(folder, f"没有读 {len(others)} 个别的文件（{shown}）")
    return fitting


def _looks_like_a_corpus(path: Path) -> bool:
    if path.suffix.lower() not in SUFFIXES:
        return False
    with path.open("rb") as file:
        return path.suffix.lower() != ".txt" or recognised(path, file.read(4096)) is not None


def _has_text(entry: Entry, found: Reading) -> bool:
    if isinstance(entry.text, str) and entry.text.strip():
        return True
    found.wrong(entry.file, entry.line, "正文是空的，或不是文字")
    return False


def written_labels(entry: Entry, separator: str | None, found: Reading) -> list[str]:
    """The labels of an entry as written, without those that say that there is none."""
    labels = plain_choices(entry.labels)
    if labels is None:
        labels = []
    # A spreadsheet gives the number 1 as 1.0.
    if isinstance(labels, float) and labels.is_integer():
        labels = int(labels)
    if isinstance(labels, int) and not isinstance(labels, bool):
        labels = str(labels)
    if isinstance(labels, str):
        labels = _parted(labels, separator)
    if not isinstance(labels, list) or not all(isinstance(label, str | int) for label in labels):
        found.wrong(entry.file, entry.line, "标签应是文字、数字，或它们的列表")
        return []
    named = [str(label).strip() for label in labels]
    return [label for label in named if label and label.lower() not in _NONE]


def _parted(cell: str, separator: str | None) -> list[str]:
    if separator is None:
        return _SEPARATORS.split(cell)
    return cell.split(separator) if separator else [cell]


def _codebook(given: Codebook | Literal["none"] | None, labels: set[str]) -> Codebook:
    """The codebook that was given, else the bundled one where it fits, else the labels as written.

    Half of the labels are enough, so that a slip of the pen is noticed as one.
    """
    if isinstance(given, Codebook):
        return given
    book = load_codebook(bundled("codebook.toml"))
    if given == AS_WRITTEN or not labels:
        return Codebook.of_labels(labels) if labels else book
    known = {label for label in labels if book.knows(label)}
    numbers = all(label.isdigit() for label in labels)
    fits = known == labels if numbers else 2 * len(known) >= len(labels)
    return book if fits else Codebook.of_labels(labels)


def _torn(entries: Sequence[Entry], written: Sequence[Sequence[str]]) -> Iterator[str]:
    """Cells that were parted though none of their parts is ever a label by itself, for the user."""
    alone = {labels[0] for labels in written if len(labels) == 1}
    cells = Counter(
        cell.strip()
        for entry, labels in zip(entries, written, strict=True)
        if isinstance(cell := plain_choices(entry.labels), str) and len(labels) > 1
        if alone.isdisjoint(labels)
    )
    if cells:
        shown = "、".join(f"“{cell}”（{rows} 段）" for cell, rows in cells.most_common(_SHOWN))
        more = f"……共 {len(cells)} 种" if cells.most_common()[_SHOWN:] else ""
        yield (
            f"标签 {shown}{more} 被拆成几个，拆出来的没有一个单独出现过；"
            "若本来是一个标签，请加 --label-separator ''"
        )


def _numbers_read(book: Codebook, labels: set[str]) -> Iterator[str]:
    """Which numbers were read as labels of the bundled codebook, in words for the user."""
    numbers = sorted(
        (x for x in labels if x.isdecimal() and x not in book.ids and book.knows(x)), key=int
    )
    if numbers:
        names = "、".join(book.name(book.resolve(number)) for number in numbers)
        yield (
            f"标签 {'、'.join(numbers)} 按自带编码手册的编号读作 {names}；"
            "若是自己的编号，请加 --codebook none"
        )


def _resolve(book: Codebook, guessed: bool, label: str) -> tuple[int, str]:
    """A label's place in the codebook and its id; -1 and the reason where it is not there.

    Args:
        book: the codebook.
        guessed: nobody asked for it, so that another can be asked for.
        label: as written.
    """
    try:
        known = book.resolve(label)
    except LabelError as error:
        return -1, f"{error}。要用自己的标签，请加 --codebook none" if guessed else str(error)
    return book.ids.index(known), known


def _resolved(
    entry: Entry,
    labels: Sequence[str],
    resolve: Callable[[str], tuple[int, str]],
    found: Reading,
) -> tuple[str, ...]:
    places = {resolve(label) for label in labels}
    for place, reason in sorted(places):
        if place < 0:
            found.wrong(entry.file, entry.line, reason)
    return tuple(label for place, label in sorted(places) if place >= 0)


def _check_ids(rows: Sequence[Row], found: Reading) -> None:
    seen: dict[str, Row] = {}
    for row in rows:
        first = seen.setdefault(row.id, row)
        if first is not row:
            found.wrong(
                row.file, row.line, f"id {row.id!r} 已在 {first.file} 第 {first.line} 行用过"
            )


def _check_weights(rows: Sequence[Row], found: Reading) -> None:
    for row in rows:
        try:
            fits = 0.0 < row.weight < math.inf
        except (TypeError, ValueError):
            fits = False
        if not fits:
            found.wrong(row.file, row.line, "weight（权重）应是大于 0 的数，或空着")


def _row(entry: Entry, labels: tuple[str, ...]) -> Row:
    fields = dict(entry.fields)

    def take(name: str) -> str:
        value = fields.pop(name, None)
        return "" if value is None else str(value)

    return Row(
        id=take("id") or f"{Path(entry.file).name}:{entry.line}",
        text=entry.text,
        labels=labels,
        genre=take("genre"),
        source=take("source"),
        group=take("group"),
        file=entry.file,
        line=entry.line,
        more=fields,
    )
