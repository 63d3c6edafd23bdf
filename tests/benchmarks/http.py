"""How fast the server is, beside what else there is, in one run on one machine.

    make bench-http       # prints tables, writes build/bench-http.json

Load generator and server share the machine, and rates are of one moment: read the ratios. All
servers run from the beginning; each is loaded in turn, several rounds, and its best round counts,
so that a noisy neighbour hits all alike.
"""

import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from model.classifier import ThemeClassifier
from model.store import ModelStore
from service.keys import add_key
from tests.benchmarks import rivals
from tests.benchmarks.load import Question, ask, at_rate, wrk
from tests.benchmarks.processes import memory, processor_seconds
from tests.benchmarks.servers import Server, mlserver, ours, rival
from training.corpus import Corpus, read_corpus
from training.parameters import Parameters
from training.train import train

CHARACTERS = 110
CONNECTIONS = 8
TEXTS = 256
ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = float(os.environ.get("SECONDS_A_ROUND", "3"))
STARTS = 5
OUT = Path("build") / "bench-http.json"

TARGETS = (
    # name, where it is found, at least or at most, bound
    ("÷ 空的 FastAPI 路由", "vs_empty", "≥", 0.65),
    ("÷ FastAPI + scikit-learn", "vs_stock", "≥", 8.0),
    ("÷ MLServer", "vs_mlserver", "≥", 10.0),
    ("÷ 空的 FastAPI 路由，按处理器时间", "work_vs_empty", "≥", 0.65),
    ("÷ FastAPI + scikit-learn，按处理器时间", "work_vs_stock", "≥", 8.0),
    ("÷ MLServer，按处理器时间", "work_vs_mlserver", "≥", 10.0),
    ("256 段一次，÷ 进程内", "batch_vs_kernel", "≥", 0.7),
    ("半负荷时 p99 ÷ p50", "p99_to_p50", "≤", 5.0),
    ("启动到就绪，秒", "start_seconds", "≤", 1.5),
    ("启动到就绪，处理器秒", "start_work", "≤", 1.5),
    ("第一个进程常驻，MB", "first_resident_mb", "≤", 180.0),
    ("之后每个进程独占，MB", "further_private_mb", "≤", 30.0),
)


def main() -> None:
    """Measure everything and write it down."""
    console = Console()
    corpus = read_corpus()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        store = ModelStore(root / "models")
        store.promote(train(corpus, store.root, Parameters()).version, "benchmark")
        rivals.train_stock(corpus, root / "stock")
        found: dict[str, Any] = {
            "machine": {"platform": platform.platform(), "cores": os.cpu_count()},
            "starting": starting(store, root),
            "memory": {str(count): memory_of(store, root, count) for count in (1, 2, 4)},
            "single": single(corpus, store, root),
            "batch": batch(corpus, store, root),
            "half": half_rate(corpus, store, root),
            "joining": joining(corpus, store, root),
        }
    found["targets"] = targets(found)
    show(console, found)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    console.print(f"写入 {OUT}")


def paragraph(corpus: Corpus) -> str:
    """A paragraph of the size that the rates are told for."""
    return next(row.text for row in corpus.rows if len(row.text) == CHARACTERS)


def question(url: str, content: Any, **headers: str) -> Question:
    """A JSON request to a server's `/classify`."""
    body = json.dumps(content, ensure_ascii=False).encode()
    return Question(f"{url}/classify", body, {"content-type": "application/json", **headers})


def best(asked: Mapping[str, tuple[Server, Question]], connections: int) -> dict[str, Any]:
    """The best round of each, and the least work that a request was to the server's process."""
    found: dict[str, dict[str, float]] = {}
    for _, each in asked.values():
        ask(each)
        wrk(each, connections, SECONDS)
    for _ in range(ROUNDS):
        for name, (server, each) in asked.items():
            before = processor_seconds(server.process.pid)
            figures = wrk(each, connections, SECONDS)
            work = (processor_seconds(server.process.pid) - before) / figures.answers * 1e6
            known = found.setdefault(name, {"rate": 0.0, "microseconds": work})
            known["microseconds"] = min(known["microseconds"], work)
            if figures.rate > known["rate"]:
                known.update(rate=figures.rate, p50=figures.p50, p99=figures.p99)
    return found


def single(corpus: Corpus, store: ModelStore, root: Path) -> dict[str, Any]:
    """One paragraph a request: ours in several settings, and the others."""
    text = paragraph(corpus)
    token = add_key(root / "keys.json", "bench", ("classify",))
    keys = {"keys": str(root / "keys.json")}
    with ExitStack() as stack:
        asked: dict[str, tuple[Server, Question]] = {}

        def add(name: str, starting: AbstractContextManager[Server], **headers: str) -> None:
            server = stack.enter_context(starting)
            asked[name] = server, question(server.url, {"text": text}, **headers)

        add("ours", ours(store.root, root))
        add("ours, no log", ours(store.root, root, log="off"))
        add("ours, keys", ours(store.root, root, **keys), authorization=f"Bearer {token}")
        add("empty", rival("empty", root))
        add("stock", rival("stock", root, root / "stock"))
        if (other := mlserver(root / "stock", text)) is not None:
            asked["mlserver"] = stack.enter_context(other[0]), other[1]
        return best(asked, CONNECTIONS)


