"""The lines of a table in their order: each decoded alone, so that a bad one spoils no other.

In UTF-8, GB18030 and Big5 a byte that looks like a line end is one. UTF-16 and UTF-32 are decoded
as a stream, and end where their bytes are no text.
"""

import io
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from model.encodings import encoding_of
from model.errors import DecodingError
from service.reading.errors import LimitError, ReadingError
from service.reading.options import ReadingOptions

SAMPLE = 1024 * 1024
"""Bytes by which the encoding is found."""
_BY_BYTES = ("utf-8", "gb18030", "cp950")
"""Encodings in which a byte that looks like a line end is one."""
_BOM = b"\xef\xbb\xbf"
_PIECE = 64 * 1024


class Line(NamedTuple):
    """A line of a file.

    Attributes:
        number: from 1.
        text: with its line end; what could not be decoded is replaced.
        end: the bytes of the file up to its end; 0 where they are not counted.
        fault: why it must not be read; empty for a good line.
    """

    number: int
    text: str
    end: int
    fault: str


def sample_of(file: BinaryIO) -> bytes:
    """Whole lines from here on, for `encoding_of_lines`; the file stays where it is."""
    here = file.tell()
    sample = file.read(SAMPLE)
    file.seek(here)
    return sample if len(sample) < SAMPLE else sample[: sample.rfind(b"\n") + 1] or sample


def encoding_of_lines(sample: bytes) -> str:
    """The encoding of most of these lines, as `encoding_of` names it.

    Raises:
        DecodingError: it is not text.
    """
    try:
        found = encoding_of(sample)
    except DecodingError:
        return _encoding_of_most(sample)
    return "utf-8" if found in ("gb18030", "cp950") and _is_utf8(sample) else found


def _is_utf8(sample: bytes) -> bool:
    """Whether most lines beyond ASCII are UTF-8, which those of other encodings hardly ever are."""
    lines = [line for line in sample.splitlines() if not line.isascii()]
    return 2 * len(_readable(lines, "utf-8")) > len(lines)


def _encoding_of_most(sample: bytes) -> str:
    every = sample.splitlines()
    lines = [line for line in every if not line.isascii() or b"\0" in line]
    for encoding in _BY_BYTES:
        good = _readable(lines, encoding)
        if good and 2 * len(good) >= len(lines) and _fits(b"\n".join(good), encoding):
            return encoding
    if 2 * len(lines) >= len(every):
        return encoding_of(sample)
    return "utf-8"


def _fits(data: bytes, encoding: str) -> bool:
    try:
        return encoding_of(data).startswith(encoding)
    except DecodingError:
        return False


def _readable(lines: list[bytes], encoding: str) -> list[bytes]:
    return [line for line in lines if not _fault(line, encoding, 1, 0)[1]]


def is_by_bytes(encoding: str) -> bool:
    """Whether lines of that encoding are decoded one by one."""
    return encoding.removesuffix("-sig") in _BY_BYTES


def lines(
    file: BinaryIO, encoding: str, options: ReadingOptions, may_change: bool = True
) -> Iterator[Line]:
    """The lines of a file from its beginning; a line with a fault comes with the reason.

    Args:
        file: the bytes.
        encoding: what `encoding_of_lines` finds.
        options: the limits.
        may_change: whether another encoding may follow what was ASCII alone.

    Raises:
        ReadingError: the stream of a UTF-16 or UTF-32 file breaks off.
    """
    if is_by_bytes(encoding):
        is_open = may_change and encoding == "utf-8"
        return _decoded(file, encoding.removesuffix("-sig"), options, is_open)
    return _stream(file, encoding)


def _stream(file: BinaryIO, encoding: str) -> Iterator[Line]:
    text = io.TextIOWrapper(file, encoding, newline="")
    number = 0
    try:
        for number, line in enumerate(text, 1):
            yield Line(number, line, 0, "")
    except UnicodeDecodeError as error:
        raise ReadingError(f"第 {number} 行之后有不是文字的字节，没有再读") from error
    finally:
        # The file is closed by whoever opened it.
        if not file.closed:
            text.detach()


def _decoded(
    file: BinaryIO, encoding: str, options: ReadingOptions, is_open: bool
) -> Iterator[Line]:
    """Those lines; the encoding is open until the first of them that is not ASCII alone."""
    number = end = 0
    for data, length in _pieces(file, options.max_file):
        number, end = number + 1, end + length
        if length > len(data):
            what = f"第 {number} 行有 {{}} 字节"
            fault = str(LimitError(what, length, options.max_file, "max_file"))
            yield Line(number, "\n", end, fault)
            continue
        if number == 1:
            data = data.removeprefix(_BOM)
        start = end - len(data)
        text, fault = _fault(data, encoding, number, start)
        if is_open and not data.isascii():
            is_open = False
            if fault:
                encoding = _encoding_from(file, end, data)
                text, fault = _fault(data, encoding, number, start)
        yield Line(number, text, end, fault)


def _encoding_from(file: BinaryIO, end: int, line: bytes) -> str:
    """The encoding of a line, which ends there, and of those after it."""
    here = file.tell()
    file.seek(end)
    try:
        found = encoding_of_lines(line + sample_of(file))
    except DecodingError:
        return "utf-8"
    finally:
        file.seek(here)
    return found if found in _BY_BYTES else "utf-8"


def _fault(data: bytes, encoding: str, number: int, start: int) -> tuple[str, str]:
    """A line's text, and what is wrong with its bytes."""
    try:
        text, at = data.decode(encoding), data.find(b"\0")
    except UnicodeDecodeError as error:
        text, at = data.decode(encoding, "replace"), error.start
    if at < 0:
        return text, ""
    return text, f"第 {number} 行有不是文字的字节（文件的第 {start + at} 字节，从 0 数起）"


def _pieces(file: BinaryIO, most: int) -> Iterator[tuple[bytes, int]]:
    r"""The lines, which end with \n, \r\n or \r, and their lengths; none of one too long."""
    held: list[bytes] = []
    length = 0
    while piece := file.read(_PIECE):
        if piece.endswith(b"\r"):
            piece += file.read(1)
        for line in piece.splitlines(keepends=True):
            if not length and len(line) <= most and line.endswith((b"\n", b"\r")):
                yield line, len(line)
                continue
            length += len(line)
            if length <= most:
                held.append(line)
            else:
                held.clear()
            if line.endswith((b"\n", b"\r")):
                yield b"".join(held), length
                held.clear()
                length = 0
    if length:
        yield b"".join(held), length
