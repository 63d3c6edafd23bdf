"""What a browser sends: a body as it is, taken in piece by piece and never beyond a limit.

A form with files would be written to the disk before anybody could say no.
"""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

from starlette.requests import Request

from model.errors import UserError
from service.workbench.errors import NotAllowedError, WorkbenchError
from service.workbench.wording import say

NAME_HEADER = "x-name"
"""The header with the name of a file, percent-encoded."""

_PIECE = 1 << 20
_LONGEST = 80
"""Characters of a name; in UTF-8 they stay below what any file system takes."""
_SPARE = 200_000_000
"""Bytes that stay free on the disk: the table needs room too."""
_UNFIT = re.compile(r"[^\w.()（）《》“”、，+&@ -]+")
_HIDDEN = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


class RefusedError(WorkbenchError):
    """More than may be sent, or more than there is room for; the message says how much may."""


def clean_name(name: str) -> str:
    """A name from a browser as a plain base name: no folders, no control signs, not hidden."""
    base = _HIDDEN.sub("", name).replace("\\", "/").rpartition("/")[2]
    stem, dot, ending = _UNFIT.sub("_", base).strip(" .~-").rpartition(".")
    if not dot:
        stem, ending = ending, ""
    # A dot at the start would hide it, and a name of nothing is none.
    stem = stem.strip(" .~-")[:_LONGEST].strip() or say("文件", "file")
    return f"{stem}.{ending[:10]}" if ending else stem


def name_of(request: Request) -> str:
    """The name that the browser gave a file, cleaned; empty when it gave none."""
    given = unquote(request.headers.get(NAME_HEADER, ""))
    return clean_name(given) if given else ""


async def into_memory(request: Request, most: int) -> bytes:
    """A whole body.

    Raises:
        RefusedError: it has more bytes than it may have.
    """
    return b"".join([piece async for piece in _pieces(request, most)])


async def into_file(request: Request, path: Path, most: int) -> int:
    """A whole body into a new file; how many bytes it has.

    Raises:
        RefusedError: it has more bytes than it may have, or than the disk has room for.
    """
    _check_room(path.parent, _announced(request))
    beside = path.with_name(f".{path.name}.part")
    try:
        with beside.open("wb") as file:
            held: list[bytes] = []
            async for piece in _pieces(request, most):
                held.append(piece)
                if sum(map(len, held)) >= _PIECE:
                    await asyncio.to_thread(file.writelines, held)
                    held = []
            await asyncio.to_thread(file.writelines, held)
            size = file.tell()
        beside.rename(path)
    except OSError as error:
        raise RefusedError(
            say(f"无法存下：{error.strerror}", f"It cannot be kept: {error.strerror}")
        ) from error
    finally:
        beside.unlink(missing_ok=True)
    return size


async def _pieces(request: Request, most: int) -> AsyncIterator[bytes]:
    _check_size(_announced(request), most)
    size = 0
    async for piece in request.stream():
        size += len(piece)
        _check_size(size, most)
        yield piece


def _announced(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdecimal() else 0


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise RefusedError(
            say(
                f"超过了 {megabytes(most)} 的上限，没有收下",
                f"More than {megabytes(most)}, which is the limit; it was not taken",
            )
        )


def _check_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free - _SPARE
    if size > free:
        raise RefusedError(
            say(
                f"磁盘只剩 {megabytes(max(free, 0))} 可用，放不下这个文件；请先移除不要的任务",
                f"Only {megabytes(max(free, 0))} are free on the disk; remove some jobs first",
            )
        )


def refusal(error: UserError) -> int:
    """The status with which something is not taken."""
    if isinstance(error, RefusedError):
        return 413
    return 403 if isinstance(error, NotAllowedError) else 422


def megabytes(size: int) -> str:
    """A size for people."""
    if size >= 1 << 30:
        return f"{size / (1 << 30):.1f} GB"
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{size / 1000:.1f} KB"
