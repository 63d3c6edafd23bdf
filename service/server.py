"""Running the application: the listening socket, uvicorn, and workers that share one model.

Workers are forked after the model and the dictionary are loaded, so that each costs a few megabytes
of its own. The first process only watches: it starts a worker anew when one dies, follows promoted
models so that a new worker begins with the current one, and passes signals on.
"""

import contextlib
import errno
import gc
import importlib
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from model.errors import UserError
from model.store import ModelStore
from service.connection import Connection
from service.keys import KeyRing
from service.live import LiveModel
from service.logs import log
from service.rates import RateLimiter
from service.settings import Settings

_METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_PATIENCE = 5
"""Seconds beyond the stop time after which a worker is killed."""
_PAUSE = 1.0
"""Seconds between two starts of a worker, so that one that cannot start does not burn a core."""
_SWITCH_SECONDS = 0.001
_STOPS = (signal.SIGTERM, signal.SIGINT)
_KEEP_SECONDS = 75
_LOOPBACK = ("127.", "::1", "localhost")


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


class OpenDoorError(UserError):
    """Without keys a server is for its own machine only, unless that is meant."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"没有密钥的服务只能监听本机。要监听 {host}，请用 govtheme keys add 添加密钥并设置 "
            "GOVTHEME_KEYS；确实要让网络上所有人使用，请加 --open"
        )


class TemporaryFolderError(UserError):
    """Several workers need a folder to leave their figures in."""

    def __init__(self, error: OSError) -> None:
        reason = error.strerror or str(error)
        super().__init__(
            f"没有可以写的临时文件夹（{reason}）：多个工作进程要在那里汇总指标。"
            "请用环境变量 TMPDIR 指明一个，或用 --workers 1"
        )


def check_door(settings: Settings) -> None:
    """Make sure that a server without keys is not open to a network by accident.

    Raises:
        OpenDoorError: it would be.
    """
    if settings.keys is None and not settings.open and not settings.host.startswith(_LOOPBACK):
        raise OpenDoorError(settings.host)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket, so that the address that is printed is the one in use.

    Raises:
        ListenError: the address is taken, or is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ListenError(host, port, error) from error
    return listener


def address_of(listener: socket.socket) -> str:
    """The address at which a browser finds a listener."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(settings: Settings, listener: socket.socket) -> None:
    """Serve until a signal says stop.

    Raises:
        KeyFileError: the settings name a file of keys that cannot be used.
    """
    keys = KeyRing(settings.keys)
    live = LiveModel.open(ModelStore(settings.models))
    if live.present is None:
        log("error", "model", reason=live.failure or f"{settings.models} 里还没有模型")
    worker = _Worker(settings, listener, live, keys, RateLimiter())
    if settings.workers == 1:
        worker.work()
        return
    with _metrics_folder():
        # Imported before the fork, and after the folder is named, which the import looks at.
        importlib.import_module("service.app")
        # All that is there now is shared by the workers: keep the collector from writing to it.
        gc.collect()
        gc.freeze()
        _Crew(worker).run()


@dataclass(frozen=True, slots=True)
class _Worker:
    """What a process that answers requests needs; made once, before any fork."""

    settings: Settings
    listener: socket.socket
    live: LiveModel
    keys: KeyRing
    limiter: RateLimiter

    def work(self) -> None:
        """Answer requests until a signal says stop."""
        from service.app import create_app

        # uvicorn has stopped gracefully when it hands a signal on: let it end as Ctrl-C does.
        for number in _STOPS:
            signal.signal(number, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            # The event loop should not wait for the scoring thread longer than it must.
            sys.setswitchinterval(_SWITCH_SECONDS)
            app = create_app(self.settings, self.live, self.keys, self.limiter)
            uvicorn.Server(configured(self.settings, app)).run(sockets=[self.listener])


def configured(settings: Settings, app: ASGIApp) -> uvicorn.Config:
    """How uvicorn runs an application."""
    return uvicorn.Config(
        app,
        http=Connection.limited(settings.receive_timeout),
        ws="none",
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=settings.proxies or None,
        # Longer than clients do (httpx: 5 s): who closes while the other sends loses a request.
        timeout_keep_alive=_KEEP_SECONDS,
        timeout_graceful_shutdown=settings.stop_timeout,
    )


class _Crew:
    """The first process of several, which watches the others."""

    def __init__(self, worker: _Worker) -> None:
        self._worker = worker
        self._settings = worker.settings
        self._live = worker.live
        self._workers: dict[int, float] = {}
        self._stopping = False

    def run(self) -> None:
        """Keep all workers running until a signal says stop, then see them off."""
        for number in _STOPS:
            signal.signal(number, self._stop)
        while not self._stopping:
            while len(self._workers) < self._settings.workers and not self._stopping:
                self._start()
            time.sleep(min(self._settings.reload, 0.5))
            self._live.refresh()
            self._bury()
        self._see_off()

    def _start(self) -> None:
        worker = os.fork()
        if worker:
            self._workers[worker] = time.monotonic()
            return
        status = 1
        try:
            threading.Thread(target=_follow_parent, args=(os.getppid(),), daemon=True).start()
            self._worker.work()
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _bury(self) -> None:
        """Forget workers that have ended; the loop starts others in their place."""
        for worker, began in list(self._workers.items()):
            ended, status = os.waitpid(worker, os.WNOHANG)
            if ended:
                del self._workers[worker]
                _forget_figures(worker)
                if not self._stopping:
                    log("error", "worker", pid=worker, status=os.waitstatus_to_exitcode(status))
                    time.sleep(max(0.0, _PAUSE - (time.monotonic() - began)))

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _see_off(self) -> None:
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + self._settings.stop_timeout + _PATIENCE
        while self._workers and time.monotonic() < deadline:
            time.sleep(0.05)
            self._bury()
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        for worker in self._workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, number)


def _follow_parent(parent: int) -> None:
    """Stop this worker when the process that watches it is gone: nobody else would."""
    while os.getppid() == parent:
        time.sleep(_PAUSE)
    os.kill(os.getpid(), signal.SIGTERM)


@contextlib.contextmanager
def _metrics_folder() -> Iterator[None]:
    """A folder in which workers leave their figures; the library looks for it when imported."""
    try:
        folder = tempfile.mkdtemp(prefix="govtheme-metrics-")
    except OSError as error:
        raise TemporaryFolderError(error) from error
    os.environ[_METRICS_FOLDER] = folder
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _forget_figures(worker: int) -> None:
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker)  # type: ignore[no-untyped-call]
