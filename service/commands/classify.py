"""`govtheme classify`: one text, a file, or standard input."""

import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer

from model.classifier import ThemeClassifier
from model.encodings import decode
from model.errors import UserError
from service.answers import answer, paragraph_result, result
from service.commands import options
from service.display import (
    UNSURE,
    answers,
    decision_line,
    decision_table,
    evidence_lines,
    messages,
)
from service.reading.files import Found, Rejected, read_documents
from service.reading.options import reading_options
from service.settings import load_settings

_LONGEST_NAME = 250


class PageError(UserError):
    """There is no page of text in what was given."""


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
    if text is not None and len(text) < _LONGEST_NAME and Path(text).is_file():
        raise typer.BadParameter(f"{text} 是一个文件；要判断它的内容，请用 --file {text}")
    page = _read(file) if file else None
    if text == "-":
        page = decode(sys.stdin.buffer.read())
    if page is not None and not page.strip():
        raise PageError(f"{file or '标准输入'} 里没有文字")
    classifier = ThemeClassifier.load(options.store(models).folder(version))
    if page is not None:
        _show_document(classifier, page, evidence, as_json)
    else:
        _show_text(classifier, text or "", evidence, as_json)


def _read(file: Path) -> str:
    # A missing file is reported as such, whatever its name ends in.
    file.open("rb").close()
    items = list(read_documents(Found(file, str(file)), reading_options(load_settings())))
    rejected = [item for item in items if isinstance(item, Rejected)]
    texts = [item.text for item in items if not isinstance(item, Rejected)]
    if rejected and not texts:
        raise PageError(f"{rejected[0].doc}：{rejected[0].reason}")
    for item in rejected:
        messages.print(f"未读：{item.doc}：{item.reason}", markup=False, soft_wrap=True)
    return "\n".join(texts)


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
    if decision.uncertain:
        answers.print(UNSURE, style="dim")
    _print_lines(evidence_lines(decision, classifier.codebook))


def _print_lines(lines: list[str]) -> None:
    for line in lines:
        answers.print(line, markup=False, highlight=False)


def _print_json(content: object) -> None:
    print(orjson.dumps(content).decode())  # noqa: T201
