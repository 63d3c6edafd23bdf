"""A file that gives no more than a limit, for libraries that read as much as a header says."""

import io
from typing import BinaryIO

from service.reading.errors import LimitError


class BoundedFile(io.RawIOBase):
    """Reads from another file, but neither more at once nor further than it may.

    Args:
        file: what is read from; it stays open when this is closed.
        most: bytes that may be read at once.
        setting: the setting that the error names.
        what: what the error says was too large, with `{}` for the bytes.
        furthest: how far one may read or seek; None for any distance.
    """

    def __init__(
        self, file: BinaryIO, most: int, setting: str, what: str, furthest: int | None = None
    ) -> None:
        super().__init__()
        self._file = file
        self._most: int | None = most
        self._furthest = furthest
        self._setting = setting
        self._what = what

    def unbind(self) -> None:
        """From here on any number of bytes may be read at once."""
        self._most = None

    def read(self, size: int | None = -1) -> bytes:
        size = -1 if size is None else size
        if self._most is not None and size > self._most:
            raise LimitError(self._what, size, self._most, self._setting)
        data = self._file.read(size)
        self._check(self._file.tell())
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 0:
            self._check(offset)
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def _check(self, position: int) -> None:
        if self._furthest is not None and position > self._furthest:
            raise LimitError(self._what, position, self._furthest, self._setting)
