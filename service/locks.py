"""Locks on files that the system lets go when their holder dies."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Hold the lock of a file while the block runs; False when another process holds it.

    Raises:
        OSError: the file system knows no locks.
    """
    with path.open("ab") as file:
        yield take(file)


def take(file: BinaryIO) -> bool:
    """Lock an open file until it is closed; False when another process has locked it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True
