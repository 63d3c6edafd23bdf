"""Writing a file so that it is there whole or not at all."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_bytes(
    path: Path,
    data: bytes,
    *,
    check: Callable[[Path], None] | None = None,
    mode: int = 0o644,
) -> None:
    """Put data under a name, after a check of what was written has passed.

    Args:
        path: the file; the one that is there is replaced.
        data: its content.
        check: looks at the finished file before it takes its place; raises when it must not.
        mode: who may read and write it.
    """
    handle, beside = tempfile.mkstemp(prefix=".new-", suffix=path.suffix, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if check is not None:
            check(Path(beside))
        Path(beside).chmod(mode)
        os.replace(beside, path)
        sync_folder(path.parent)
    finally:
        Path(beside).unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Put a text under a name, UTF-8."""
    write_bytes(path, text.encode("utf-8", "replace"))


def sync_folder(folder: Path) -> None:
    """Make a rename outlast a power cut; where a folder cannot be opened, do without."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
