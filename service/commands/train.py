"""`govtheme train`: a labelled corpus in, a model in the store."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import orjson
import typer

from model.artifact import read_manifest
from model.bundled import bundled
from model.codebook import load_codebook
from model.errors import UserError
from model.store import ModelStore
from service.commands import options
from service.commands.labelled import ReadingOptions, load
from service.commands.promotion import Outcome, Wish, decide
from service.display import answers, messages, metrics_table, progress_bar
from service.progress import teller

if TYPE_CHECKING:
    from training.corpus import Corpus
    from training.parameters import Parameters
    from training.train import Trained

Corpora: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(help="语料：bundled（随程序附带）、文件或文件夹", show_default="bundled"),
]
MoreCorpora: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--corpus", help="同上，可多次给出，合在一起", show_default=False),
]
Search: TypeAlias = Annotated[bool, typer.Option("--search", help="先搜索更好的参数，再训练")]
Budget: TypeAlias = Annotated[
    str | None,
    typer.Option(help="搜索加训练的时间，如 5m、1h；须有 --search", show_default="60s"),
]
Precision: TypeAlias = Annotated[
    float | None,
    typer.Option(
        min=0.01, max=0.999, help="按要求的精确率（如 0.95）而不是 F1 选阈值", show_default=False
    ),
]
Like: TypeAlias = Annotated[
    str | None,
    typer.Option(help="沿用这个版本的参数（如搜索得到的）", show_default=False),
]
HoldOut: TypeAlias = Annotated[
    float,
    typer.Option(
        "--hold-out",
        min=0.0,
        max=0.5,
        help="留出多少自己的语料不参加训练，供以后的版本比较（0 为不留）",
    ),
]
Promote: TypeAlias = Annotated[bool, typer.Option(help="训练后就用新模型，只要它不比正在使用的差")]
Gate: TypeAlias = Annotated[
    Path | None,
    typer.Option(help="在这份语料上与正在使用的模型比", show_default=False),
]
Margin: TypeAlias = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="宏平均 F1 最多可以差多少")
]
Force: TypeAlias = Annotated[bool, typer.Option("--force", help="不比较，直接使用新模型")]

_FEW = 300
_BUDGET = "60s"


def _warnings(loaded: "Corpus") -> Iterator[str]:
    """What a person should know before trusting the figures."""
    from training.checks import contradictions, equal_texts

    rows = loaded.rows
    if len(rows) < _FEW:
        # Only rows with the same labels can be put together.
        same = loaded.codebook == load_codebook(bundled("codebook.toml"))
        more = "；可与自带语料合用：--corpus bundled --corpus …" if same else "，请多标一些"
        yield f"只有 {len(rows)} 段，成绩靠不住{more}"
    pairs = contradictions(rows, equal_texts(rows))
    if pairs:
        shown = "；".join(f"{pair.first} 与 {pair.second}" for pair in pairs[:3])
        yield f"{len(pairs)} 对文字相同、标签不同，请用 govtheme corpus check 查看：{shown}"


def seconds(written: str) -> float:
    """A span of time as people write it: 90, 60s, 5m, 1h.

    Raises:
        UserError: it is none, or not above 0.
    """
    units = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", written.strip().lower())
    span = float(found[1]) * units[found[2]] if found else 0.0
    if span <= 0:
        raise UserError(f"--budget {written!r} 不是时间：请写 60s、5m 或 1h。")
    return span


def _parameters(store: ModelStore, like: str | None) -> "Parameters":
    """The parameters of a version, else the usual ones."""
    from training.parameters import Parameters

    if like is None:
        return Parameters()
    try:
        return Parameters.from_dict(read_manifest(store.folder(like))["parameters"])
    except (KeyError, ValueError) as error:
        raise UserError(f"版本 {like} 的训练参数不能沿用（{error}）。") from error


def train(
    files: Corpora = None,
    corpus: MoreCorpora = None,
    codebook: options.Codebook = None,
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    file_format: options.FormatName = None,
    separator: options.Separator = None,
    search: Search = False,
    budget: Budget = None,
    precision: Precision = None,
    like: Like = None,
    held: HoldOut = 0.1,
    promote: Promote = True,
    gate: Gate = None,
    margin: Margin = 0.02,
    force: Force = False,
    models: options.Models = None,
    as_json: options.AsJson = False,
) -> None:
    """用带标签的语料训练模型（JSONL、CSV、XLSX、Parquet、doccano、Label Studio、fastText）。"""
    from training.corpus import BUNDLED
    from training.holdout import hold_out

    if budget is not None and not search:
        raise typer.BadParameter("--budget 是搜索参数的时间，要与 --search 同用")
    store = options.store(models)
    parameters = replace(_parameters(store, like), precision=precision)
    limit = seconds(budget or _BUDGET) if search else None
    names = [*(files or []), *(corpus or [])] or [BUNDLED]
    reading = ReadingOptions(text_column, label_column, file_format, separator)
    loaded = hold_out(load(names, reading, codebook), held)
    _describe(loaded)
    known = store.versions()
    trained = _train(loaded, store, parameters, limit)
    wish = Wish(promote, force, gate, margin, separator)
    outcome = decide(store, trained.version, loaded, names, wish)
    _remark(trained, loaded, precision)
    _tell(_Told(store, loaded, trained, outcome, trained.version in known), as_json)
    if outcome.refused:
        raise typer.Exit(1)


def _describe(loaded: "Corpus") -> None:
    """What is learnt from, and what to know about it."""
    messages.print(f"语料 {len(loaded.rows)} 段，{len(loaded.codebook.themes)} 个主题。")
    if loaded.held_out:
        messages.print(f"另留出 {len(loaded.held_out)} 段作检验，不参加训练（--hold-out）。")
    for warning in _warnings(loaded):
        messages.print(f"注意：{warning}", style="yellow", markup=False, soft_wrap=True)


def _train(
    loaded: "Corpus", store: ModelStore, parameters: "Parameters", limit: float | None
) -> "Trained":
    from training.train import train as run

    with progress_bar("步") as bar:
        task = bar.add_task("准备", total=1, rate="")
        tell = teller()

        def progress(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)
            tell(what, done, total)

        return run(loaded, store.root, parameters, progress, budget=limit)


def _remark(trained: "Trained", loaded: "Corpus", precision: float | None) -> None:
    """How the search ended, and which labels do not reach the precision that was asked for."""
    from training.card import search_outcome, shortfalls

    if said := search_outcome(trained.metrics):
        messages.print(said, markup=False, highlight=False, soft_wrap=True)
    for line in shortfalls(trained.metrics, loaded.codebook, precision):
        messages.print(f"注意：{line}。", style="yellow", markup=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class _Told:
    """What there is to tell of a training; `known` where there was such a model already."""

    store: ModelStore
    corpus: "Corpus"
    trained: "Trained"
    outcome: Outcome
    known: bool


def _tell(told: _Told, as_json: bool) -> None:
    version, outcome = told.trained.version, told.outcome
    if as_json:
        head = {"version": version, **asdict(outcome)}
        print(orjson.dumps(head | {"metrics": told.trained.metrics}).decode())  # noqa: T201
        return
    answers.print(metrics_table(told.trained.metrics, told.corpus.codebook))
    folder = told.store.root / version
    said = f"与已有的 {folder} 相同" if told.known else f" {version} 已写入 {folder}"
    answers.print(
        f"模型{said}。{outcome.reason}。",
        soft_wrap=True,
        markup=False,
        highlight=False,
    )
