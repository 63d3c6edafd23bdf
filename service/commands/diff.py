"""`govtheme models diff`: on which paragraphs two models differ; no labels are needed."""

import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.table import Table

from model.classifier import ThemeClassifier
from model.codebook import Codebook
from service.commands import options
from service.differences import Differences
from service.display import answers, messages, progress_bar
from service.paragraphs import read_paragraphs
from service.progress import teller
from service.reading.errors import Rejected
from service.reading.options import reading_options
from service.settings import load_settings
from service.tables.columns import Columns, Row
from service.tables.formats import TableError
from service.tables.json_lines import JsonLines
from service.tables.separated import Separated

_SHOWN = 20
_BLOCK = 1024
_SUFFIXES = (".jsonl", ".csv")


def diff(
    before: Annotated[str, typer.Argument(help="原来的版本", show_default=False)],
    after: Annotated[str, typer.Argument(help="新的版本", show_default=False)],
    paragraphs: Annotated[
        Path,
        typer.Argument(
            help="一行一段的 .txt、.jsonl、.csv、.xlsx，或 score 写的结果表",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="把判断不同的段写成一张表：.jsonl 或 .csv", show_default=False),
    ] = None,
    text_column: options.TextColumn = None,
    models: options.Models = None,
    as_json: options.AsJson = False,
) -> None:
    """两个模型在同样的段落上哪里判断不同：不需要标好的语料，变化大的在前。"""
    if out is not None and out.suffix.lower() not in _SUFFIXES:
        raise TableError(f"不认识输出格式 {out.suffix or out.name}；可用 {'、'.join(_SUFFIXES)}")
    if out is not None and out.resolve() == paragraphs.resolve():
        raise typer.BadParameter(f"--out {out} 就是要读的段落，不能写在它上面；请换一个文件名")
    store = options.store(models)
    first, second = (ThemeClassifier.load(store.folder(name)) for name in (before, after))
    with Differences(first, second) as found:
        reading = reading_options(load_settings(models=models), text_column)
        source = read_paragraphs(paragraphs, reading, _tell_rejected)
        with progress_bar("段") as bar:
            task, tell = bar.add_task("判断", total=None, rate=""), teller()
            for done in found.take(source):
                bar.update(task, completed=done)
                tell("判断", done, 0)
        if out is not None:
            _write(found, out)
        summary = {"before": first.version, "after": second.version, **found.tally.as_dict()}
        if as_json:
            _print_json(summary, found.rows() if out is None else None)
        else:
            _show(found, first.codebook, second.codebook, out)


def _tell_rejected(row: Rejected) -> None:
    messages.print(f"未读：{row.doc}：{row.reason}", markup=False, soft_wrap=True)


def _write(found: Differences, out: Path) -> None:
    """The table, under its name only once it is whole."""
    beside = out.with_name(f".new-{os.getpid()}-{out.name}")
    try:
        writer = (
            JsonLines(beside)
            if out.suffix.lower() == ".jsonl"
            else Separated(beside, Columns(found.columns))
        )
        rows = found.rows()
        while block := list(islice(rows, _BLOCK)):
            writer.write(block)
        writer.close()
        os.replace(beside, out)
    finally:
        beside.unlink(missing_ok=True)


def _print_json(summary: dict[str, object], rows: Iterator[Row] | None) -> None:
    """One object; its rows are written one by one, since there may be very many."""
    head = orjson.dumps(summary).decode()
    if rows is None:
        sys.stdout.write(f"{head}\n")
        return
    sys.stdout.write(f'{head[:-1]},"differences":[')
    for n, row in enumerate(rows):
        sys.stdout.write(("," if n else "") + orjson.dumps(row).decode())
    sys.stdout.write("]}\n")


def _show(found: Differences, old: Codebook, new: Codebook, out: Path | None) -> None:
    names = {theme.id: theme.name_zh for book in (old, new) for theme in book.themes}
    tally = found.tally
    share = f"（{tally.changed / tally.paragraphs:.1%}）" if tally.paragraphs else ""
    answers.print(f"共 {tally.paragraphs:,} 段，{tally.changed:,} 段的主题不同{share}。")
    table = Table("主题", "原来", "现在", "新有", "不再有")
    for column in table.columns[1:]:
        column.justify = "right"
    for label, counts in tally.as_dict()["themes"].items():
        table.add_row(names[label], *(f"{count:,}" for count in counts.values()))
    answers.print(table)
    if out is not None:
        answers.print(f"判断不同的段已写入 {out}", markup=False, highlight=False, soft_wrap=True)
        return
    for row in islice(found.rows(), _SHOWN):
        was, now = ("、".join(names[n] for n in row[when]) for when in ("before", "after"))
        line = f"{was or '无主题'} → {now or '无主题'}：{row['text']}"
        answers.print(line, markup=False, highlight=False, overflow="ellipsis", no_wrap=True)
    if tally.changed > _SHOWN:
        answers.print(f"…… 另有 {tally.changed - _SHOWN:,} 段（--out 写出全部）")
