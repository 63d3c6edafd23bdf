"""`govtheme evaluate`: how good a model is on a labelled corpus."""

from typing import Annotated

import orjson
import typer

from model.classifier import ThemeClassifier
from service.commands import options
from service.display import answers, metrics_table


def evaluate(
    corpus: Annotated[
        list[str], typer.Argument(help="带标签的语料：文件、文件夹或 bundled", show_default=False)
    ],
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    version: options.Version = None,
    models: options.Models = None,
    as_json: options.AsJson = False,
) -> None:
    """在带标签的语料上检验模型。"""
    from training.corpus import read_corpus
    from training.evaluate import evaluate as measure

    classifier = ThemeClassifier.load(options.store(models).folder(version))
    loaded = read_corpus(
        corpus,
        codebook=classifier.codebook,
        text_column=text_column,
        label_column=label_column,
    )
    metrics = measure(classifier, loaded)
    if as_json:
        print(orjson.dumps(metrics).decode())  # noqa: T201
    else:
        answers.print(metrics_table(metrics, classifier.codebook))
