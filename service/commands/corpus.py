"""`govtheme corpus`: looking after a labelled corpus."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import orjson
import typer
from rich.table import Table

from service.commands import options
from service.commands.labelled import ReadingOptions, load
from service.display import answers, messages, progress_bar
from service.judgement import names_of, suspicion_lines

if TYPE_CHECKING:
    from training.checks import Pair, Profile, Run
    from training.corpus import Corpus
    from training.errors import Problem

app = typer.Typer(help="检查语料，换格式，清理标签。", no_args_is_help=True)

_SHOWN = 20

Overwrite: TypeAlias = Annotated[
    bool, typer.Option("--overwrite", help="--out 的文件已经有了也写（来源除外）")
]


@app.callback()
def corpus() -> None:
    """检查语料，换格式，清理标签。"""


@app.command()
def check(
    names: Annotated[
        list[str], typer.Argument(help="语料：bundled、文件或文件夹", show_default=False)
    ],
    codebook: options.Codebook = None,
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    file_format: options.FormatName = None,
    separator: options.Separator = None,
    suspicious: Annotated[
        bool, typer.Option("--suspicious", help="找出标签可疑的段（交叉验证的模型怀疑的）")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="把可疑的段写成表（csv、xlsx），改好后交给 corpus fix"),
    ] = None,
    overwrite: Overwrite = False,
    as_json: options.AsJson = False,
) -> None:
    """检查格式、标签、编号、重复和雷同；有问题时以状态 1 结束。"""
    from training import checks
    from training.errors import CorpusError

    if out is not None:
        _check_free(out, names, overwrite)
    reading = ReadingOptions(text_column, label_column, file_format, separator)
    try:
        loaded = load(names, reading, codebook)
    except CorpusError as error:
        _print_problems(error.problems, as_json)
        raise typer.Exit(1) from error
    if suspicious or out is not None:
        _show_suspicions(loaded, out, as_json)
        return
    found = _Findings.of(loaded)
    profile = checks.profile(loaded.rows)
    if as_json:
        print(orjson.dumps(_as_dict(profile, found)).decode())  # noqa: T201
    else:
        answers.print(_profile_table(profile, loaded))
        _print_findings(found)
    if found.wrong:
        raise typer.Exit(1)


@app.command(epilog="例：govtheme corpus convert 标注.json --out 语料.jsonl")
def convert(
    names: Annotated[
        list[str], typer.Argument(help="语料：bundled、文件或文件夹", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="写到哪个文件", show_default=False)],
    to: Annotated[
        str | None, typer.Option(help="写成什么格式（默认：看扩展名）", show_default=False)
    ] = None,
    overwrite: Overwrite = False,
    codebook: options.Codebook = None,
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    file_format: options.FormatName = None,
    separator: options.Separator = None,
) -> None:
    """换一种格式：JSONL、CSV、XLSX、Parquet、doccano、Label Studio、fastText 之间。"""
    from training.convert import format_for, write_corpus

    format_for(out, to)
    _check_free(out, names, overwrite)
    reading = ReadingOptions(text_column, label_column, file_format, separator)
    loaded = load(names, reading, codebook)
    for note in write_corpus(loaded, out, to):
        messages.print(f"说明：{note}", markup=False, highlight=False, soft_wrap=True)
    answers.print(f"{len(loaded.rows)} 段已写入 {out}，并已读回核对。", markup=False)


@app.command(epilog="例：govtheme corpus fix 语料.csv --reviewed 可疑.xlsx --out 新语料.csv")
def fix(
    names: Annotated[
        list[str], typer.Argument(help="语料：bundled、文件或文件夹", show_default=False)
    ],
    reviewed: Annotated[
        Path,
        typer.Option(
            help="corpus check --suspicious 写出、人看过的表：“改为”一列写了的才改，"
            "“无”表示没有标签",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="改好的语料写到哪个文件", show_default=False)],
    overwrite: Overwrite = False,
    codebook: options.Codebook = None,
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    file_format: options.FormatName = None,
    separator: options.Separator = None,
) -> None:
    """按人看过的表改标签，写成新的语料；每一处改动都列出。"""
    from training.convert import format_for, write_corpus
    from training.review import apply_review

    format_for(out)
    _check_free(out, [*names, str(reviewed)], overwrite)
    reading = ReadingOptions(text_column, label_column, file_format, separator)
    fixed, changes = apply_review(load(names, reading, codebook), reviewed)
    for note in write_corpus(fixed, out):
        messages.print(f"说明：{note}", markup=False, highlight=False, soft_wrap=True)
    for change in changes:
        before, after = (names_of(x, fixed.codebook) for x in (change.before, change.after))
        line = f"{change.row.id}：{before} → {after}"
        answers.print(line, markup=False, highlight=False, soft_wrap=True)
    answers.print(f"改了 {len(changes)} 段，{len(fixed.rows)} 段已写入 {out}。", markup=False)


def _check_free(out: Path, sources: Sequence[str], overwrite: bool) -> None:
    """Make sure, before any work is done, that writing a file loses nothing.

    Raises:
        typer.BadParameter: it is a source, or lies in one; or it is there and is to stay.
    """
    target = out.resolve()
    for source in (Path(name).resolve() for name in sources):
        if out.exists() and (target == source or target.is_relative_to(source)):
            raise typer.BadParameter(f"--out {out} 是来源之一，不能写在它上面；请换一个文件名")
    if out.exists() and not overwrite:
        raise typer.BadParameter(f"--out {out} 已经有了；请换一个文件名，或加 --overwrite")


def _show_suspicions(loaded: "Corpus", out: Path | None, as_json: bool) -> None:
    from training.review import check_target, write_review
    from training.suspicion import suspicions

    if out is not None:
        check_target(out)
    with progress_bar("步") as bar:
        task = bar.add_task("准备", total=1, rate="")

        def progress(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        found = suspicions(loaded, progress=progress)
    if out is not None:
        write_review(found, loaded.codebook, out)
        messages.print(f"{len(found)} 段已写入 {out}", markup=False, highlight=False)
    told = [item.as_dict() for item in found]
    if as_json:
        print(orjson.dumps(told).decode())  # noqa: T201
        return
    for line in suspicion_lines(told[:_SHOWN], loaded.codebook):
        answers.print(line, markup=False, highlight=False, soft_wrap=True)
    rest = "" if len(found) <= _SHOWN else f"，以上是最可疑的 {_SHOWN} 段；--out 文件 写出全部"
    answers.print(f"共 {len(found)} 段的标签可疑{rest}。")


def _print_problems(problems: Sequence["Problem"], as_json: bool) -> None:
    if as_json:
        listed = [{"file": p.file, "line": p.line, "reason": p.reason} for p in problems]
        print(orjson.dumps({"problems": listed}).decode())  # noqa: T201
        return
    for problem in problems:
        answers.print(str(problem), markup=False, highlight=False, soft_wrap=True)
    answers.print(f"共 {len(problems)} 处问题。")


@dataclass(frozen=True, slots=True)
class _Findings:
    """What was found in a corpus.

    Attributes:
        contradictions: pairs of equal texts with different labels.
        equal, near: pairs of copies with the same labels, and of near copies.
        runs: characters that come too often.
        little: why it cannot be learnt from, which does not keep it from judging a model.
    """

    contradictions: Sequence["Pair"]
    equal: Sequence["Pair"]
    near: Sequence["Pair"]
    runs: Sequence["Run"]
    little: Sequence[str]

    @classmethod
    def of(cls, loaded: "Corpus") -> "_Findings":
        from training import checks

        rows = loaded.rows
        equal = checks.equal_texts(rows)
        contradictions = checks.contradictions(rows, equal)
        differ = set(contradictions)
        return cls(
            contradictions,
            [pair for pair in equal if pair not in differ],
            checks.near_texts(rows),
            checks.repeated_runs(rows),
            checks.too_little(loaded),
        )

    @property
    def wrong(self) -> int:
        """How many things are to be mended."""
        return sum(map(len, (self.contradictions, self.equal, self.near, self.runs)))


def _as_dict(profile: "Profile", found: _Findings) -> dict[str, Any]:
    return {
        "genres": profile.genres,
        "labels": profile.labels,
        "several": profile.several,
        "lengths": profile.lengths,
        "contradictions": [[pair.first, pair.second] for pair in found.contradictions],
        "equal": [[pair.first, pair.second] for pair in found.equal],
        "near": [[pair.first, pair.second, pair.similarity] for pair in found.near],
        "runs": [{"text": run.text, "ids": run.ids} for run in found.runs],
        "too_little": found.little,
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


def _print_findings(found: _Findings) -> None:
    both = [f"{pair.first} 与 {pair.second}" for pair in found.contradictions]
    lines = [f"文字相同、标签不同：{pair}" for pair in both]
    lines += [f"不能拿来训练：{reason}" for reason in found.little]
    lines += [f"文字相同：{pair.first} 与 {pair.second}" for pair in found.equal]
    lines += [
        f"近似（{pair.similarity:.2f}）：{pair.first} 与 {pair.second}" for pair in found.near
    ]
    lines += [f"同样的字句在 {len(run.ids)} 段里：{'、'.join(run.ids[:6])}" for run in found.runs]
    for line in lines[:_SHOWN]:
        answers.print(line, markup=False, highlight=False, soft_wrap=True)
    if len(lines) > _SHOWN:
        answers.print(f"…… 另有 {len(lines) - _SHOWN} 处（--json 列出全部）")
    alike = found.wrong - len(both)
    counts = [
        f"{len(both)} 对标签冲突" if both else "",
        f"{alike} 处雷同" if alike else "",
        f"{len(found.little)} 处不够训练" if found.little else "",
    ]
    answers.print(f"共 {'，'.join(filter(None, counts))}。" if lines else "没有发现问题。")
