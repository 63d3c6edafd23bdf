"""`govtheme serve`: the HTTP server."""

from pathlib import Path
from typing import Annotated

import typer

from service.commands import options
from service.display import messages
from service.settings import load_settings


def serve(
    host: Annotated[str | None, typer.Option(help="监听的地址", show_default="127.0.0.1")] = None,
    port: Annotated[
        int | None, typer.Option(help="监听的端口，0 为任选", show_default="8000", min=0, max=65535)
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="工作进程数", show_default="1", min=1, max=256)
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="密钥文件（govtheme keys add 写入）", show_default=False)
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="没有密钥也可以监听本机以外的地址")] = False,
    settings: Annotated[
        Path | None,
        typer.Option("--settings", help="设置文件，每行一个 GOVTHEME_…=…", show_default=False),
    ] = None,
    models: options.Models = None,
) -> None:
    """启动服务；按 Ctrl-C 停止。"""
    from service.server import address_of, check_door, listen, run

    chosen = load_settings(
        settings,
        host=host,
        port=port,
        workers=workers,
        keys=keys,
        open=open_ or None,
        models=models,
    )
    check_door(chosen)
    with listen(chosen.host, chosen.port) as listener:
        messages.print(f"服务地址：{address_of(listener)}（Ctrl-C 停止）", highlight=False)
        run(chosen, listener)
