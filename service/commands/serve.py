"""`govtheme serve`: the HTTP server."""

from pathlib import Path
from typing import Annotated

import typer

from service.commands import options
from service.display import messages
from service.settings import load_settings


def serve(
    host: options.Host = None,
    port: Annotated[
        int | None, typer.Option(help="监听的端口，0 为任选", show_default="8000", min=0, max=65535)
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="工作进程数", show_default="1", min=1, max=256)
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="密钥文件（govtheme keys add 写入）", show_default=False)
    ] = None,
    open_: options.Open = False,
    settings: options.SettingsFile = None,
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
