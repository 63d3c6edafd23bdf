"""`govtheme models`: which models there are, and which of them is used."""

from typing import Annotated

import orjson
import typer
from rich.table import Table

from model.classifier import ThemeClassifier
from service.commands import options
from service.display import answers

app = typer.Typer(help="查看和切换模型。", no_args_is_help=True)

VersionArgument = Annotated[str, typer.Argument(help="模型的版本号", show_default=False)]


@app.command("list")
def list_models(models: options.Models = None, as_json: options.AsJson = False) -> None:
    """列出所有模型和它们的成绩，旧的在前。"""
    store = options.store(models)
    current = store.current()
    rows = []
    for version in store.versions():
        manifest = store.manifest(version)
        metrics = orjson.loads((store.folder(version) / "metrics.json").read_bytes())
        rows.append(
            {
                "version": version,
                "current": version == current,
                "rows": manifest["corpus"]["rows"],
                "macro_f1": metrics["macro_f1"],
                "codebook": manifest["codebook"],
            }
        )
    if as_json:
        print(orjson.dumps(rows).decode())  # noqa: T201
        return
    if not rows:
        answers.print(f"{store.root} 里还没有模型。请运行 govtheme train", markup=False)
        return
    table = Table()
    for name in ("", "版本", "语料段数", "宏平均 F1（交叉验证）", "编码手册"):
        table.add_column(name)
    for row in rows:
        table.add_row(
            "▶" if row["current"] else "",
            row["version"],
            str(row["rows"]),
            f"{row['macro_f1']:.3f}",
            row["codebook"],
        )
    answers.print(table)


@app.command()
def show(
    version: Annotated[str | None, typer.Argument(help="版本号（默认：正在使用的）")] = None,
    models: options.Models = None,
) -> None:
    """显示一个模型的说明（JSON）。"""
    manifest = options.store(models).manifest(version)
    print(orjson.dumps(manifest, option=orjson.OPT_INDENT_2).decode())  # noqa: T201


@app.command()
def promote(version: VersionArgument, models: options.Models = None) -> None:
    """开始使用一个版本。"""
    store = options.store(models)
    ThemeClassifier.load(store.folder(version))
    store.promote(version, "by hand")
    answers.print(f"已选用 {version}；{options.RESTART}。", markup=False)


@app.command()
def rollback(models: options.Models = None) -> None:
    """退回上一个使用过的版本。"""
    answers.print(f"已退回 {options.store(models).rollback()}；{options.RESTART}。", markup=False)


@app.command()
def verify(
    version: Annotated[str | None, typer.Argument(help="版本号（默认：正在使用的）")] = None,
    models: options.Models = None,
) -> None:
    """检查模型文件是否完好、能否载入。"""
    classifier = ThemeClassifier.load(options.store(models).folder(version))
    answers.print(f"{classifier.version} 完好。", markup=False)
