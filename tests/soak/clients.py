"""Those who ask: good requests, bad ones, slow ones, and ones that break off."""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.soak import questions
from tests.soak.ledger import Ledger
from tests.soak.oracle import Oracle

Kind = Callable[[], Awaitable[None]]

LINES = 300


class Clients:
    """A number of clients that ask one thing after the other until they are told to stop.

    Args:
        address: of the server.
        token: a key with the scope `classify`.
    """

    def __init__(self, address: str, token: str, oracle: Oracle, ledger: Ledger) -> None:
        self._address = urlsplit(address)
        self._headers = {"authorization": f"Bearer {token}"}
        self._oracle = oracle
        self._ledger = ledger
        self.random = Random(0)
        self._http = httpx.AsyncClient(
            base_url=address, headers=self._headers, timeout=60, trust_env=False
        )
        self._kinds: list[tuple[int, str, Kind]] = [
            (30, "single", lambda: self._classify("single", questions.single)),
            (10, "several", lambda: self._classify("several", questions.several)),
            (8, "page", lambda: self._classify("page", questions.page)),
            (5, "gzip", lambda: self._classify("gzip", questions.single, packed=True)),
            (5, "chunked", lambda: self._classify("chunked", questions.several, chunked=True)),
            (4, "plain text", self._plain),
            (4, "stream", self._stream),
            (4, "description", self._description),
            (20, "bad", self._bad),
            (2, "wrong key", self._wrong_key),
            (3, "slow", self._slow),
            (1, "too slow", self._too_slow),
            (2, "hangs up", self._hangs_up),
            (1, "half closed", self._half_closed),
            (2, "pipelined", self._pipelined),
            (2, "no HTTP", self._no_http),
        ]

    async def run(self, count: int, stop: asyncio.Event) -> None:
        """So many clients, until the event; then every connection is closed."""
        await asyncio.gather(*(self._one(stop) for _ in range(count)))

    async def close(self) -> None:
        """Close the connections that are kept."""
        await self._http.aclose()

    async def _one(self, stop: asyncio.Event) -> None:
        weights = [weight for weight, _, _ in self._kinds]
        while not stop.is_set():
            ((_, name, ask),) = self.random.choices(self._kinds, weights)
            began = time.monotonic()
            try:
                await ask()
                self._ledger.took(name, time.monotonic() - began)
            except (httpx.TransportError, OSError, asyncio.IncompleteReadError) as error:
                self._ledger.broken(name, began, error)
                await asyncio.sleep(0.05)

    async def _classify(
        self,
        kind: str,
        make: Callable[[Random], dict[str, Any]],
        *,
        packed: bool = False,
        chunked: bool = False,
    ) -> None:
        question = make(self.random)
        body = json.dumps(question, ensure_ascii=False).encode()
        headers = {"content-type": "application/json"}
        if packed:
            body, headers["content-encoding"] = gzip.compress(body), "gzip"
        began = time.monotonic()
        content = _pieces(body, 500) if chunked else body
        answer = await self._http.post("/classify", content=content, headers=headers)
        self._judge(kind, question, answer.status_code, answer.content, began)

    def _judge(
        self, kind: str, question: dict[str, Any], status: int, body: bytes, began: float
    ) -> None:
        if status != 200:
            self._ledger.count(kind, "/classify", status)
            self._ledger.fault(kind, f"status {status}: {body[:300]!r}")
            return
        said = json.loads(body)
        told = sum(result.get("kind") != "furniture" for result in said["results"])
        self._ledger.count(kind, "/classify", status, told)
        if fault := self._oracle.fault(question, said, began, time.monotonic()):
            self._ledger.fault(kind, fault)

    async def _plain(self) -> None:
        text = self.random.choice(questions.TEXTS)
        began = time.monotonic()
        answer = await self._http.post(
            "/classify",
            content=text.encode("gb18030"),
            headers={"content-type": "text/plain; charset=gb18030"},
        )
        self._judge("plain text", {"text": text}, answer.status_code, answer.content, began)

    async def _stream(self) -> None:
        texts = [self.random.choice(questions.TEXTS) for _ in range(LINES)]
        lines = [json.dumps({"text": t, "id": n}).encode() + b"\n" for n, t in enumerate(texts)]
        began = time.monotonic()
        answer = await self._http.post(
            "/classify/stream",
            content=_pieces(b"".join(lines), 4000),
            headers={"content-type": "application/x-ndjson"},
        )
        said = [json.loads(line) for line in answer.text.splitlines()]
        self._ledger.count("stream", "/classify/stream", answer.status_code, len(said))
        if [line.get("id") for line in said] != list(range(LINES)):
            self._ledger.fault("stream", f"{len(said)} lines, or not in order")
        for text, line in zip(texts, said, strict=False):
            if fault := self._oracle.line_fault(text, line, began, time.monotonic()):
                self._ledger.fault("stream", fault)
                break

    async def _description(self) -> None:
        path = self.random.choice(("/themes", "/model", "/models", "/openapi.json"))
        answer = await self._http.get(path)
        # The server counts pages that are not its own routes together.
        route = "other" if path == "/openapi.json" else path
        self._ledger.count("description", route, answer.status_code)
        if answer.status_code != 200:
            self._ledger.fault("description", f"{path}: {answer.status_code}")

    async def _bad(self) -> None:
        name, body, headers, wanted = self.random.choice(questions.BAD)
        try:
            answer = await self._http.post("/classify", content=body, headers=headers)
        except (httpx.ReadError, httpx.WriteError):
            # A body that is refused while it is being sent may take the answer with it.
            if wanted != 413:
                raise
            self._ledger.count("bad", "/classify", wanted)
            return
        self._ledger.count("bad", "/classify", answer.status_code)
        if answer.status_code != wanted or set(answer.json()) != {"error"}:
            self._ledger.fault("bad", f"{name}: {answer.status_code}, not {wanted}")

    async def _wrong_key(self) -> None:
        key = self.random.choice(("Bearer wrong", "Basic !", ""))
        headers = {"authorization": key}
        answer = await self._http.post("/classify", json={"text": "a"}, headers=headers)
        self._ledger.count("wrong key", "/classify", answer.status_code)
        if answer.status_code != 401:
            self._ledger.fault("wrong key", f"status {answer.status_code}")

    async def _slow(self) -> None:
        """Slower than most, but within the limits."""
        question = questions.single(self.random)
        pieces = [*_cut(self._request(question), 5)]
        began = time.monotonic()
        status, body = await self._raw(pieces, pause=0.1)
        self._judge("slow", question, status, body, began)

    async def _too_slow(self) -> None:
        request = self._request(questions.single(self.random))
        status, _ = await self._raw([request[:-5]])
        self._ledger.count("too slow", "/classify", status)
        if status != 408:
            self._ledger.fault("too slow", f"status {status}")

    async def _hangs_up(self) -> None:
        request = self._request(questions.single(self.random))
        reader, writer = await self._connected()
        del reader
        writer.write(request[: self.random.randrange(1, len(request))])
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        self._ledger.kinds["hangs up"] += 1

    async def _half_closed(self) -> None:
        """Whoever sends no more may also want no answer: the server may do either."""
        reader, writer = await self._connected()
        writer.write(b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        self._ledger.kinds["half closed"] += 1
        if answer and not answer.startswith(b"HTTP/1.1 200"):
            self._ledger.fault("half closed", f"{answer[:100]!r}")

    async def _pipelined(self) -> None:
        """Two requests at once are answered one after the other."""
        first = self._request({"text": questions.TEXTS[0]}, close=False)
        status, body = await self._raw([first + self._request({"text": questions.TEXTS[1]})])
        answers = body.count(b'"results"')
        for _ in range(answers):
            self._ledger.count("pipelined", "/classify", status, 1)
        if (status, answers) != (200, 2):
            self._ledger.fault("pipelined", f"status {status}, {answers} answers")

    async def _no_http(self) -> None:
        reader, writer = await self._connected()
        writer.write(self.random.choice((b"\x16\x03\x01\x02\x00", b"HELO a\r\n\r\n", b"\0" * 100)))
        answer = await reader.read()
        writer.close()
        self._ledger.kinds["no HTTP"] += 1
        if answer and not answer.startswith(b"HTTP/1.1 400"):
            self._ledger.fault("no HTTP", f"{answer[:100]!r}")

    def _request(self, question: dict[str, Any], *, close: bool = True) -> bytes:
        body = json.dumps(question, ensure_ascii=False).encode()
        headers = {
            "host": self._address.netloc,
            **self._headers,
            "content-type": "application/json",
            "content-length": str(len(body)),
            **({"connection": "close"} if close else {}),
        }
        lines = [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join(["POST /classify HTTP/1.1", *lines, "", ""]).encode() + body

    async def _raw(self, pieces: list[bytes], pause: float = 0.0) -> tuple[int, bytes]:
        """Send the pieces, and read to the end: the status, and all after the first head."""
        reader, writer = await self._connected()
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
            head = await reader.readuntil(b"\r\n\r\n")
            return int(head.split(b" ", 2)[1]), await reader.read()
        finally:
            writer.close()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._address.hostname, self._address.port)

    async def accepted(self, question: dict[str, Any], release: asyncio.Event) -> str:
        """A request that the server has begun to read, and whose body comes after `release`.

        Returns:
            What was wrong with the answer; empty when nothing was.
        """
        head, end, body = self._request(question).partition(b"\r\n\r\n")
        reader, writer = await self._connected()
        try:
            writer.write(head + b"\r\nexpect: 100-continue" + end)
            await reader.readuntil(b"100 Continue\r\n\r\n")
            began = time.monotonic()
            await release.wait()
            writer.write(body)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                return f"{head[:100]!r}"
            said = json.loads(await reader.read())
            return self._oracle.fault(question, said, began, time.monotonic())
        except (OSError, asyncio.IncompleteReadError) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            writer.close()


async def _pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for piece in _cut(body, len(body) // size + 1):
        yield piece


def _cut(body: bytes, count: int) -> list[bytes]:
    size = len(body) // count + 1
    return [body[begin : begin + size] for begin in range(0, len(body), size)]
