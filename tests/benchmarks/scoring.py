"""How fast scoring is, beside what else there is, in one run and on the same texts.

    make bench        # prints a table, writes build/bench.json

Rates are of one machine at one moment: read the ratios. Each way is timed in turn, several rounds,
and its best round counts, so that a noisy neighbour hits all alike. Normalising is always part of
ours; the others get the raw text, as their users give it to them.
"""

import json
import multiprocessing
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from model.classifier import ThemeClassifier
from model.document import split
from model.encodings import decode
from tests.conftest import SHARED
from training.corpus import Corpus, read_corpus
from training.parameters import Parameters
from training.train import train

ROUNDS = 5
TEXTS = 6000
STOCK_TEXTS = 1500
SINGLES = 1000
OUT = Path("build") / "bench.json"

Run = Callable[[Sequence[str]], object]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to score texts: what it is called, and how many texts it is timed on."""

    name: str
    run: Run
    texts: int = TEXTS


def main() -> None:
    """Measure everything and write it down."""
    console = Console()
    corpus = read_corpus()
    texts = archive_texts(corpus)
    size = sum(len(text) for text in texts) / len(texts)
    console.print(
        f"{len(texts)} 段，平均 {size:.0f} 字；{platform.platform()}，{os.cpu_count()} 核"
    )
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder)
        words = load(corpus, store, Parameters(characters=(0, 0)))
        both = load(corpus, store, Parameters())
        stock, fast_stock = stock_recipes(corpus)
        others = [
            Way("stock recipe (jieba.lcut)", stock, STOCK_TEXTS),
            Way("stock recipe (rjieba)", fast_stock),
            *fasttext_ways(corpus),
        ]
        rates = measure([*ways(words, both), *others], texts)
        path = store / both.version
        found: dict[str, Any] = {
            "machine": {"platform": platform.platform(), "cores": os.cpu_count()},
            "texts": len(texts),
            "characters_a_text": size,
            "rates": rates,
            "single": single(both, corpus, stock),
            "processes": processes(path, texts),
            "growth": growth(both, texts),
            "opening": opening(path, texts),
        }
    show(console, found)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    console.print(f"写入 {OUT}")


def archive_texts(corpus: Corpus) -> list[str]:
    """Paragraphs of the real archive, or of the corpus where that is absent, as many as needed."""
    files = sorted((SHARED / "archive").rglob("*.txt")) if SHARED.is_dir() else []
    pages = (split(decode(path.read_bytes())) for path in files)
    found = [p.text for page in pages for p in page if p.kind == "body"]
    if not found:
        found = [row.text for row in corpus.rows]
    order = np.random.default_rng(0).permutation(len(found))[:TEXTS]
    return [found[i] for i in order]


def load(corpus: Corpus, store: Path, parameters: Parameters) -> ThemeClassifier:
    """A classifier trained with these parameters."""
    return ThemeClassifier.load(store / train(corpus, store, parameters).version)


def ways(words: ThemeClassifier, both: ThemeClassifier) -> list[Way]:
    """The cut alone, which the others are held against, and ours."""
    import rjieba

    def cut(texts: Sequence[str]) -> None:
        for text in texts:
            rjieba.cut(text, False)

    found = [Way("rjieba.cut", cut)]
    sizes = ((1, SINGLES), (256, TEXTS), (4096, TEXTS))
    for name, classifier in (("words 1-2", words), ("words 1-2, characters 2-3", both)):
        found += [
            Way(f"ours, {name}, batch {size}", in_batches(classifier.scores, size), texts)
            for size, texts in sizes
        ]

    def explained(texts: Sequence[str]) -> None:
        both.classify(texts, evidence=True)

    found += [
        Way(
            f"ours, words 1-2, characters 2-3, batch {size}, decisions and evidence",
            in_batches(explained, size),
            texts,
        )
        for size, texts in sizes
    ]
    return found


def in_batches(run: Run, size: int) -> Run:
    """The same, so many texts at a time."""

    def batched(texts: Sequence[str]) -> None:
        for start in range(0, len(texts), size):
            run(texts[start : start + size])

    return batched


def stock_recipes(corpus: Corpus) -> tuple[Run, Run]:
    """TfidfVectorizer with a tokenizer and one-vs-rest, cut by jieba and by rjieba."""
    import jieba
    import rjieba
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    texts = [row.text for row in corpus.rows]
    labels = corpus.codebook.ids
    targets = np.array([[label in row.labels for label in labels] for row in corpus.rows], int)
    runs: list[Run] = []
    for tokenizer in (jieba.lcut, lambda text: rjieba.cut(text, False)):
        vectorizer = TfidfVectorizer(tokenizer=tokenizer, token_pattern=None, ngram_range=(1, 2))
        runs.append(
            make_pipeline(vectorizer, OneVsRestClassifier(LinearSVC())).fit(texts, targets).predict
        )
    return runs[0], runs[1]


def fasttext_ways(corpus: Corpus) -> list[Way]:
    """fastText trained on the tokens of rjieba; nothing where it is not installed."""
    try:
        import fasttext
    except ImportError:
        return []
    import rjieba

    def tokens(text: str) -> str:
        return " ".join(rjieba.cut(text, False)).replace("\n", " ")

    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        for row in corpus.rows:
            marks = " ".join(f"__label__{label}" for label in row.labels or ("none",))
            file.write(f"{marks} {tokens(row.text)}\n")
        file.flush()
        trained = fasttext.train_supervised(file.name, loss="ova", wordNgrams=2, verbose=0)

    def predict(texts: Sequence[str]) -> None:
        for text in texts:
            trained.predict(tokens(text), k=4)

    return [Way("fastText on rjieba tokens", predict)]


def measure(every: Sequence[Way], texts: Sequence[str]) -> dict[str, dict[str, float]]:
    """Paragraphs and megabytes a second of each way, and its ratio to the first."""
    best: dict[str, float] = {}
    for way in every:
        way.run(texts[:64])
    for _ in range(ROUNDS):
        for way in every:
            mine = texts[: way.texts]
            began = time.perf_counter()
            way.run(mine)
            seconds = (time.perf_counter() - began) / len(mine)
            best[way.name] = min(best.get(way.name, seconds), seconds)
    size = sum(len(text.encode()) for text in texts) / len(texts) / 1e6
    first = next(iter(best.values()))
    return {
        name: {"paragraphs": 1 / seconds, "megabytes": size / seconds, "ratio": first / seconds}
        for name, seconds in best.items()
    }


def single(classifier: ThemeClassifier, corpus: Corpus, stock: Run) -> dict[str, float]:
    """Milliseconds for one paragraph of 250 characters, ours and the stock recipe's."""
    text = next(row.text for row in corpus.rows if 245 <= len(row.text) <= 255)
    found = {}
    for name, run in (("ours", classifier.scores), ("stock", stock)):
        times = []
        for _ in range(200):
            began = time.perf_counter()
            run([text])
            times.append(time.perf_counter() - began)
        found[name] = float(np.median(times)) * 1000
    return {**found, "ratio": found["ours"] / found["stock"], "characters": len(text)}


