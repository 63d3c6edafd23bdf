"""Load on a server: as much as it can bear, by wrk; or at a given rate, by a loop of our own.

wrk waits for an answer before it asks again, so it says how many requests a server answers, but not
how long people would wait who ask when they like. For that the second kind sends on a schedule and
counts time from the moment when a request was due.
"""

import asyncio
import json
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

_SCRIPT = """
wrk.method = "POST"
local file = io.open("{body}", "rb")
wrk.body = file:read("*a")
file:close()
{headers}
done = function(summary, latency, requests)
  io.write(string.format(
    '{{"answers": %d, "microseconds": %d, "p50": %f, "p99": %f, "errors": %d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write
      + summary.errors.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Question:
    """One POST, sent over and over."""

    url: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a load came to.

    Attributes:
        rate: answers a second.
        p50, p99: milliseconds in which half and 99 in 100 of them came.
        answers: how many.
    """

    rate: float
    p50: float
    p99: float
    answers: int


class LoadError(Exception):
    """The server did not answer as it should, so that its figures say nothing."""


def ask(question: Question) -> bytes:
    """One answer, however long it takes: some servers load their dictionary when first asked.

    Raises:
        LoadError: the answer is no 200.
    """
    asked = urllib.request.Request(question.url, question.body, dict(question.headers))  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310
            body: bytes = answer.read()
            return body
    except OSError as error:
        raise LoadError(f"{question.url}: {error}") from error


def wrk(question: Question, connections: int, seconds: float) -> Figures:
    """As many requests as so many connections can have answered, one after the other.

    Raises:
        LoadError: an answer was no 2xx, or a connection failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        body, script = Path(folder) / "body", Path(folder) / "post.lua"
        body.write_bytes(question.body)
        headers = (f'wrk.headers["{name}"] = "{value}"' for name, value in question.headers.items())
        script.write_text(_SCRIPT.format(body=body, headers="\n".join(headers)))
        command = [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{max(1, round(seconds))}s",
            "--timeout",
            "30s",
        ]
        done = subprocess.run(
            [*command, "-s", str(script), question.url], capture_output=True, text=True, check=True
        )
    said = json.loads(done.stdout.splitlines()[-1])
    if said["errors"] or not said["answers"]:
        raise LoadError(f"{question.url}: {said}")
    rate = said["answers"] / said["microseconds"] * 1e6
    return Figures(rate, said["p50"] / 1000, said["p99"] / 1000, said["answers"])


def at_rate(question: Question, rate: float, seconds: float, connections: int = 64) -> Figures:
    """So many requests a second, evenly, whether or not the earlier ones have been answered.

    Raises:
        LoadError: as `wrk`.
    """
    return uvloop.run(_at_rate(question, rate, seconds, connections))


async def _at_rate(question: Question, rate: float, seconds: float, connections: int) -> Figures:
    address = urlsplit(question.url)
    loop = asyncio.get_running_loop()
    free: asyncio.Queue[_Sender] = asyncio.Queue()
    for _ in range(connections):
        _, sender = await loop.create_connection(
            lambda: _Sender(_request(question), free), address.hostname or "", address.port or 80
        )
        free.put_nowait(sender)
    waited: list[float] = []
    began = time.perf_counter()
    count = int(rate * seconds)
    for number in range(count):
        due = began + number / rate
        # Timers are coarse to a millisecond: what is due meanwhile is sent at once.
        if (pause := due - time.perf_counter()) > 0:
            await asyncio.sleep(pause)
        (await free.get()).send(due, waited)
    lasted = time.perf_counter() - began
    for _ in range(connections):
        (await asyncio.wait_for(free.get(), 30)).close()
    if len(waited) != count:
        raise LoadError(f"{question.url}: {len(waited)} of {count} requests were answered with 200")
    waited.sort()
    p50, p99 = (waited[count * share // 100] * 1000 for share in (50, 99))
    return Figures(count / lasted, p50, p99, count)


def _request(question: Question) -> bytes:
    address = urlsplit(question.url)
    headers = {
        "host": address.netloc,
        "content-length": str(len(question.body)),
        **question.headers,
    }
    lines = [f"POST {address.path} HTTP/1.1", *(f"{name}: {v}" for name, v in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + question.body


class _Sender(asyncio.Protocol):
    """A connection that sends one request at a time and comes back to be used again."""

    def __init__(self, request: bytes, free: "asyncio.Queue[_Sender]") -> None:
        self._request = request
        self._free = free
        self._answer = b""
        self._due = 0.0
        self._waited: list[float] = []

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Keep what to send on."""
        self._transport = transport

    def send(self, due: float, waited: list[float]) -> None:
        """Send, and note how long after `due` the whole answer was there."""
        self._due, self._waited = due, waited
        self._transport.write(self._request)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Look whether the answer is whole."""
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        if head.startswith(b"HTTP/1.1 200"):
            self._waited.append(time.perf_counter() - self._due)
        self._answer = b""
        self._free.put_nowait(self)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    raise LoadError("an answer without its length")
