"""Ctrl-C and SIGTERM: the first asks a run to stop when the shards in hand are done."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE = 2
"""After so many signals there is no more asking."""


@dataclass(slots=True)
class Stop:
    """Whether a run is to stop; `asked` counts how often it was told."""

    asked: int = 0


def _nothing() -> None:
    """For whoever does not want to be told."""


@contextmanager
def on_signals(told: Callable[[], None] = _nothing) -> Iterator[Stop]:
    """Count the signals that ask to stop, in place of what they did before.

    Args:
        told: called at the first of them.
    """
    stop = Stop()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.asked += 1
        if stop.asked == 1:
            told()
        if stop.asked > _PATIENCE:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, ask) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM does what Ctrl-C does: it raises KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
