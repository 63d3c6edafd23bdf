"""How good training is, beside the stock recipes, on the same data and in one run.

    make bench-train                              # the public data sets beside this checkout
    python -m tests.benchmarks.training FOLDER … [--budget 60] [--out build/bench-train.json]

A folder holds `train.jsonl` and `test.jsonl` in the corpus format. Everything is chosen on
`train.jsonl`; `test.jsonl` is only measured on. Times are of one
machine at one moment: read ratios.
"""

import argparse
import json
import logging
import os
import platform
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from model.classifier import ThemeClassifier
from tests.conftest import SHARED
from training.corpus import Corpus, read_corpus
from training.examples import Examples
from training.features import build_features
from training.fit import fit_linear
from training.metrics import Bools, macro_f1
from training.parameters import Parameters
from training.source import Source
from training.train import train

OUT = Path("build") / "bench-train.json"

_WIDTH = 160
"""The table is unreadable in fewer columns, and a pipe has but 80."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What was published for a data set and what we want to reach: a figure and its name."""

    figure: str
    published: str
    aim: float


AIMS = {
    "gov7": Aim("macro_f1", "0.912 (TF-IDF, SVD, RBF-SVC)", 0.935),
    "duee": Aim("macro_f1", "0.937 (BERT-base)", 0.935),
    "thucnews_title": Aim(
        "accuracy", "0.912 (TextCNN), 0.922 (FastText), four times the lines", 0.918
    ),
    "chnsenticorp": Aim("accuracy", "0.941 (BERT, test with copies)", 0.915),
}


