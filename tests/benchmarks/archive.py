"""How fast an archive is scored, held against the kernel alone, and how much memory that takes.

    make bench-archive        # prints a table, writes build/bench-archive.json
    .venv/bin/python -m tests.benchmarks.archive --paragraphs 1000000 --ray

The archive is the real one of plain text, whose paragraphs are short, or with `--letters` messages
of some 280 characters, or the corpus where neither is present, copied as often as it takes.
The kernel is what `ThemeClassifier.scores` does with the same paragraphs in batches, in as many
processes at a time as the run has workers. Rates are of one machine at one moment: read the ratios;
that of the processor's time per paragraph hardly moves when neighbours are busy.
"""

import argparse
import cProfile
import json
import multiprocessing
import os
import pstats
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from model.classifier import ThemeClassifier
from model.document import split
from model.encodings import decode
from service.archive.job import Job
from service.archive.plan import write_plan
from service.archive.shard import ShardScorer, Task
from tests.conftest import SHARED
from training.corpus import read_corpus
from training.parameters import Parameters
from training.train import train

OUT = Path("build") / "bench-archive.json"
KERNEL_TEXTS = 40_000
_EVERY = 0.25
_A_DOCUMENT = 20

Curve = list[tuple[float, float, float]]


def main() -> None:
    """Measure everything and write it down."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--paragraphs", type=int, default=300_000)
    asked.add_argument("--workers", type=int, default=os.cpu_count())
    asked.add_argument("--ray", action="store_true", help="the Ray engine as well")
    asked.add_argument("--tables", action="store_true", help="the other formats as well")
    asked.add_argument("--letters", action="store_true", help="messages and no pages")
    given = asked.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        store = root / "models"
        version = train(read_corpus(), store, Parameters()).version
        made = make_archive(root / "archive", given.paragraphs, given.letters)
        texts = [p.text for path in _files(root / "archive") for p in _split(path)][:KERNEL_TEXTS]
        found: dict[str, Any] = {"made": made, "workers": given.workers}
        found["kernel"] = kernel(store / version, texts, given.workers)
        outs = [("local", "table")]
        outs += [("local", f"table.{kind}") for kind in ("jsonl", "csv", "xlsx") if given.tables]
        outs += [("ray", "ray")] if given.ray else []
        for engine, out in outs:
            run = measure(root, store / version, out, engine, given.workers)
            found[f"{engine} {out}"] = run
            show(console, f"{engine} {out}", run, found["kernel"])
        found["profile"] = profile(root, store / version, version)
        console.print(found["profile"], highlight=False)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    console.print(f"写入 {OUT}")


def make_archive(root: Path, paragraphs: int, letters: bool) -> dict[str, int]:
    """Plain files, copied until there are so many paragraphs; how many of each there are."""
    sources = list(_sources(root.with_name("corpus"), letters))
    counted = [(path, len(_split(path))) for path in sources]
    made = files = size = 0
    for copy in range(paragraphs):
        for path, count in counted:
            if made >= paragraphs:
                return {"files": files, "paragraphs": made, "bytes": size}
            target = root / f"{copy:03}" / f"{path.parent.name}" / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            made, files, size = made + count, files + 1, size + path.stat().st_size
    return {"files": files, "paragraphs": made, "bytes": size}


def _sources(folder: Path, letters: bool) -> Iterator[Path]:
    """The real archive; or messages, else the corpus, in files of some paragraphs."""
    messages = SHARED / "bench" / "gov7" / "train.jsonl"
    files = sorted((SHARED / "archive").rglob("*.txt")) if SHARED.is_dir() else []
    if files and not letters:
        yield from files
        return
    folder.mkdir()
    if letters and messages.is_file():
        lines = messages.read_text(encoding="utf-8").splitlines()
        texts = [" ".join(json.loads(line)["text"].split()) for line in lines]
    else:
        texts = [row.text for row in read_corpus().rows]
    for n in range(0, len(texts), _A_DOCUMENT):
        path = folder / f"{n:06}.txt"
        path.write_text("\n".join(texts[n : n + _A_DOCUMENT]), encoding="utf-8")
        yield path


def _files(root: Path) -> list[Path]:
    return sorted(path for path in (root / "000").rglob("*.txt"))


def _split(path: Path) -> list[Any]:
    return split(decode(path.read_bytes()))


def _kernel(task: tuple[Path, list[str]]) -> tuple[float, float]:
    """In a process of its own: seconds and processor seconds of scoring, loading left out."""
    path, texts = task
    classifier = ThemeClassifier.load(path)
    classifier.scores(texts[:4096])
    began, worked = time.perf_counter(), time.process_time()
    classifier.scores(texts)
    return time.perf_counter() - began, time.process_time() - worked


def kernel(path: Path, texts: list[str], workers: int) -> dict[str, float]:
    """The kernel in all workers at the same time: paragraphs a second, and what each costs."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers) as pool:
        times = pool.map(_kernel, [(path, texts)] * workers, chunksize=1)
    return {
        "rate": sum(len(texts) / seconds for seconds, _ in times),
        "microseconds": 1e6 * sum(worked for _, worked in times) / len(texts) / workers,
    }


