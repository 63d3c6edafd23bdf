"""The command line: which commands there are, and how their errors become messages.

Exit status: 0 done, 1 the work failed or a gate said no, 2 wrong usage.
"""

import errno
import io
import sys
from collections.abc import Sequence
from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from model.bundled import bundled
from model.codebook import load_codebook
from model.errors import UserError
from service.commands import (
    classify,
    corpus,
    evaluate,
    keys,
    models,
    score,
    serve,
    train,
    workbench,
)
from service.commands.folding import fold_help
from service.display import answers, messages


def build() -> typer.Typer:
    """The command line as a typer application."""
    fold_help()
    app = typer.Typer(
        name="govtheme",
        help="判断治理类中文段落的主题：训练模型、提供服务、批量处理档案。",
        no_args_is_help=True,
        invoke_without_command=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    themes = load_codebook(bundled("codebook.toml")).themes
    names = "、".join(f"{theme.name_zh}（{theme.id}）" for theme in themes)
    app.command(epilog="例：govtheme train --corpus bundled --corpus 自己的语料.xlsx")(train.train)
    app.command(epilog="例：govtheme evaluate 语料.jsonl --json")(evaluate.evaluate)
    app.command(epilog=f"主题：{names}。 例：govtheme classify 村口的水泥路坑坑洼洼")(
        classify.classify
    )
    app.command(epilog="例：govtheme score 档案文件夹 --out 结果.csv")(score.score)
    app.command(epilog="例：govtheme serve --port 8000")(serve.serve)
    app.command(epilog="例：govtheme workbench --roots /data/档案")(workbench.workbench)
    app.add_typer(models.app, name="models")
    app.add_typer(keys.app, name="keys")
    app.add_typer(corpus.app, name="corpus")

    @app.callback()
    def show_version(
        version: Annotated[
            bool, typer.Option("--version", help="显示版本号", is_eager=True)
        ] = False,
    ) -> None:
        if version:
            answers.print(installed_version("govtheme"), highlight=False)
            raise typer.Exit

    return app


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: the words after `govtheme`; None takes the process's own.

    Returns:
        The exit status.
    """
    for stream in (sys.stdout, sys.stderr):
        # A console that speaks GBK lacks some characters: show a question mark, do not fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    command = typer.main.get_command(build())
    try:
        command(list(argv) if argv is not None else None, prog_name="govtheme")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0
    except UserError as error:
        return _fail(str(error))
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        where = f" {error.filename}" if error.filename else ""
        return _fail(f"无法读写{where}：{reason}")
    return 0


_REASONS = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EISDIR: "这是一个文件夹",
    errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.ENOSPC: "磁盘已满；腾出空间后，用同一条命令再来",
    errno.EROFS: "磁盘是只读的",
}


def _fail(message: str) -> int:
    messages.print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    return 1
