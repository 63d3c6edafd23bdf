"""Folders of this machine that a person may choose: those below the roots, and nothing else.

What a browser sends is never a path: a page keeps the folders that it has shown and is told which
of them was clicked.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from service.reading.folders import is_passed_over
from service.workbench.errors import WorkbenchError
from service.workbench.wording import say

MOST = 500
"""So many folders are shown of one."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder below a root.

    Attributes:
        root: where it begins, resolved.
        parts: the names from there.
    """

    root: Path
    parts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called: below a root by its name, a root by its own."""
        return self.parts[-1] if self.parts else self.root.name or str(self.root)

    @property
    def shown(self) -> str:
        """The way from its root, for people."""
        return "/".join((self.root.name or str(self.root), *self.parts))

    @property
    def way(self) -> tuple["Folder", ...]:
        """The folders from the root to this one, both among them."""
        return tuple(Folder(self.root, self.parts[:n]) for n in range(len(self.parts) + 1))

    def path(self) -> Path:
        """Where it is.

        Raises:
            WorkbenchError: it is not there, or it leads out of its root.
        """
        path = self.root.joinpath(*self.parts)
        try:
            resolved = path.resolve(strict=True)
        except OSError as error:
            raise _gone(self) from error
        # A link below the root might lead anywhere; a name might be "..".
        if resolved != path or not resolved.is_relative_to(self.root) or not resolved.is_dir():
            raise _gone(self)
        return resolved

    def children(self) -> list["Folder"]:
        """The folders in it by name, the first `MOST`; links and hidden ones are left out.

        Raises:
            WorkbenchError: it cannot be listed.
        """
        try:
            with os.scandir(self.path()) as entries:
                names = [
                    entry.name
                    for entry in entries
                    if entry.is_dir(follow_symlinks=False) and not is_passed_over(entry.name)
                ]
        except OSError as error:
            raise _gone(self) from error
        return [Folder(self.root, (*self.parts, name)) for name in sorted(names)[:MOST]]


def roots(paths: Sequence[Path]) -> list[Folder]:
    """The roots that are there."""
    return [Folder(path) for path in paths if path.is_dir()]


def _gone(folder: Folder) -> WorkbenchError:
    return WorkbenchError(
        say(f"{folder.shown} 打不开，或已经不在了", f"{folder.shown} cannot be opened, or is gone")
    )