def batch(corpus: Corpus, store: ModelStore, root: Path) -> dict[str, float]:
    """Texts a second, 256 of them a request, and the same texts in process."""
    texts = [row.text for row in corpus.rows[:: len(corpus.rows) // TEXTS][:TEXTS]]
    classifier = ThemeClassifier.load(store.folder())
    rates = {"served": 0.0, "in_process": 0.0}
    with ours(store.root, root) as server:
        asked = question(server.url, {"texts": texts})
        wrk(asked, 2, SECONDS)
        for _ in range(ROUNDS):
            rates["served"] = max(rates["served"], wrk(asked, 2, SECONDS).rate * TEXTS)
            rates["in_process"] = max(rates["in_process"], _in_process(classifier, texts))
    return {**rates, "characters": sum(map(len, texts)) / TEXTS}


def _in_process(classifier: ThemeClassifier, texts: list[str]) -> float:
    began = time.perf_counter()
    calls = 0
    while (lasted := time.perf_counter() - began) < SECONDS:
        classifier.classify(texts)
        calls += 1
    return calls * TEXTS / lasted


def half_rate(corpus: Corpus, store: ModelStore, root: Path) -> dict[str, float]:
    """How long one waits at half of the rate that the server can bear; the median of the rounds."""
    with ours(store.root, root) as server:
        asked = question(server.url, {"text": paragraph(corpus)})
        wrk(asked, CONNECTIONS, SECONDS)
        peak = wrk(asked, CONNECTIONS, SECONDS).rate
        rounds = [at_rate(asked, peak / 2, SECONDS) for _ in range(ROUNDS)]
    return {
        "peak": peak,
        "rate": statistics.median(figures.rate for figures in rounds),
        "p50": statistics.median(figures.p50 for figures in rounds),
        "p99": statistics.median(figures.p99 for figures in rounds),
    }


def joining(corpus: Corpus, store: ModelStore, root: Path) -> dict[str, Any]:
    """With and without small requests being scored together, by connections."""
    with ours(store.root, root, log="off") as joined, rival("unjoined", root, store.root) as alone:
        text = {"text": paragraph(corpus)}
        asked = {
            "joined": (joined, question(joined.url, text)),
            "alone": (alone, question(alone.url, text)),
        }
        return {str(connections): best(asked, connections) for connections in (1, 8, 32)}


def starting(store: ModelStore, root: Path) -> dict[str, float]:
    """Seconds from the start of the process until it is ready, by clock and by work."""
    rounds = []
    for _ in range(STARTS):
        with ours(store.root, root) as server:
            rounds.append(server)
    return {
        "seconds": statistics.median(server.seconds for server in rounds),
        "least_seconds": min(server.seconds for server in rounds),
        "processor_seconds": min(server.processor_seconds for server in rounds),
    }


def memory_of(store: ModelStore, root: Path, workers: int) -> list[dict[str, float]]:
    """Megabytes of each worker after it has worked; with several, the watching process is first."""
    with ours(store.root, root, workers=str(workers)) as server:
        wrk(question(server.url, {"texts": ["网格员每天入户走访。" * 10] * TEXTS}), 8, 2 * SECONDS)
        return memory(server.process.pid)


def targets(found: dict[str, Any]) -> dict[str, float]:
    """What the figures are judged by; a rival that is not installed is left out."""
    single, mine = found["single"], found["single"]["ours"]
    reached = {}
    for name in {"empty", "stock", "mlserver"} & single.keys():
        reached[f"vs_{name}"] = mine["rate"] / single[name]["rate"]
        # On a machine with other work, clocks tell of that; on an idle one the two agree.
        reached[f"work_vs_{name}"] = single[name]["microseconds"] / mine["microseconds"]
    workers = found["memory"]["4"][1:]
    return {
        **reached,
        "batch_vs_kernel": found["batch"]["served"] / found["batch"]["in_process"],
        "p99_to_p50": found["half"]["p99"] / found["half"]["p50"],
        "start_seconds": found["starting"]["least_seconds"],
        "start_work": found["starting"]["processor_seconds"],
        "first_resident_mb": found["memory"]["1"][0]["resident_mb"],
        "further_private_mb": max(worker["private_mb"] for worker in workers),
    }


def show(console: Console, found: dict[str, Any]) -> None:
    """Print the figures."""
    rates = Table(
        "服务", "请求/秒", "÷ 空路由", "p50 毫秒", "p99 毫秒", "处理器微秒/请求", title="一次一段"
    )
    empty = found["single"]["empty"]["rate"]
    for name, figures in found["single"].items():
        rates.add_row(
            name,
            f"{figures['rate']:,.0f}",
            f"{figures['rate'] / empty:.2f}",
            f"{figures['p50']:.2f}",
            f"{figures['p99']:.2f}",
            f"{figures['microseconds']:.0f}",
        )
    console.print(rates)
    if "mlserver" not in found["single"]:
        console.print("没有测 MLServer：make bench-mlserver 把它装进 build/mlserver")
    for name in ("batch", "half", "joining", "starting", "memory"):
        console.print(name, found[name])
    judged = Table("目标", "要求", "结果", "")
    for title, name, sense, bound in TARGETS:
        if (value := found["targets"].get(name)) is not None:
            good = value >= bound if sense == "≥" else value <= bound
            judged.add_row(title, f"{sense} {bound:g}", f"{value:.2f}", "✓" if good else "✗")
    console.print(judged)


if __name__ == "__main__":
    main()
