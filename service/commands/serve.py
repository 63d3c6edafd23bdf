"""`govtheme serve`: the HTTP server."""

import contextlib
import errno
import socket
from typing import Annotated

import typer

from model.classifier import ThemeClassifier
from model.errors import NoModelError, UserError
from model.store import ModelStore
from service.commands import options
from service.display import messages
from service.settings import load_settings


class ListenError(UserError):
    """The address cannot be listened on."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        in_use = error.errno == errno.EADDRINUSE
        hint = (
            "端口已被占用，请换一个 --port"
            if in_use
            else f"{error.strerror}，请检查 --host 和 --port"
        )
        super().__init__(f"无法在 {host}:{port} 监听：{hint}")


def serve(
    host: Annotated[str | None, typer.Option(help="监听的地址", show_default="127.0.0.1")] = None,
    port: Annotated[
        int | None, typer.Option(help="监听的端口，0 为任选", show_default="8000", min=0, max=65535)
    ] = None,
    models: options.Models = None,
) -> None:
    """启动服务；按 Ctrl-C 停止。"""
    import uvicorn

    from service.app import create_app

    settings = load_settings(host=host, port=port, models=models)
    app = create_app(settings, _classifier(ModelStore(settings.models)))
    with _listen(settings.host, settings.port) as listener:
        address, used = listener.getsockname()[:2]
        shown = f"[{address}]" if ":" in address else address
        messages.print(f"服务地址：http://{shown}:{used}（Ctrl-C 停止）", highlight=False)
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
        # uvicorn has stopped gracefully by the time it hands the signal on.
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def _classifier(store: ModelStore) -> ThemeClassifier | None:
    try:
        return ThemeClassifier.load(store.folder())
    except NoModelError as error:
        messages.print(f"{error}。服务照常启动，但 /classify 会回答 503。", markup=False)
        return None


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket, so that the address that is printed is the one in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ListenError(host, port, error) from error
    return listener
