"""`govtheme train`: a labelled corpus in, a model in the store."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from service.commands import options
from service.display import answers, messages, metrics_table, progress_bar

if TYPE_CHECKING:
    from training.corpus import Row


_FEW = 300


def _warnings(rows: Sequence["Row"]) -> Iterator[str]:
    """What a person should know before trusting the figures."""
    from training.checks import contradictions

    if len(rows) < _FEW:
        yield f"只有 {len(rows)} 段，成绩靠不住；可与自带语料合用：--corpus bundled --corpus …"
    pairs = contradictions(rows)
    if pairs:
        shown = "；".join(f"{pair.first} 与 {pair.second}" for pair in pairs[:3])
        yield f"{len(pairs)} 对文字相同、标签不同，请用 govtheme corpus check 查看：{shown}"


def train(
    corpus: Annotated[
        list[str] | None,
        typer.Option(
            help="语料：bundled（随程序附带）、文件或文件夹，可多次给出", show_default="bundled"
        ),
    ] = None,
    codebook: Annotated[
        Path | None, typer.Option(help="自己的编码手册（TOML）", show_default=False)
    ] = None,
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    promote: Annotated[bool, typer.Option(help="训练后立即使用新模型")] = True,
    models: options.Models = None,
    as_json: options.AsJson = False,
) -> None:
    """用带标签的语料训练模型（JSONL、CSV、XLSX）。"""
    from model.codebook import load_codebook
    from training.corpus import BUNDLED, read_corpus
    from training.parameters import Parameters
    from training.train import train as run

    store = options.store(models)
    loaded = read_corpus(
        corpus or [BUNDLED],
        codebook=load_codebook(codebook) if codebook else None,
        text_column=text_column,
        label_column=label_column,
    )
    messages.print(f"语料 {len(loaded.rows)} 段，{len(loaded.codebook.themes)} 个主题。")
    for warning in _warnings(loaded.rows):
        messages.print(f"注意：{warning}", style="yellow", markup=False, soft_wrap=True)
    with progress_bar("步") as bar:
        task = bar.add_task("准备", total=1, rate="")

        def progress(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        trained = run(loaded, store.root, Parameters(), progress)
    if promote:
        store.promote(trained.version, "train")
    if as_json:
        print(orjson.dumps({"version": trained.version, "metrics": trained.metrics}).decode())  # noqa: T201
        return
    answers.print(metrics_table(trained.metrics, loaded.codebook))
    used = (
        f"已选用（{options.RESTART}）"
        if promote
        else f"未启用；启用：govtheme models promote {trained.version}"
    )
    answers.print(
        f"模型 {trained.version} 已写入 {store.root / trained.version}，{used}。", soft_wrap=True
    )
