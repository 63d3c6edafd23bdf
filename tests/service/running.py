"""A real server on a port of its own, for tests to talk to."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from model.classifier import ThemeClassifier
from service.app import create_app
from service.live import LiveModel
from service.server import configured, listen
from service.settings import Settings

TEXT = "网格员每天入户走访，把问题记进台账。"

READY_SECONDS = 60.0


@contextmanager
def running(
    settings: Settings, model: ThemeClassifier | LiveModel | None = None
) -> Iterator[httpx.Client]:
    """A server in a thread, with one model or a store's, and a client of it."""
    live = model if isinstance(model, LiveModel) else LiveModel(None, model)
    server = uvicorn.Server(configured(settings, create_app(settings, live)))
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def serving(
    models: Path, log_file: Path, /, *options: str, **settings: str
) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """`govtheme serve` as a process of its own, once it is ready, and a client of it.

    Args:
        log_file: where its standard error goes.
        settings: variables by name without `GOVTHEME_`.
    """
    words = ("serve", "--port", "0", *options)
    with (
        started(models, log_file, words, settings) as (process, address),
        httpx.Client(base_url=address, trust_env=False) as client,
    ):
        wait_until_ready(client)
        yield process, client


@contextmanager
def started(
    models: Path, log_file: Path, words: Sequence[str], settings: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A command that serves, as a process of its own, and the address that it told."""
    variables = {f"GOVTHEME_{name.upper()}": value for name, value in settings.items()}
    with log_file.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", *words],
            env={**os.environ, "GOVTHEME_MODELS": str(models), **variables},
            stderr=errors,
        )
    try:
        yield process, _address(process, log_file)
    finally:
        process.terminate()
        try:
            process.wait(READY_SECONDS)
        finally:
            process.kill()


def wait_until_ready(client: httpx.Client, path: str = "/livez") -> None:
    """Return when the server answers."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            if client.get(path).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise TimeoutError("the server did not answer")


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        said = log.read_text(encoding="utf-8")
        if "http://" in said:
            return said[said.index("http://") :].split("（")[0].strip()
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start: {log.read_text(encoding='utf-8')}")


def logged(capture: pytest.CaptureFixture[str], lines: int) -> str:
    """So many lines of the log; a request's is written when its answer has gone out."""
    found = ""
    deadline = time.monotonic() + READY_SECONDS
    while found.count("\n") < lines and time.monotonic() < deadline:
        found += capture.readouterr().err
        time.sleep(0.01)
    return found