def _score(task: tuple[Path, list[str]]) -> float:
    """In a process of its own: the seconds that scoring takes, loading left out."""
    path, texts = task
    run = in_batches(ThemeClassifier.load(path).scores, 256)
    run(texts[:256])
    began = time.perf_counter()
    run(texts)
    return time.perf_counter() - began


def processes(path: Path, texts: list[str]) -> dict[str, float]:
    """Paragraphs a second of one process, and of two at the same time."""
    context = multiprocessing.get_context("spawn")
    many = texts * 5
    rates = {}
    for count in (1, 2):
        with context.Pool(count) as pool:
            seconds = pool.map(_score, [(path, many)] * count, chunksize=1)
        rates[count] = sum(len(many) / each for each in seconds)
    return {"one": rates[1], "two": rates[2], "ratio": rates[2] / rates[1]}


def growth(classifier: ThemeClassifier, texts: list[str]) -> dict[str, float]:
    """Microseconds a paragraph for 1,000 to 100,000 paragraphs in one call."""
    found = {}
    for count in (1_000, 10_000, 100_000):
        many = (texts * (count // len(texts) + 1))[:count]
        times = []
        for _ in range(3):
            began = time.perf_counter()
            classifier.scores(many)
            times.append((time.perf_counter() - began) / count)
        found[str(count)] = min(times) * 1e6
    return found


_OPENING = """
import json, sys, time
from pathlib import Path
import model.classifier as classifier
texts = json.loads(sys.stdin.read())
before = time.perf_counter()
loaded = classifier.ThemeClassifier.load(Path(sys.argv[1]))
seconds = time.perf_counter() - before
loaded.classify(texts)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
resident, peak = (int(status[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
print(json.dumps({"seconds": seconds, "resident_mb": resident, "peak_mb": peak}))
"""


def opening(path: Path, texts: list[str]) -> dict[str, float]:
    """Seconds to open an artifact with the imports done; megabytes after 1,000 paragraphs."""
    done = subprocess.run(
        [sys.executable, "-c", _OPENING, str(path)],
        input=json.dumps(texts[:1000]),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def show(console: Console, found: dict[str, Any]) -> None:
    """Print the figures."""
    table = Table("方法", "段/秒", "MB/秒", "÷ rjieba.cut", "÷ 通行做法")
    stock = found["rates"]["stock recipe (jieba.lcut)"]["paragraphs"]
    for name, rate in found["rates"].items():
        table.add_row(
            name,
            f"{rate['paragraphs']:,.0f}",
            f"{rate['megabytes']:.2f}",
            f"{rate['ratio']:.2f}",
            f"{rate['paragraphs'] / stock:.1f}",
        )
    console.print(table)
    for name in ("single", "processes", "growth", "opening"):
        console.print(name, found[name])


if __name__ == "__main__":
    main()