def measure(root: Path, model: Path, out: str, engine: str, workers: int) -> dict[str, Any]:
    """A run of the real command, with the memory of its processes sampled on the way."""
    command = [
        str(Path(sys.executable).with_name("govtheme")),
        *("score", str(root / "archive"), "--out", str(root / out), "--json"),
        *(
            "--models",
            str(model.parent),
            "--model",
            model.name,
            "--workers",
            str(workers),
            "--engine",
            engine,
        ),
    ]
    began, worked = time.perf_counter(), _worked()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        curve = list(_sampled(process, began))
        said = json.loads(process.stdout.read() if process.stdout else b"{}")
    seconds = time.perf_counter() - began
    return {
        "seconds": seconds,
        "rate": said["paragraphs"] / seconds,
        "microseconds": 1e6 * (_worked() - worked) / said["paragraphs"],
        "paragraphs": said["paragraphs"],
        "documents": said["documents"],
        "rejected": said["rejected"],
        "largest_mb": max((each for _, each, _ in curve), default=0.0),
        "together_mb": max((every for _, _, every in curve), default=0.0),
        "curve": thinned(curve, 40),
    }


def _worked() -> float:
    """Processor seconds of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _sampled(
    process: subprocess.Popen[bytes], began: float
) -> Iterator[tuple[float, float, float]]:
    """Seconds, megabytes of the largest process, megabytes of all (shared pages counted once)."""
    while process.poll() is None:
        sizes = [_megabytes(pid) for pid in _family(process.pid)]
        if sizes:
            largest = max(resident for resident, _ in sizes)
            yield time.perf_counter() - began, largest, sum(shared for _, shared in sizes)
        time.sleep(_EVERY)


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [pid, *(each for child in children for each in _family(int(child)))]


def _megabytes(pid: int) -> tuple[float, float]:
    """The resident size of a process, and its share of it where pages are shared."""
    found = {"Rss": 0, "Pss": 0}
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0, 0.0
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name in found:
            found[name] = int(value.split()[0])
    return found["Rss"] / 1024, found["Pss"] / 1024


def thinned(curve: Curve, points: int) -> Curve:
    """At most so many points of a curve, the maximum of each stretch."""
    step = max(1, -(-len(curve) // points))
    return [
        (round(part[0][0], 1), round(max(p[1] for p in part)), round(max(p[2] for p in part)))
        for part in (curve[n : n + step] for n in range(0, len(curve), step))
    ]


def profile(root: Path, path: Path, version: str) -> str:
    """Where the time of one worker goes: the functions in which most of it is spent."""
    job = Job((root / "archive" / "000",), root / "profile", path, version)
    job.places.shards.mkdir(parents=True)
    plan = write_plan(job.places.plan, job.units(), job.shard_files, job.shard_bytes)
    # The time of a second thread would not be seen.
    scorer = ShardScorer(job.work, ThemeClassifier.load(path), read_ahead=0)
    scorer.score(Task(plan.shards[0]))
    watched = cProfile.Profile()
    for shard in plan.shards[:3]:
        watched.runcall(scorer.score, Task(shard))
    lines = []
    stats: Any = pstats.Stats(watched)
    total = stats.total_tt
    for (file, _, name), (_, calls, own, whole, _) in sorted(
        stats.stats.items(), key=lambda each: -each[1][2]
    )[:16]:
        where = Path(file).name if file != "~" else ""
        lines.append(
            f"{own / total:6.1%} own {whole / total:6.1%} all {calls:>9,} ×  {where} {name}"
        )
    return "\n".join(lines)


def show(console: Console, name: str, run: dict[str, Any], kernel: dict[str, float]) -> None:
    """Print the figures of a run; on a busy machine the processor's time says more than rates."""
    table = Table(title=name)
    for column in ("", "段/秒", "微秒 CPU/段", "段", "秒", "最大进程 MB", "全部 MB"):
        table.add_column(column, justify="right")
    table.add_row("内核", f"{kernel['rate']:,.0f}", f"{kernel['microseconds']:.1f}")
    table.add_row(
        "运行",
        f"{run['rate']:,.0f}",
        f"{run['microseconds']:.1f}",
        f"{run['paragraphs']:,}",
        f"{run['seconds']:.1f}",
        f"{run['largest_mb']:.0f}",
        f"{run['together_mb']:.0f}",
    )
    rates, costs = run["rate"] / kernel["rate"], kernel["microseconds"] / run["microseconds"]
    table.add_row("之比", f"{rates:.2f}", f"{costs:.2f}")
    console.print(table)


if __name__ == "__main__":
    main()
