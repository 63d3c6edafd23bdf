"""Walking through folders in the order of names, one folder's names in memory at a time."""

import os
from collections.abc import Iterator
from pathlib import Path

from model.encodings import decode
from model.errors import DecodingError

Entry = tuple[str, Path, OSError | None]
"""Path below the root with `/`, path on the disk, and why a folder could not be listed."""


def walk(root: Path) -> Iterator[Entry]:
    """The files below a folder, sorted by their paths.

    Links, hidden files and folders, and the lock files of office programs are passed over. A
    folder that cannot be listed comes once, with its error.
    """
    below = [_listed(root, "")]
    while below:
        entry = next(below[-1], None)
        if entry is None:
            below.pop()
        elif entry[2] is None and entry[0].endswith("/"):
            below.append(_listed(entry[1], entry[0]))
        else:
            yield entry


def shown(name: str) -> str:
    """A file's name as text: names that are no UTF-8 stand in memory as bytes in disguise."""
    try:
        name.encode()
    except UnicodeEncodeError:
        data = os.fsencode(name)
        try:
            return decode(data)
        except DecodingError:
            return data.decode(errors="replace")
    return name


def _listed(folder: Path, prefix: str) -> Iterator[Entry]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(
                entry.name + ("/" if entry.is_dir(follow_symlinks=False) else "")
                for entry in entries
                if not is_passed_over(entry.name) and not entry.is_symlink()
            )
    except OSError as error:
        yield prefix, folder, error
        return
    for name in names:
        yield prefix + name, folder / name, None


def is_passed_over(name: str) -> bool:
    """Whether a name is that of a hidden file, or of the lock of an office program."""
    return name.startswith((".", "~$"))
