"""`govtheme score`: a whole archive into one table."""

import time
from pathlib import Path
from typing import Annotated

import orjson
import typer

from model.classifier import ThemeClassifier
from service.commands import options
from service.display import answers, messages, progress_bar, summary_table
from service.reading.files import Rejected, find_files
from service.reading.options import reading_options
from service.scoring import is_output, rejected_list, score_archive
from service.settings import load_settings
from service.tables import check_format

_SHOWN = 10


def score(
    inputs: Annotated[list[Path], typer.Argument(help="文件或文件夹，可多个", show_default=False)],
    out: Annotated[
        Path, typer.Option(help="结果文件：.jsonl、.csv 或 .parquet", show_default=False)
    ],
    evidence: options.WithEvidence = False,
    strict: Annotated[bool, typer.Option(help="有文件未能读取时以状态 1 结束")] = False,
    version: options.Version = None,
    models: options.Models = None,
    as_json: options.AsJson = False,
) -> None:
    """给整个档案的每一段判断主题，写成一张表。"""
    check_format(out)
    reading = reading_options(load_settings())
    files = [
        found
        for found in find_files(inputs, reading)
        if isinstance(found, Rejected) or not is_output(found.path, out)
    ]
    if not files:
        raise typer.BadParameter(f"{'、'.join(map(str, inputs))} 里没有文件")
    classifier = ThemeClassifier.load(options.store(models).folder(version))
    began = time.perf_counter()
    with progress_bar("个文件") as bar:
        task = bar.add_task("判断", total=len(files), rate="")

        def progress(documents: int, paragraphs: int, rejected: int) -> None:
            rate = paragraphs / max(time.perf_counter() - began, 1e-9)
            bar.update(task, completed=documents + rejected, rate=f"{rate:,.0f} 段/秒")

        summary = score_archive(
            classifier, files, out, options=reading, evidence=evidence, progress=progress
        )
        bar.update(task, completed=len(files))
    seconds = time.perf_counter() - began
    if as_json:
        found = {**summary.as_dict(), "seconds": seconds, "model": classifier.version}
        print(orjson.dumps(found).decode())  # noqa: T201
    else:
        answers.print(summary_table(summary, classifier.codebook, seconds))
        answers.print(f"结果：{out}", markup=False, highlight=False, soft_wrap=True)
    for rejected in summary.rejected[:_SHOWN]:
        messages.print(f"未读：{rejected.doc}：{rejected.reason}", markup=False, soft_wrap=True)
    if len(summary.rejected) > _SHOWN:
        messages.print(f"…… 共 {len(summary.rejected)} 个文件未读", markup=False)
    if summary.rejected:
        messages.print(f"未读的文件和原因都列在 {rejected_list(out)}", markup=False, soft_wrap=True)
    if (strict and summary.rejected) or not summary.documents:
        raise typer.Exit(1)
