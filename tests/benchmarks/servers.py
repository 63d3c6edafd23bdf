"""Starting the servers that are measured, each a process of its own on a port of its own."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.benchmarks.load import Question
from tests.benchmarks.processes import processor_seconds
from tests.benchmarks.rivals import PIPELINE

MLSERVER = Path("build") / "mlserver"
"""An environment of its own: MLServer wants older versions of what we use."""

_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready.

    Attributes:
        seconds: how long it took from the start of the process.
        processor_seconds: how much of that it was working.
    """

    url: str
    process: subprocess.Popen[bytes]
    seconds: float
    processor_seconds: float


def ours(models: Path, folder: Path, **settings: str) -> AbstractContextManager[Server]:
    """`govtheme serve` with one model, and with settings by their names in small letters."""
    port = free_port()
    variables = {f"GOVTHEME_{name.upper()}": value for name, value in settings.items()}
    return started(
        [sys.executable, "-m", "service", "serve", "--port", str(port), "--models", str(models)],
        port,
        folder,
        environment=variables,
    )


def rival(name: str, folder: Path, *more: Path) -> AbstractContextManager[Server]:
    """One of `rivals`."""
    port = free_port()
    command = [sys.executable, "-m", "tests.benchmarks.rivals", name, str(port), *map(str, more)]
    return started(command, port, folder)


def mlserver(folder: Path, text: str) -> tuple[AbstractContextManager[Server], Question] | None:
    """MLServer with the pipeline in a folder, and how to ask it; None where it is not installed."""
    command = MLSERVER.resolve() / "bin" / "mlserver"
    if not command.exists():
        return None
    port = free_port()
    settings = {
        "http_port": port,
        "grpc_port": free_port(),
        "metrics_port": free_port(),
        # In process, as our own worker is; the default is a worker of its own.
        "parallel_workers": 0,
        "debug": False,
    }
    (folder / "settings.json").write_text(json.dumps(settings), encoding="ascii")
    described = {
        "name": "themes",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": f"./{PIPELINE}"},
    }
    (folder / "model-settings.json").write_text(json.dumps(described), encoding="ascii")
    one = {"name": "text", "shape": [1], "datatype": "BYTES", "data": [text]}
    body = {"parameters": {"content_type": "str"}, "inputs": [one]}
    question = Question(
        f"http://127.0.0.1:{port}/v2/models/themes/infer",
        json.dumps(body, ensure_ascii=False).encode(),
        {"content-type": "application/json"},
    )
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    # The pickled pipeline names `tests.benchmarks.words`.
    environment = {"PATH": path, "PYTHONPATH": str(Path(__file__).parents[2])}
    running = started(
        [str(command), "start", str(folder)],
        port,
        folder,
        "/v2/models/themes/ready",
        environment,
    )
    return running, question


@contextlib.contextmanager
def started(
    command: list[str],
    port: int,
    folder: Path,
    ready: str = "/readyz",
    environment: dict[str, str] | None = None,
) -> Iterator[Server]:
    """A process that serves on a port, from when it is ready until it is killed.

    Args:
        folder: where its standard error goes.
    """
    began = time.perf_counter()
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(
            command, env={**os.environ, **(environment or {})}, stdout=log, stderr=log
        )
    try:
        while not _ready(port, ready):
            if process.poll() is not None or time.perf_counter() - began > _PATIENCE:
                said = (folder / f"{port}.log").read_text(encoding="utf-8")
                raise RuntimeError(f"{' '.join(command)} did not start: {said[-2000:]}")
            time.sleep(0.01)
        seconds = time.perf_counter() - began
        yield Server(f"http://127.0.0.1:{port}", process, seconds, processor_seconds(process.pid))
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        process.wait()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _ready(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
