"""`govtheme corpus`: looking after a labelled corpus."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.table import Table

from service.commands import options
from service.display import answers

if TYPE_CHECKING:
    from training.checks import Pair, Profile, Run
    from training.corpus import Corpus

app = typer.Typer(help="检查语料。", no_args_is_help=True)

_SHOWN = 20


@app.callback()
def corpus() -> None:
    """检查语料。"""


@app.command()
def check(
    names: Annotated[
        list[str], typer.Argument(help="语料：bundled、文件或文件夹", show_default=False)
    ],
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    as_json: options.AsJson = False,
) -> None:
    """检查格式、标签、编号、重复和雷同；有问题时以状态 1 结束。"""
    from training import checks
    from training.corpus import read_corpus
    from training.errors import CorpusError

    try:
        loaded = read_corpus(names, text_column=text_column, label_column=label_column)
    except CorpusError as error:
        for problem in error.problems:
            answers.print(str(problem), markup=False, highlight=False, soft_wrap=True)
        answers.print(f"共 {len(error.problems)} 处问题。")
        raise typer.Exit(1) from error
    equal = checks.equal_texts(loaded.rows)
    near = checks.near_texts(loaded.rows)
    runs = checks.repeated_runs(loaded.rows)
    profile = checks.profile(loaded.rows)
    if as_json:
        print(orjson.dumps(_as_dict(profile, equal, near, runs)).decode())  # noqa: T201
    else:
        answers.print(_profile_table(profile, loaded))
        _print_findings(equal, near, runs)
    if equal or near or runs:
        raise typer.Exit(1)


def _as_dict(
    profile: "Profile", equal: Sequence["Pair"], near: Sequence["Pair"], runs: Sequence["Run"]
) -> dict[str, Any]:
    return {
        "genres": profile.genres,
        "labels": profile.labels,
        "several": profile.several,
        "lengths": profile.lengths,
        "equal": [[pair.first, pair.second] for pair in equal],
        "near": [[pair.first, pair.second, pair.similarity] for pair in near],
        "runs": [{"text": run.text, "ids": run.ids} for run in runs],
    }


def _profile_table(profile: "Profile", loaded: "Corpus") -> Table:
    table = Table(title="语料")
    table.add_column("体裁")
    for name in ("段数", *(theme.name_zh for theme in loaded.codebook.themes), "无主题"):
        table.add_column(name, justify="right")
    keys = (*loaded.codebook.ids, "none")
    for genre, count in sorted(profile.genres.items()):
        counts = profile.labels[genre]
        table.add_row(genre or "（未注明）", str(count), *(str(counts[key]) for key in keys))
    totals: Counter[str] = Counter()
    for counts in profile.labels.values():
        totals.update(counts)
    table.add_section()
    table.add_row("合计", str(len(loaded.rows)), *(str(totals[key]) for key in keys))
    table.add_row("两个主题以上", str(profile.several))
    quantiles = zip(
        ("最短", "5%", "25%", "50%", "75%", "95%", "最长"), profile.lengths, strict=True
    )
    table.caption = "字数 " + "，".join(f"{name} {length}" for name, length in quantiles)
    return table


def _print_findings(equal: Sequence["Pair"], near: Sequence["Pair"], runs: Sequence["Run"]) -> None:
    lines = [f"文字相同：{pair.first} 与 {pair.second}" for pair in equal]
    lines += [f"近似（{pair.similarity:.2f}）：{pair.first} 与 {pair.second}" for pair in near]
    lines += [f"同样的字句在 {len(run.ids)} 段里：{'、'.join(run.ids[:6])}" for run in runs]
    for line in lines[:_SHOWN]:
        answers.print(line, markup=False, highlight=False, soft_wrap=True)
    if len(lines) > _SHOWN:
        answers.print(f"…… 另有 {len(lines) - _SHOWN} 处（--json 列出全部）")
    answers.print(f"共 {len(lines)} 处雷同。" if lines else "没有发现问题。")
