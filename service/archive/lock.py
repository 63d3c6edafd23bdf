"""One run at a time on one table: a lock that the system lets go when its holder dies."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from service.archive.errors import BusyError
from service.archive.places import Places
from service.locks import take


@contextmanager
def locked(places: Places) -> Iterator[BinaryIO]:
    """Hold the lock of a run; its folder is made when it is not there.

    Yields:
        The open lock file, for forked workers to close.

    Raises:
        BusyError: another process holds it.
        OSError: the file system knows no locks.
    """
    while True:
        places.run.mkdir(parents=True, exist_ok=True)
        try:
            file = places.lock.open("ab")
        except FileNotFoundError:
            # A run that has just ended removed its folder.
            continue
        with file:
            if not take(file):
                raise BusyError(places.out)
            if _is_same(file, places.lock):
                yield file
                return


def _is_same(file: BinaryIO, path: Path) -> bool:
    """Whether the file that is locked is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
