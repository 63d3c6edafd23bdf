"""How far a command is, in a file that other processes can read.

The variable `GOVTHEME_PROGRESS` names the file; without it nothing is written. It holds
`{"step": what is being done, "done": how many, "total": of how many}` and is replaced whole.
"""

import contextlib
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

VARIABLE = "GOVTHEME_PROGRESS"
"""Names the file."""

_EVERY = 0.2
"""Seconds between two states of the file; a new step is written at once."""


def named() -> Path | None:
    """The file that the environment names, if it names one."""
    path = os.environ.get(VARIABLE)
    return Path(path) if path else None


def put(path: Path, told: Mapping[str, Any]) -> None:
    """Replace the file as a whole.

    It is not forced onto the disk: after a power cut nobody asks how far it was.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(orjson.dumps(told))
    os.replace(beside, path)


Tell = Callable[[str, int, int], None]
"""Told what is being done, and how many of how many are."""


def teller() -> Tell:
    """Writes what it is told into the file that the environment names, if it names one."""
    path = named()
    return _ProgressFile(path) if path else _nobody


class _ProgressFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._step = ""
        self._written = 0.0

    def __call__(self, step: str, done: int, total: int) -> None:
        now = time.monotonic()
        if step == self._step and done != total and now - self._written < _EVERY:
            return
        self._step, self._written = step, now
        with contextlib.suppress(OSError):
            put(self._path, {"step": step, "done": done, "total": total})


def _nobody(_step: str, _done: int, _total: int) -> None:
    """Nobody wants to know."""
