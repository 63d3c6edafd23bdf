"""Walking through folders in the order of names, one folder's names in memory at a time."""

import os
from collections.abc import Iterator
from pathlib import Path

from model.encodings import decode
from model.errors import DecodingError

Entry = tuple[str, Path, str]
"""Path below the root with `/`, path on the disk, and why it is not read; empty for a file."""

_LINK = "是符号链接，没有跟随；要读它指向的内容，请把那里也列为输入"


def walk(root: Path) -> Iterator[Entry]:
    """The files below a folder, sorted by their paths.

    Hidden files and folders, and the lock files of office programs are passed over. A link, and a
    folder that cannot be listed, come once, with the reason.
    """
    below = [_listed(root, "")]
    while below:
        entry = next(below[-1], None)
        if entry is None:
            below.pop()
        elif not entry[2] and entry[0].endswith("/"):
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
                (entry.name + ("/" if entry.is_dir(follow_symlinks=False) else ""), reason)
                for entry in entries
                if not is_passed_over(entry.name)
                for reason in (_LINK if entry.is_symlink() else "",)
            )
    except OSError as error:
        yield prefix, folder, f"文件夹无法列出（{error.strerror or error}）"
        return
    for name, reason in names:
        yield prefix + name, folder / name, reason


def is_passed_over(name: str) -> bool:
    """Whether a name is that of a hidden file, or of the lock of an office program."""
    return name.startswith((".", "~$"))
