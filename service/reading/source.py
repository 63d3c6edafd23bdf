"""An opened file: what every reader reads from."""

import io
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, NamedTuple

from service.reading.errors import LimitError
from service.reading.options import ReadingOptions


class Part(NamedTuple):
    """A stretch of a table, whole rows.

    Attributes:
        offset, length: bytes.
        row: the number of its first row, from 1.
        width: the most cells that a row before it has.
    """

    offset: int
    length: int
    row: int
    width: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """A file on the disk, a member of an archive, an upload or an attachment.

    Attributes:
        doc: its name in rows and in the list of rejected files.
        file: the bytes; seekable, at their beginning.
        size: how many bytes there are.
        depth: how many archives it lies in.
        part: the stretch of it that is to be read, None for all of it.
    """

    doc: str
    file: BinaryIO
    size: int
    depth: int = 0
    part: Part | None = None

    @property
    def suffix(self) -> str:
        """How its name ends, in small letters, with the dot."""
        return PurePosixPath(self.doc).suffix.lower()

    def stretch(self, part: Part) -> BinaryIO:
        """The bytes of a part alone."""
        self.file.seek(part.offset)
        return io.BytesIO(self.file.read(part.length))

    def read(self, options: ReadingOptions) -> bytes:
        """All bytes.

        Raises:
            LimitError: there are more than may be read in one piece.
        """
        expected = min(self.size, options.max_file) + 1
        # As much memory is taken as is asked for, so the limit is not asked for at once.
        data = self.file.read(expected)
        if len(data) == expected:
            data += self.file.read(options.max_file + 1 - expected)
        if len(data) > options.max_file:
            raise LimitError(
                "文件有 {} 字节", max(self.size, len(data)), options.max_file, "max_file"
            )
        return data
