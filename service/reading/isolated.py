"""Reading in a process of its own what native libraries parse: PDF, web pages, Word.

A file that makes such a library crash, hang or eat memory ends that process and not the run. The
process is started once, reads one file after the other, and is replaced when it has died.

Frames on its pipes: eight bytes of length, then JSON; the file's bytes follow in a second frame.
"""

import atexit
import contextlib
import io
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from model.document import Document
from model.errors import UserError
from service.reading.errors import ReadingError, Rejected
from service.reading.options import ReadingOptions
from service.reading.source import Source

_LENGTH = struct.Struct(">Q")
_ROOT = str(Path(__file__).resolve().parents[2])
_START = f"""import sys
sys.path.append({_ROOT!r})
from service.reading.isolated import main
main()
"""


def read(module: str, source: Source, options: ReadingOptions) -> Iterator[Document | Rejected]:
    """What the reader of that module reads, in another process.

    Raises:
        ReadingError: the reader's own, or the process crashed or took too long.
    """
    data = source.read(options)
    for item in _reader_process().ask(module, source.doc, data, options):
        yield Rejected(**item) if "reason" in item else Document(**item)


class _Process:
    """The other process, seen from here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(
        self, module: str, doc: str, data: bytes, options: ReadingOptions
    ) -> list[dict[str, Any]]:
        request = {"module": module, "doc": doc, "options": asdict(options)}
        with self._lock:
            process = self._started()
            late = threading.Event()
            watch = threading.Timer(options.max_seconds, _too_late, (process, late))
            watch.start()
            try:
                answer = _exchange(process, orjson.dumps(request), data)
            finally:
                watch.cancel()
        if late.is_set():
            limit = f"{options.max_seconds} 秒还没有读完（由 GOVTHEME_MAX_SECONDS 设定）"
            raise ReadingError(f"用了 {limit}")
        if answer is None:
            code = process.wait()
            raise ReadingError(f"这个文件使读取程序崩溃（状态 {code}）")
        if "error" in answer:
            raise ReadingError(answer["error"])
        items: list[dict[str, Any]] = answer["items"]
        return items

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(  # noqa: S603  Python itself, and words of ours
                # -P: what stands in the folder that somebody happens to be in is not imported.
                [sys.executable, "-P", "-c", _START],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            atexit.register(_end, self._process)
        return self._process


_processes: dict[int, _Process] = {}


def _reader_process() -> _Process:
    """The one that this process started: one inherited over a fork is its parent's."""
    return _processes.setdefault(os.getpid(), _Process())


def _too_late(process: "subprocess.Popen[bytes]", late: threading.Event) -> None:
    late.set()
    process.kill()


def _exchange(
    process: "subprocess.Popen[bytes]", request: bytes, data: bytes
) -> dict[str, Any] | None:
    """The answer; None when the process ended without one."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        _send(process.stdin, request, data)
        answer = _receive(process.stdout)
    except OSError:
        answer = None
    if answer is None:
        _end(process)
        return None
    content: dict[str, Any] = orjson.loads(answer)
    return content


def _end(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.kill()
    process.wait()
    with contextlib.suppress(OSError):
        process.stdin.close()
    process.stdout.close()


def _send(pipe: Any, *frames: bytes) -> None:
    for frame in frames:
        pipe.write(_LENGTH.pack(len(frame)))
        pipe.write(frame)
    pipe.flush()


def _receive(pipe: Any) -> bytes | None:
    """A frame; None at the end of the pipe."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data: bytes = pipe.read(length)
    return data if len(data) == length else None


def main() -> None:
    """Answer requests until the pipe ends."""
    # Ctrl-C is for the process that asks; this one ends with the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, answers = sys.stdin.buffer, _own(sys.stdout.buffer)
    while (request := _receive(requests)) is not None:
        data = _receive(requests)
        if data is None:
            return
        _send(answers, orjson.dumps(_answer(orjson.loads(request), data)))


def _own(output: BinaryIO) -> BinaryIO:
    """The pipe under a number of its own, so that what a library prints does not go into it."""
    own = os.fdopen(os.dup(output.fileno()), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, output.fileno())
    return own


def _answer(request: dict[str, Any], data: bytes) -> dict[str, Any]:
    from service.reading.formats import plain, reader_of

    options = ReadingOptions(**request["options"])
    _limit_memory(options.max_memory)
    source = Source(request["doc"], io.BytesIO(data), len(data))
    try:
        items = [plain(item) for item in reader_of(request["module"])(source, options)]
    except UserError as error:
        return {"error": str(error)}
    except MemoryError:
        return {
            "error": f"读它要用的内存超过 {options.max_memory} 字节（由 GOVTHEME_MAX_MEMORY 设定）"
        }
    except Exception as error:  # noqa: BLE001  a broken file may break its library anywhere
        return {"error": f"文件损坏，或与扩展名不符（{type(error).__name__}）"}
    return {"items": [asdict(item) for item in items]}


def _limit_memory(most: int) -> None:
    try:
        import resource
    except ImportError:
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (most if hard < 0 else min(most, hard), hard))
