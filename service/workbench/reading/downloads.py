"""Answers that a browser keeps as files: their names, and who may have them."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

_PIECE = 1 << 20

PRIVATE = {"cache-control": "private, no-store", "content-encoding": "identity"}
"""Nobody between keeps it, and it is sent as it is, without the time that packing it would take."""

TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "json": "application/json",
    "zip": "application/zip",
}
"""The media types of what can be had, by ending."""


def attachment(name: str) -> dict[str, str]:
    """The headers under which a browser keeps an answer as a file, whatever script its name is in.

    The plain name is for browsers that do not know RFC 5987.
    """
    plain = f"govtheme{Path(name).suffix}"
    said = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return {"content-disposition": said, **PRIVATE}


def zipped(folder: Path, name: str) -> Iterator[bytes]:
    """The files of a folder as a zip, made while it is sent; they are packed already.

    Args:
        folder: without folders in it.
        name: of the folder in the zip.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        for path in sorted(folder.iterdir()):
            member = zipfile.ZipInfo.from_file(path, f"{name}/{path.name}")
            with archive.open(member, "w", force_zip64=True) as entry, path.open("rb") as file:
                while piece := file.read(_PIECE):
                    entry.write(piece)
                    yield sink.take()
    yield sink.take()


class _Sink(io.RawIOBase):
    """Keeps what is written until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._held: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._held.append(piece)
        return len(piece)

    def take(self) -> bytes:
        held, self._held = b"".join(self._held), []
        return held
