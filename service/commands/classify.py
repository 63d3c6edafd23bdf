"""`govtheme classify`: one text, a file, or standard input."""

import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer

from model.classifier import ThemeClassifier
from model.document import decode
from service.answers import answer, paragraph_result, result
from service.commands import options
from service.display import answers, decision_line, decision_table, evidence_lines


def classify(
    text: Annotated[
        str | None, typer.Argument(help="一段文字；- 表示从标准输入读一整页", show_default=False)
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="一整页文字的文件，先分段再判断", show_default=False)
    ] = None,
    evidence: options.WithEvidence = False,
    version: options.Version = None,
    models: options.Models = None,
    as_json: options.AsJson = False,
) -> None:
    """判断一段文字或一整页的主题。"""
    if (text is None) == (file is None):
        raise typer.BadParameter("请给出一段文字、- 或 --file 文件，三者取一")
    if text is not None and not text.strip():
        raise typer.BadParameter("文字是空的")
    page = decode(file.read_bytes()) if file else None
    if text == "-":
        page = decode(sys.stdin.buffer.read())
    if page is not None and not page.strip():
        raise typer.BadParameter("这一页是空的")
    classifier = ThemeClassifier.load(options.store(models).folder(version))
    if page is not None:
        _show_document(classifier, page, evidence, as_json)
    else:
        _show_text(classifier, text or "", evidence, as_json)


def _show_document(classifier: ThemeClassifier, page: str, evidence: bool, as_json: bool) -> None:
    classified = classifier.classify_document(page, evidence=evidence)
    if as_json:
        _print_json(answer(classifier, [paragraph_result(c, evidence) for c in classified]))
        return
    answers.print(decision_table(classified, classifier.codebook))
    if evidence:
        for item in classified:
            lines = evidence_lines(item.decision, classifier.codebook)
            if lines:
                _print_lines([f"第 {item.number} 段", *lines])


def _show_text(classifier: ThemeClassifier, text: str, evidence: bool, as_json: bool) -> None:
    decision = classifier.classify([text], evidence=evidence)[0]
    if as_json:
        _print_json(answer(classifier, [result(decision, evidence)]))
        return
    answers.print(decision_line(decision, classifier.codebook))
    _print_lines(evidence_lines(decision, classifier.codebook))


def _print_lines(lines: list[str]) -> None:
    for line in lines:
        answers.print(line, markup=False, highlight=False)


def _print_json(content: object) -> None:
    print(orjson.dumps(content).decode())  # noqa: T201
