"""A place on a form for one file, kept under a name of ours as long as the page is open."""

import secrets
from collections.abc import Callable
from pathlib import Path

from nicegui import ui
from starlette.requests import Request

from model.errors import UserError
from service.workbench.errors import WorkbenchError
from service.workbench.frame import tell
from service.workbench.reading.inbox import into_file, megabytes, name_of
from service.workbench.reading.uploader import uploader
from service.workbench.wording import say


class FileBox:
    """Takes files of some kinds in; the newest counts.

    Args:
        folder: where files are kept; made when the first comes.
        suffixes: how they may end, in small letters.
        most: bytes of one.
        arrived: told the name of each.
    """

    def __init__(
        self, folder: Path, suffixes: tuple[str, ...], most: int, arrived: Callable[[str], None]
    ) -> None:
        self._folder = folder
        self._suffixes = suffixes
        self._most = most
        self._arrived = arrived
        self.name = ""
        """What the person calls the file; empty before one is there."""
        self._path: Path | None = None

    def build(self, address: str) -> None:
        """Show it; files are sent to the address, and forgotten with the page."""
        most = megabytes(self._most)
        self._box = ui.column().classes("filebox")
        with self._box:
            uploader(address, self._most).props(f'accept="{",".join(self._suffixes)}"')
            with ui.row().classes("file") as self._row:
                ui.icon("description")
                self._label = ui.label()
            self._row.set_visibility(False)
            ui.label(say(f"最大 {most}", f"At most {most}")).classes("quiet")
        ui.context.client.on_delete(self._forget)

    async def receive(self, request: Request) -> None:
        """Take a file in, in place of the one before.

        Raises:
            WorkbenchError: files that end so are not read here.
            RefusedError: it is too large, or the disk too full.
        """
        name = name_of(request)
        suffix = Path(name).suffix.lower()
        if suffix not in self._suffixes:
            raise WorkbenchError(
                say(
                    f"这里读不了 {suffix or '没有扩展名的'} 文件；可用 ",
                    f"Not read: {suffix or 'a name without an ending'}; use ",
                )
                + "、".join(self._suffixes)
            )
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{secrets.token_hex(8)}{suffix}"
        await into_file(request, path, self._most)
        self._forget()
        self._path, self.name = path, name
        self._label.set_text(name)
        self._row.set_visibility(True)
        self._arrived(name)

    def tell(self, error: UserError) -> None:
        """Say on the page what went wrong."""
        with self._box:
            tell(error)

    def path(self) -> Path:
        """The file.

        Raises:
            WorkbenchError: there is none yet.
        """
        if self._path is None:
            raise WorkbenchError(say("还没有上传文件", "No file was uploaded yet"))
        return self._path

    def _forget(self) -> None:
        if self._path is not None:
            self._path.unlink(missing_ok=True)
