"""`govtheme score`: a whole archive into one table."""

import itertools
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer

from model.classifier import ThemeClassifier
from model.codebook import Codebook
from service.archive.job import Job
from service.archive.places import Places
from service.archive.run import How, score_archive
from service.archive.standing import Progress, StandingFile
from service.archive.summary import Summary
from service.commands import options
from service.display import answers, archive_bar, messages, summary_table
from service.progress import named
from service.reading.options import reading_options
from service.settings import load_settings
from service.tables.formats import format_of
from service.tables.json_lines import read_rows

_SHOWN = 10


class EngineName(StrEnum):
    """What scores the shards."""

    local = "local"
    ray = "ray"


class YesNo(StrEnum):
    """An answer."""

    yes = "yes"
    no = "no"


def score(
    inputs: Annotated[
        list[Path], typer.Argument(help="文件、压缩包或文件夹，可多个", show_default=False)
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="结果：.parquet、.jsonl、.csv、.xlsx；没有扩展名则为一个文件夹的 Parquet",
            show_default=False,
        ),
    ],
    workers: Annotated[
        int | None, typer.Option(help="几个进程", show_default="处理器的核数", min=1)
    ] = None,
    resume: Annotated[bool, typer.Option(help="接着做没有做完的运行")] = True,
    restart: Annotated[bool, typer.Option("--restart", help="丢弃没有做完的运行")] = False,
    engine: Annotated[EngineName, typer.Option(help="在本机，或在 Ray 集群上")] = EngineName.local,
    ray_address: Annotated[
        str | None, typer.Option(help="Ray 集群的地址（默认：在本机启动一个）", show_default=False)
    ] = None,
    keep_text: Annotated[
        YesNo, typer.Option(help="结果里保留文字；no 则标题、作者和原表的列也不写")
    ] = YesNo.yes,
    no_keep_text: Annotated[bool, typer.Option("--no-keep-text", help="同 --keep-text no")] = False,
    text_column: options.TextColumn = None,
    evidence: options.WithEvidence = False,
    strict: Annotated[bool, typer.Option("--strict", help="有文件未能读取时以状态 1 结束")] = False,
    version: options.Version = None,
    models: options.Models = None,
    as_json: options.AsJson = False,
) -> None:
    """给整个档案的每一段判断主题，写成一张表；中断后用同一条命令接着做。"""
    format_of(out)
    for path in inputs:
        # A missing input is reported as such, whatever else is missing.
        path.stat()
    settings = load_settings(models=models)
    folder = options.store(models).folder(version)
    classifier = ThemeClassifier.load(folder)
    job = Job(
        inputs=tuple(path.absolute() for path in inputs),
        out=out.resolve(),
        model=folder.resolve(),
        version=classifier.version,
        reading=reading_options(settings, text_column),
        evidence=evidence,
        keep_text=keep_text is YesNo.yes and not no_keep_text,
        shard_files=settings.shard_files,
        shard_bytes=settings.shard_bytes,
    )
    how = How(workers or options.cores(), engine.value, ray_address, resume, restart)
    with archive_bar() as progress:
        summary = score_archive(classifier, job, how, _told(progress))
    if as_json:
        print(orjson.dumps(summary.as_dict()).decode())  # noqa: T201
    else:
        _show(summary, classifier.codebook, Places(job.out))
    _show_rejected(summary, Places(job.out))
    if (strict and summary.rejected) or not summary.documents:
        raise typer.Exit(1)


def _told(progress: Progress) -> Progress:
    """Tells the standing to a file as well, where whoever started the command named one."""
    path = named()
    return StandingFile(path, progress) if path else progress


def _show(summary: Summary, codebook: Codebook, places: Places) -> None:
    answers.print(summary_table(summary, codebook))
    for what, path in (("结果", places.out), ("报告", places.beside("report"))):
        answers.print(f"{what}：{path}", markup=False, highlight=False, soft_wrap=True)


def _show_rejected(summary: Summary, places: Places) -> None:
    if not summary.rejected:
        return
    path = places.beside("rejected")
    for row in itertools.islice(itertools.chain.from_iterable(read_rows(path)), _SHOWN):
        messages.print(f"未读：{row['doc']}：{row['reason']}", markup=False, soft_wrap=True)
    if summary.rejected > _SHOWN:
        messages.print(f"…… 共 {summary.rejected} 处未读", markup=False)
    messages.print(f"未读的文件和原因都列在 {path}", markup=False, soft_wrap=True)
