"""`govtheme evaluate`: how good a model is on a labelled corpus, alone or against another."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from model.classifier import ThemeClassifier
from model.codebook import Codebook
from service.commands import options
from service.commands.labelled import ReadingOptions, load
from service.display import answers, messages, metrics_table, unsure_line
from service.judgement import by_table, changes_table, comparison_lines, mistake_lines

if TYPE_CHECKING:
    from training.compare import Comparison
    from training.corpus import Corpus

_CHANGES = 20


def evaluate(
    corpus: Annotated[
        list[str], typer.Argument(help="带标签的语料：文件、文件夹或 bundled", show_default=False)
    ],
    version: options.Version = None,
    against: Annotated[
        str | None, typer.Option(help="与哪个版本比较（不能与 --by 等同用）", show_default=False)
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(help="按哪一列分开统计，如 genre；可多次给出", show_default=False),
    ] = None,
    mistakes: Annotated[int, typer.Option(min=0, help="列出错得最厉害的几段和依据")] = 0,
    report: Annotated[
        Path | None, typer.Option(help="写一页带图的报告（HTML）", show_default=False)
    ] = None,
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    file_format: options.FormatName = None,
    separator: options.Separator = None,
    models: options.Models = None,
    as_json: options.AsJson = False,
) -> None:
    """在带标签的语料上检验模型；或与另一个模型比较。"""
    if against is not None and (by or mistakes or report is not None):
        raise typer.BadParameter(
            "--by、--mistakes、--report 说的是一个模型，不能与 --against 同用；请分成两条命令"
        )
    store = options.store(models)
    classifier = ThemeClassifier.load(store.folder(version))
    other = ThemeClassifier.load(store.folder(against)) if against else None
    reading = ReadingOptions(text_column, label_column, file_format, separator)
    loaded = load(corpus, reading, classifier.codebook)
    _warn_of_learnt_rows(store.folder(version), loaded)
    if other is not None:
        _compare(other, classifier, loaded, as_json)
        return
    _measure(classifier, loaded, by or [], mistakes, report, as_json)


def _warn_of_learnt_rows(folder: Path, loaded: "Corpus") -> None:
    from training.memory import Memory, sort_rows

    memory = Memory.of(folder)
    said = sort_rows(loaded.rows, memory).said if memory else ""
    if said:
        messages.print(
            f"注意：模型训练时，{said}，成绩会偏高。",
            style="yellow",
            highlight=False,
            soft_wrap=True,
        )


def _measure(
    classifier: ThemeClassifier,
    loaded: "Corpus",
    by: list[str],
    mistakes: int,
    report: Path | None,
    as_json: bool,
) -> None:
    from training.evaluate import judge, measured
    from training.mistakes import explainer, worst_mistakes

    judged = judge(classifier, loaded)
    metrics = measured(classifier, judged, by)
    worst = worst_mistakes(judged, explainer(classifier), mistakes)
    if report is not None:
        _write_report(report, classifier, loaded, metrics)
        messages.print(f"报告已写入 {report}", markup=False, highlight=False, soft_wrap=True)
    if as_json:
        told = metrics | ({"mistakes": [item.as_dict() for item in worst]} if mistakes else {})
        print(orjson.dumps(told).decode())  # noqa: T201
        return
    answers.print(metrics_table(metrics, classifier.codebook))
    answers.print(unsure_line(metrics), highlight=False, soft_wrap=True)
    for column, values in metrics["by"].items():
        answers.print(by_table(column, values))
    for line in mistake_lines([item.as_dict() for item in worst], classifier.codebook):
        answers.print(line, markup=False, highlight=False, soft_wrap=True)


def _write_report(
    path: Path, classifier: ThemeClassifier, loaded: "Corpus", metrics: dict[str, Any]
) -> None:
    from model.files import write_text
    from training.evaluate import judge
    from training.mistakes import explainer, worst_mistakes
    from training.report import report

    worst = worst_mistakes(judge(classifier, loaded), explainer(classifier))
    files = "、".join(sorted({Path(row.file).name for row in loaded.rows}))
    about = [
        ("模型", classifier.version),
        ("编码手册", classifier.codebook.version),
        ("语料", files),
    ]
    write_text(path, report(metrics, classifier.codebook, about, worst))


def _compare(
    before: ThemeClassifier, after: ThemeClassifier, loaded: "Corpus", as_json: bool
) -> None:
    from training.compare import compare, judge_both

    if not set(before.labels) & set(after.labels):
        raise typer.BadParameter("两个模型没有相同的标签，没法比较")
    found = compare(*judge_both(before, after, loaded.rows))
    if as_json:
        told = {"model": after.version, "against": before.version, **found.as_dict()}
        print(orjson.dumps(told).decode())  # noqa: T201
        return
    _print_comparison(found, before.version, after.version, after.codebook)


def _print_comparison(found: "Comparison", before: str, after: str, codebook: Codebook) -> None:
    told = found.as_dict()
    for line in comparison_lines(told, before, after):
        answers.print(line, markup=False, highlight=False, soft_wrap=True)
    changes = told["changes"]
    if changes:
        answers.print(changes_table(changes[:_CHANGES], codebook))
    if len(changes) > _CHANGES:
        answers.print(f"…… 另有 {len(changes) - _CHANGES} 段（--json 列出全部）")
