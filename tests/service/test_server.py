"""The server as a process: workers, signals, the door, and figures of all workers together."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from model.store import ModelStore
from service.server import OpenDoorError, TemporaryFolderError, check_door, listen, run
from service.settings import Settings, SettingsError, load_settings
from tests.service.running import TEXT, serving, wait_until_ready


def workers_of(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]


def threads_of(pid: int) -> int:
    """The threads of a server; one more when a large request is being scored."""
    return sum(len(os.listdir(f"/proc/{p}/task")) for p in [pid, *workers_of(pid)])  # noqa: PTH208


def private_memory(pid: int) -> int:
    """Bytes that a process shares with no other."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))


def test_workers_share_the_model_and_a_dead_one_is_replaced(
    store: ModelStore, tmp_path: Path
) -> None:
    with serving(store.root, tmp_path / "log", "--workers", "2") as (process, client):
        first = workers_of(process.pid)
        assert len(first) == 2
        for _ in range(10):
            assert client.post("/classify", json={"text": TEXT}).status_code == 200
        assert max(private_memory(worker) for worker in first) < 60_000_000
        os.kill(first[0], signal.SIGKILL)
        deadline = time.monotonic() + 30
        while (now := workers_of(process.pid)) == first or len(now) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        # The connection may have been the dead worker's.
        with httpx.Client(base_url=client.base_url, trust_env=False) as fresh:
            wait_until_ready(fresh)
            assert fresh.post("/classify", json={"text": TEXT}).status_code == 200
    lines = (tmp_path / "log").read_text().splitlines()
    events = [json.loads(line) for line in lines if line.startswith("{")]
    assert [e["status"] for e in events if e["event"] == "worker"] == [-signal.SIGKILL]


def test_workers_do_not_outlive_the_process_that_watches_them(
    store: ModelStore, tmp_path: Path
) -> None:
    with serving(store.root, tmp_path / "log", "--workers", "2") as (process, _):
        workers = workers_of(process.pid)
        process.kill()
        process.wait()
        deadline = time.monotonic() + 30
        while any(Path(f"/proc/{worker}").exists() for worker in workers):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_figures_are_those_of_all_workers(store: ModelStore, tmp_path: Path) -> None:
    with serving(store.root, tmp_path / "log", "--workers", "2", reload="0.1") as (_, client):
        address = str(client.base_url)

        def ask(_: int) -> int:
            # A connection of its own: the kernel picks the worker.
            answer = httpx.post(f"{address}/classify", json={"text": TEXT}, trust_env=False)
            return answer.status_code

        with ThreadPoolExecutor(8) as threads:
            assert set(threads.map(ask, range(40))) == {200}
        deadline = time.monotonic() + 30
        wanted = 'govtheme_requests_total{route="/classify",status="200"} 40.0'
        while True:
            figures = client.get("/metrics").text
            if wanted in figures and "govtheme_texts_total 40.0" in figures:
                break
            assert time.monotonic() < deadline, figures
            time.sleep(0.1)


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_requests_finish(
    store: ModelStore, tmp_path: Path, workers: str, number: int
) -> None:
    options = {"max_body": "100000000", "max_texts": "100000", "log": "off", "reload": "1000"}
    log = tmp_path / "log"
    with serving(store.root, log, "--workers", workers, **options) as (process, client):
        texts = [TEXT * 5] * 20_000
        answers: list[httpx.Response] = []
        large = threading.Thread(
            target=lambda: answers.append(
                client.post("/classify", json={"texts": texts}, timeout=60)
            )
        )
        idle = threads_of(process.pid)
        large.start()
        while threads_of(process.pid) == idle:
            assert large.is_alive(), "it was scored before it was seen"
            time.sleep(0.005)
        process.send_signal(number)
        large.join()
        assert len(answers[0].json()["results"]) == len(texts)
        assert process.wait(30) == 0
    assert "Traceback" not in log.read_text()


def test_a_model_that_is_promoted_is_taken_up_by_all_workers(
    store: ModelStore, tmp_path: Path
) -> None:
    empty = tmp_path / "models"
    with serving(empty, tmp_path / "log", "--workers", "2", reload="0.1") as (_, client):
        assert client.get("/readyz").status_code == 503
        version = store.current()
        assert version
        empty.mkdir(exist_ok=True)
        subprocess.run(["cp", "-r", str(store.folder()), str(empty / version)], check=True)
        ModelStore(empty).promote(version, "test")
        deadline = time.monotonic() + 30
        ready = 0
        while ready < 10:
            answer = httpx.get(f"{client.base_url}/readyz", trust_env=False)
            ready = ready + 1 if answer.status_code == 200 else 0
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example"])  # noqa: S104
def test_without_keys_the_door_is_shut(host: str, tmp_path: Path) -> None:
    with pytest.raises(OpenDoorError, match="--open"):
        check_door(Settings(host=host))
    check_door(Settings(host=host, open=True))
    check_door(Settings(host=host, keys=tmp_path / "keys.json"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.1.1", "::1", "localhost"])
def test_this_machine_needs_no_key(host: str) -> None:
    check_door(Settings(host=host))


def test_settings_come_from_a_file_the_environment_and_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "govtheme.env"
    file.write_text("GOVTHEME_PORT=1\nGOVTHEME_WORKERS=2\nGOVTHEME_RATE=3\n")
    monkeypatch.setenv("GOVTHEME_WORKERS", "4")
    chosen = load_settings(file, rate=6)
    assert (chosen.port, chosen.workers, chosen.rate) == (1, 4, 6)
    monkeypatch.setenv("GOVTHEME_SETTINGS", str(file))
    assert load_settings().port == 1
    file.write_text("GOVTHEME_PORT=x\n")
    with pytest.raises(SettingsError, match="GOVTHEME_PORT"):
        load_settings()
    with pytest.raises(SettingsError, match="没有设置文件"):
        load_settings(tmp_path / "none.env")


def test_several_workers_need_a_temporary_folder(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    settings = Settings(models=store.root, workers=2)
    with listen("127.0.0.1", 0) as listener, pytest.raises(TemporaryFolderError, match="TMPDIR"):
        run(settings, listener)


def test_the_command_refuses_an_open_door(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "service", "serve", "--host", "0.0.0.0"],  # noqa: S104
        env={**os.environ, "GOVTHEME_MODELS": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert "--open" in done.stderr.decode()
