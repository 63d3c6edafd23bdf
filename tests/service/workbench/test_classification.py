"""The server that classifies for the workbench: started anew when it dies, gone with it."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from model.store import ModelStore
from service.client import Client
from service.settings import Settings
from service.workbench.classification import classification_server
from tests.benchmarks.processes import children
from tests.service.running import READY_SECONDS, serving
from tests.service.workbench.running import working


def _alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return state.rsplit(")", 1)[1].split()[0] != "Z"


def _until(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_it_answers_and_is_started_again_when_it_dies(store: ModelStore, tmp_path: Path) -> None:
    settings = Settings(models=store.root, workbench=tmp_path)
    # The browser of other tests is a child of this process too.
    others = set(children(os.getpid()))

    def servers() -> set[int]:
        return set(children(os.getpid())) - others

    with (
        classification_server(settings) as (address, key),
        Client(address, key, patience=READY_SECONDS, retries=100) as client,
    ):
        _until(client.ready, "it was not ready")
        (first,) = servers()
        os.kill(first, signal.SIGKILL)
        _until(lambda: servers() not in (set(), {first}), "it was not started again")
        _until(client.ready, "it was not ready again")
        assert client.classify("网格员入户走访。").model == store.current()
    assert not servers()


def test_nobody_else_may_ask_it(store: ModelStore, tmp_path: Path) -> None:
    settings = Settings(models=store.root, workbench=tmp_path)
    with classification_server(settings) as (address, key), Client(address, key) as client:
        _until(client.ready, "it was not ready")
        answer = httpx.post(f"{address}/classify", json={"text": "路"}, trust_env=False)
        assert answer.status_code == 401
        assert (tmp_path / "server-keys.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_it_ends_with_the_workbench(
    store: ModelStore, tmp_path: Path, number: signal.Signals
) -> None:
    with working(store.root, tmp_path) as (process, _):
        (child,) = children(process.pid)
        process.send_signal(number)
        process.wait(READY_SECONDS)
        _until(lambda: not _alive(child), "the server outlived the workbench")


def test_a_server_that_is_named_is_asked_in_its_place(store: ModelStore, tmp_path: Path) -> None:
    with serving(store.root, tmp_path / "server.log") as (_, client):
        settings = Settings(workbench=tmp_path, server=str(client.base_url))
        with classification_server(settings) as (address, key):
            assert key is None
            assert address == settings.server
            assert not (tmp_path / "server-keys.json").exists()