def main() -> None:
    """Measure every folder, print the table, write it down."""
    options = _options()
    console = Console(width=max(Console().width, _WIDTH))
    found = {}
    for folder in options.folders:
        found[folder.name] = measure(folder, options.budget, console)
        show(console, found)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        machine = {"platform": platform.platform(), "cores": os.cpu_count()}
        content = {"machine": machine, "budget": options.budget, "data": found}
        options.out.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    console.print(f"写入 {options.out}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    bench = SHARED / "bench"
    usual = sorted(path.parent for path in bench.glob("*/train.jsonl")) if SHARED.is_dir() else []
    parser.add_argument("folders", nargs="*", type=Path, default=usual)
    parser.add_argument("--budget", type=float, default=60.0, help="seconds of the search")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    if not options.folders:
        parser.error(f"no folders given, and no data in {bench}")
    return options


def measure(folder: Path, budget: float, console: Console) -> dict[str, Any]:
    """The figures of all ways on one data set."""
    learn = read_corpus([str(folder / "train.jsonl")])
    check = read_corpus([str(folder / "test.jsonl")], codebook=learn.codebook)
    ways: dict[str, Any] = {}
    for name, seconds in (("ours, default", None), ("ours, search", budget)):
        ways[name] = ours(learn, check, seconds)
        console.print(folder.name, name, _brief(ways[name]))
    ways["ours, default"]["bare_seconds"] = bare(learn)
    for name, result in stock(learn, check):
        ways[name] = result
        console.print(folder.name, name, _brief(result))
    return {"train": len(learn.rows), "test": len(check.rows), "ways": ways}


def _brief(result: dict[str, Any]) -> dict[str, Any]:
    return {name: result[name] for name in ("macro_f1", "accuracy", "seconds")}


def ours(learn: Corpus, check: Corpus, budget: float | None) -> dict[str, Any]:
    """Our training, with the search or without, and the artifact that it wrote."""
    with tempfile.TemporaryDirectory() as store:
        began = time.perf_counter()
        trained = train(learn, Path(store), Parameters(), budget=budget)
        seconds = time.perf_counter() - began
        classifier = ThemeClassifier.load(Path(store) / trained.version)
        decisions = classifier.classify([row.text for row in check.rows])
        given = np.array([[label in d.labels for label in classifier.labels] for d in decisions])
        sure = np.array([d.status != "uncertain" for d in decisions])
    true = targets_of(check)
    right = (given == true).all(axis=1)
    return {
        **figures(given, true),
        "seconds": seconds,
        "cross_validated_macro_f1": trained.metrics["macro_f1"],
        "sure_share": float(sure.mean()),
        "sure_accuracy": float(right[sure].mean()) if sure.any() else None,
        "parameters": classifier.manifest["parameters"],
        "tried": len(trained.metrics.get("search", [])),
    }


def bare(learn: Corpus) -> float:
    """Seconds for our features and one fit, which is all that the stock recipes do."""
    examples, source, jobs = Examples.of(learn), Source.bundled(), os.cpu_count() or 1
    texts = examples.texts
    parameters = Parameters().settled(len(texts), source.titled_share(texts))
    with threadpool_limits(1):
        began = time.perf_counter()
        matrix = build_features(source.reader(parameters), texts, parameters, jobs).matrix
        fit_linear(matrix, examples.targets, examples.weights, parameters, jobs, lambda *_: None)
        return time.perf_counter() - began


def stock(learn: Corpus, check: Corpus) -> Sequence[tuple[str, dict[str, Any]]]:
    """TfidfVectorizer on jieba's words and one classifier a label, as tutorials have it."""
    import jieba
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.naive_bayes import ComplementNB, MultinomialNB
    from sklearn.svm import LinearSVC

    jieba.setLogLevel(logging.ERROR)
    jieba.initialize()
    makers: dict[str, Callable[[], Any]] = {
        "LinearSVC": LinearSVC,
        "LogisticRegression": lambda: LogisticRegression(max_iter=1000),
        "MultinomialNB": MultinomialNB,
        "ComplementNB": ComplementNB,
    }
    single = all(len(row.labels) == 1 for row in learn.rows)
    true = targets_of(check)
    answers = targets_of(learn).argmax(axis=1) if single else targets_of(learn).astype(int)
    found = []
    for longest in (1, 2):
        began = time.perf_counter()
        vectorizer = TfidfVectorizer(
            tokenizer=jieba.lcut, token_pattern=None, ngram_range=(1, longest)
        )
        matrix = vectorizer.fit_transform([row.text for row in learn.rows])
        reading = time.perf_counter() - began
        asked = vectorizer.transform([row.text for row in check.rows])
        for name, make in makers.items():
            began = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fitted = OneVsRestClassifier(make(), n_jobs=os.cpu_count()).fit(matrix, answers)
                said = fitted.predict(asked)
            given = np.eye(true.shape[1], dtype=bool)[said] if single else said.astype(bool)
            seconds = reading + time.perf_counter() - began
            found.append(
                (f"stock, words 1-{longest}, {name}", figures(given, true) | {"seconds": seconds})
            )
    return found


def targets_of(corpus: Corpus) -> Bools:
    """Which rows have which labels, shape (rows, labels)."""
    ids = corpus.codebook.ids
    return np.array([[label in row.labels for label in ids] for row in corpus.rows], bool)


def figures(given: Bools, true: Bools) -> dict[str, float]:
    """Macro-F1, micro-F1, and accuracy: how many rows have exactly their labels."""
    hit = int((given & true).sum())
    return {
        "macro_f1": macro_f1(given, true),
        "micro_f1": 2 * hit / (int(given.sum()) + int(true.sum())),
        "accuracy": float((given == true).all(axis=1).mean()),
    }


def show(console: Console, found: dict[str, Any]) -> None:
    """Print the table."""
    table = Table(
        "数据",
        "指标",
        "默认",
        "搜索",
        "通行做法中最好的",
        "已发表",
        "目标",
        "用时 默认/其中特征与拟合/搜索/通行（秒）",
    )
    for name, data in found.items():
        aim = AIMS.get(name)
        figure = aim.figure if aim else "macro_f1"
        ways = data["ways"]
        rivals = [way for way in ways if way.startswith("stock")]
        best = max(rivals, key=lambda way: ways[way][figure])
        usual, searched = ways["ours, default"], ways["ours, search"]
        table.add_row(
            name,
            figure,
            f"{usual[figure]:.4f}",
            f"{searched[figure]:.4f}",
            f"{ways[best][figure]:.4f}（{best.removeprefix('stock, ')}）",
            aim.published if aim else "",
            f"{aim.aim:.3f}" if aim else "",
            f"{usual['seconds']:.1f} / {usual['bare_seconds']:.1f} / {searched['seconds']:.1f}"
            f" / {ways[best]['seconds']:.1f}",
        )
    console.print(table)


if __name__ == "__main__":
    main()
