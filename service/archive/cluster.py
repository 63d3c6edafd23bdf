"""The Ray engine: the same shards, scored by actors of a cluster. Needs the extra `ray`.

Every machine must see the input, the models and the output under the same paths, as on a shared
file system, for only the places of shards travel. A shard is written by the code that the local
engine runs, so the rows are the same.
"""

import importlib
import importlib.util
import logging
import os
import pickle
import signal
import socket
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from typing import Any

from model.classifier import ThemeClassifier
from service.archive.errors import EngineError
from service.archive.plan import Shard
from service.archive.shard import Scored, Seen, ShardScorer, Task, Work
from service.archive.stopping import Stop

_PATIENCE = 5.0
"""Seconds to wait for a cluster's answer."""

_MOST_BLOCKS = 4096
"""A task of Ray scores shards one after the other where there are more of them than this."""


class RayEngine:
    """Scores shards on a Ray cluster.

    Args:
        workers: how many actors, each with a model of its own.
        address: of the cluster; None starts one on this machine.

    Raises:
        EngineError: Ray is not installed.
    """

    def __init__(self, workers: int, address: str | None = None) -> None:
        if importlib.util.find_spec("ray") is None:
            raise EngineError("用 Ray 需要另装：pip install 'govtheme[ray]'")
        self._workers = workers
        self._address = address

    def score(
        self, work: Work, _classifier: ThemeClassifier, shards: Iterable[Shard], stop: Stop
    ) -> Iterator[Seen | Scored]:
        """Score shards in any order.

        Raises:
            EngineError: the cluster cannot be reached, or a shard failed on it.
        """
        waiting = list(shards)
        if not waiting:
            return
        ray = _started(self._address, self._workers)
        try:
            yield from _stream(ray, work, waiting, self._workers, stop)
        except ray.exceptions.RayError as error:
            raise EngineError(
                f"Ray 上的运行失败（{type(error).__name__}）；已做完的都已存好"
            ) from error
        finally:
            ray.shutdown()


class ShardActor:
    """What an actor of the cluster runs: the model is loaded once in its life."""

    def __init__(self, work: Work) -> None:
        self._scorer = ShardScorer(work, ThemeClassifier.load(work.model))

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[bytes]]:
        """Score the shards of a batch: a column for each of their fields, one for the answers."""
        columns = [batch[field.name].tolist() for field in fields(Shard)]
        shards = [Shard(*row) for row in zip(*columns, strict=True)]
        return {"scored": [pickle.dumps(self._scorer.score(Task(shard))) for shard in shards]}


def _stream(
    ray: Any, work: Work, shards: list[Shard], workers: int, stop: Stop
) -> Iterator[Scored]:
    rows = [asdict(shard) for shard in shards]
    data = ray.data.from_items(rows, override_num_blocks=min(len(rows), _MOST_BLOCKS))
    answers = data.map_batches(
        ShardActor,
        fn_constructor_args=(work,),
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(size=min(workers, len(rows))),
    )
    for answer in answers.iter_rows():
        # Made by our own actors a moment ago.
        yield pickle.loads(answer["scored"])  # noqa: S301
        if stop.asked:
            return


def _started(address: str | None, workers: int) -> Any:
    """Ray, connected, without a dashboard and without a word to anybody outside."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    _check_reachable(address)
    ray: Any = importlib.import_module("ray")
    importlib.import_module("ray.data")
    local = {} if address else {"num_cpus": workers, "include_dashboard": False}
    ask_to_stop = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **local)
    except (ConnectionError, RuntimeError, OSError, ValueError) as error:
        raise _unreachable(address, error) from error
    finally:
        if threading.current_thread() is threading.main_thread():
            # Ray puts a handler of its own in its place.
            signal.signal(signal.SIGTERM, ask_to_stop)
    ray.data.DataContext.get_current().enable_progress_bars = False
    for name in ("ray.data", "ray"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return ray


def _check_reachable(address: str | None) -> None:
    """Ask for a connection before Ray does, who tries for minutes."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if not colon or not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), _PATIENCE).close()
    except OSError as error:
        raise _unreachable(address, error) from error


def _unreachable(address: str | None, error: Exception) -> EngineError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return EngineError(f"连不上 Ray（{address or '本机'}）：{reason[:200]}")
