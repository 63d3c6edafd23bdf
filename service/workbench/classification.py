"""The server that classifies, as a child of the workbench when no other is named.

It has a key of its own, made anew at every start, so that nobody but the workbench uses it. It ends
when its standard input does, which is when the workbench ends, however that came about.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.keys import add_key
from service.server import listen
from service.settings import Settings, load_settings

_NAME = "workbench"
_STOP_SECONDS = 10
_PAUSE_SECONDS = 1.0


@contextmanager
def classification_server(settings: Settings) -> Iterator[tuple[str, str | None]]:
    """A server's address and the key for it: the one that the settings name, or a child's."""
    if settings.server:
        yield settings.server, settings.server_key.get_secret_value() or None
        return
    keys = settings.workbench / "server-keys.json"
    keys.unlink(missing_ok=True)
    key = add_key(keys, _NAME, ("classify", "admin"))
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    child = _Child(settings, port, keys)
    child.start()
    try:
        yield f"http://127.0.0.1:{port}", key
    finally:
        child.stop()


class _Child:
    """A server process that is started again when it dies."""

    def __init__(self, settings: Settings, port: int, keys: Path) -> None:
        self._environment = os.environ | {
            "GOVTHEME_MODELS": str(settings.models),
            "GOVTHEME_HOST": "127.0.0.1",
            "GOVTHEME_PORT": str(port),
            "GOVTHEME_KEYS": str(keys),
            "GOVTHEME_LOG": "off",
        }
        self._errors = settings.workbench / "server.log"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="classification", daemon=True)

    def start(self) -> None:
        """Start it, and watch it."""
        self._thread.start()

    def stop(self) -> None:
        """Stop it and wait for its end."""
        self._stopping.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._stopping.is_set():
            with self._errors.open("wb") as errors:
                process = subprocess.Popen(
                    [sys.executable, "-m", "service.workbench.classification"],
                    env=self._environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    start_new_session=True,
                )
            self._watch(process)

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            if self._stopping.wait(_PAUSE_SECONDS):
                process.terminate()
                try:
                    process.wait(_STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        assert process.stdin is not None
        process.stdin.close()
        self._stopping.wait(_PAUSE_SECONDS)


def _follow_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """The child: serve until standard input ends or a signal says stop."""
    from service.server import run

    threading.Thread(target=_follow_parent, daemon=True).start()
    settings = load_settings()
    with listen(settings.host, settings.port) as listener:
        run(settings, listener)


if __name__ == "__main__":
    main()
