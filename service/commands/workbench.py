"""`govtheme workbench`: the page for people who do not program."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from model.errors import UserError
from service.commands import options
from service.display import messages
from service.settings import load_settings


class MissingExtraError(UserError):
    """The packages of the extra are not installed."""

    def __init__(self) -> None:
        super().__init__("工作台需要先安装：pip install 'govtheme[workbench]'")


def workbench(
    host: options.Host = None,
    port: Annotated[
        int | None, typer.Option(help="监听的端口，0 为任选", show_default="8080", min=0, max=65535)
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(help="调用哪个服务，如 http://127.0.0.1:8000", show_default="自己启动一个"),
    ] = None,
    roots: Annotated[
        str | None,
        typer.Option(
            help="可以处理哪些服务器上的文件夹，逗号分隔（默认：只处理上传的文件）",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="存放标注、任务的文件夹", show_default=False)
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(help="数据库地址（默认：文件夹里的 SQLite 文件）", show_default=False),
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="密钥文件：有则用密钥登录", show_default=False)
    ] = None,
    open_: options.Open = False,
    settings: options.SettingsFile = None,
    models: options.Models = None,
) -> None:
    """打开工作台：在浏览器里读、标、训练；按 Ctrl-C 停止。"""
    if find_spec("nicegui") is None or find_spec("sqlalchemy") is None:
        raise MissingExtraError
    from service.server import address_of, check_door, listen
    from service.workbench.server import run

    chosen = load_settings(
        settings,
        host=host,
        workbench_port=port,
        server=server,
        roots=roots,
        workbench=folder,
        database=database,
        keys=keys,
        open=open_ or None,
        models=models,
    )
    check_door(chosen)
    with listen(chosen.host, chosen.workbench_port) as listener:
        messages.print(f"工作台：{address_of(listener)}（Ctrl-C 停止）", highlight=False)
        run(chosen, listener)
