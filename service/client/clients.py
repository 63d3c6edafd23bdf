"""The clients: one that waits, one for asyncio; they differ only in how a call is sent.

No text goes into a log or an error's message, and none to anyone but the server named: redirects
are not followed, and the proxy variables of the environment (`HTTP_PROXY`, …) are not read, which
on an office machine would send citizens' letters through the office's proxy.
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import httpx

from service.client import calls
from service.client.calls import Call, Threshold
from service.client.errors import BusyError, NoConnectionError
from service.client.results import Model, Promotion, Result, Scored, Streamed, Theme
from service.client.retries import Outcome, Waits

_LONG = 200_000
"""Bytes of an answer that take longer to read than others on the event loop should wait."""

T = TypeVar("T")
H = TypeVar("H", httpx.Client, httpx.AsyncClient)

WINDOW = 64_000
"""Bytes a request of `stream`. httpx sends a whole body before it reads an answer, so one must
be small enough for the server to take in while nobody reads what it says."""

PATIENCE = 60.0
"""Seconds that all waits of one request may take together."""


class _Connection(Generic[H]):
    """What both clients are told and have in common: all but the sending."""

    _kind: type[H]

    def __init__(
        self,
        address: str = "http://127.0.0.1:8000",
        key: str | None = None,
        timeout: float = 30.0,
        retries: int = 4,
        *,
        patience: float = PATIENCE,
        batch_texts: int = 256,
        batch_bytes: int = 500_000,
        concurrency: int = 4,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        """A client of one server.

        Args:
            address: where it listens; a path is kept, for a server behind a prefix.
            key: the API key, where the server wants one.
            timeout: seconds without a byte before an attempt is given up.
            retries: how often a busy or lost request is repeated, at least 0.
            patience: seconds that all waits of one request may take together.
            batch_texts, batch_bytes: how large a request of `classify_many` may be, each at
                least 1; the server takes 4,096 texts and 2,000,000 bytes unless set otherwise.
            concurrency: requests at a time where `AsyncClient` sends many, at least 1.
            verify: for https, a context that trusts the office's own authority.

        Raises:
            ValueError: one of them cannot be used.
        """
        if not address.startswith(("http://", "https://")):
            raise ValueError("地址要以 http:// 或 https:// 开头")
        if key is not None and not (key and key.isascii() and key.isprintable()):
            raise ValueError("密钥只能由可见的 ASCII 字符组成，且不能为空")
        if retries < 0 or min(batch_texts, batch_bytes, concurrency) < 1:
            raise ValueError("retries 至少为 0，batch_texts、batch_bytes、concurrency 至少为 1")
        self.address = address.rstrip("/") + "/"
        self._retries = retries
        self._patience = patience
        self._concurrency = concurrency
        self._batch = (batch_texts, batch_bytes)
        try:
            self._http: H = self._kind(
                base_url=self.address,
                headers={"authorization": f"Bearer {key}"} if key else {},
                timeout=timeout,
                verify=verify,
                trust_env=False,
            )
        except httpx.InvalidURL as error:
            raise ValueError(f"地址 {address[:80]!r} 有误：{error}") from error

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address!r})"

    def _waits(self, retries: int | None = None) -> Waits:
        return Waits(self._retries if retries is None else retries, self._patience)

    def _request(self, call: Call[Any]) -> httpx.Request:
        return self._http.build_request(
            call.method, call.path, content=call.content, headers=call.headers, files=call.files
        )

    def _answer(self, call: Call[T], outcome: Outcome) -> T:
        if isinstance(outcome, httpx.Response):
            return call.answer(outcome)
        raise NoConnectionError(self.address, _reason(outcome)) from outcome


def _reason(error: httpx.RequestError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "超时"
    return "连不上" if isinstance(error, httpx.ConnectError) else "连接中断"


class Client(_Connection[httpx.Client]):
    """The server, from a program that waits; closed by `with` or by `close`.

    Whatever asks the server raises a `ClientError` when there is no good answer.
    Threads may share one.
    """

    _kind = httpx.Client

    def classify(self, text: str, *, evidence: bool = False, threshold: Threshold = None) -> Result:
        """The themes of one paragraph, taken as it comes."""
        return self._send(calls.classify(text, evidence, threshold))

    def classify_many(
        self, texts: Iterable[str], *, evidence: bool = False, threshold: Threshold = None
    ) -> Iterator[Result]:
        """The themes of each paragraph, in order; batches are made, sent and read as you go on.

        The first text that the server refuses ends it with an `AnswerError` that names its place;
        `stream` goes on instead.
        """
        return self._ordered(calls.batches(texts, *self._batch, evidence, threshold))

    def classify_document(
        self, text: str, *, evidence: bool = False, threshold: Threshold = None
    ) -> list[Result]:
        """A whole page, paragraph by paragraph, its furniture set aside."""
        return self._send(calls.document(text, evidence, threshold))

    def classify_file(
        self,
        path: str | PathLike[str],
        *,
        evidence: bool = False,
        threshold: float | None = None,
        text_column: str | None = None,
    ) -> Scored:
        """A file of any kind that the server reads, an archive among them.

        Args:
            text_column: the column of a table that holds the texts; None lets the server look.

        Raises:
            OSError: the file cannot be read here.
        """
        path = Path(path)
        return self.classify_bytes(
            path.read_bytes(),
            path.name,
            evidence=evidence,
            threshold=threshold,
            text_column=text_column,
        )

    def classify_bytes(
        self,
        data: bytes,
        name: str,
        *,
        evidence: bool = False,
        threshold: float | None = None,
        text_column: str | None = None,
    ) -> Scored:
        """A file that is in memory; the ending of its name says what it is."""
        return self._send(calls.file(name, data, evidence, threshold, text_column))

    def stream(
        self,
        items: Iterable[str | tuple[str | int, str]],
        *,
        evidence: bool = False,
        threshold: float | None = None,
    ) -> Iterator[Streamed]:
        """Texts, or pairs of an id and a text; one answer each, in order, errors among them.

        Constant memory; answers come window by window, some hundred paragraphs at a time.
        """
        return self._ordered(calls.windows(items, self._batch[0], WINDOW, evidence, threshold))

    def themes(self) -> list[Theme]:
        """The themes of the model in use."""
        return self._send(calls.themes())

    def model(self) -> dict[str, Any]:
        """The manifest of the model in use."""
        return self._send(calls.model())

    def models(self) -> list[Model]:
        """The models that the server has, the oldest first."""
        return self._send(calls.models())

    def promote(self, version: str, *, by: str = "") -> Promotion:
        """Use another of the server's models; takes a key with the scope `admin`.

        Args:
            by: on whose behalf, at most 64 characters; the server's log of changes names them.
        """
        return self._send(calls.promote(version, by))

    def rollback(self, *, by: str = "") -> Promotion:
        """Use again what was used before; takes a key with the scope `admin`."""
        return self._send(calls.rollback(by), retries=0)

    def ready(self) -> bool:
        """Whether it would answer now; asked once, whatever `retries` says."""
        try:
            return self._send(calls.READY, retries=0)
        except (BusyError, NoConnectionError):
            return False

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ordered(self, waiting: Iterator[Call[list[T]]]) -> Iterator[T]:
        for call in waiting:
            yield from self._send(call)

    def _send(self, call: Call[T], retries: int | None = None) -> T:
        waits = self._waits(retries)
        while True:
            outcome = self._attempt(call)
            wait = waits.after(outcome)
            if wait is None:
                return self._answer(call, outcome)
            time.sleep(wait)

    def _attempt(self, call: Call[Any]) -> Outcome:
        try:
            return self._http.send(self._request(call))
        except httpx.RequestError as error:
            return error


class AsyncClient(_Connection[httpx.AsyncClient]):
    """The same for asyncio: `await` what `Client` returns, `async for` what it iterates over.

    Where it sends many, `concurrency` requests are under way at a time; the order is kept.
    What is iterated over is read on the event loop, so it should not wait for a disk or a network.
    """

    _kind = httpx.AsyncClient

    async def classify(
        self, text: str, *, evidence: bool = False, threshold: Threshold = None
    ) -> Result:
        """The themes of one paragraph, taken as it comes."""
        return await self._send(calls.classify(text, evidence, threshold))

    def classify_many(
        self, texts: Iterable[str], *, evidence: bool = False, threshold: Threshold = None
    ) -> AsyncGenerator[Result, None]:
        """The themes of each paragraph, in order; see `Client.classify_many`."""
        return self._ordered(calls.batches(texts, *self._batch, evidence, threshold))

    async def classify_document(
        self, text: str, *, evidence: bool = False, threshold: Threshold = None
    ) -> list[Result]:
        """A whole page, paragraph by paragraph, its furniture set aside."""
        return await self._send(calls.document(text, evidence, threshold))

    async def classify_file(
        self,
        path: str | PathLike[str],
        *,
        evidence: bool = False,
        threshold: float | None = None,
        text_column: str | None = None,
    ) -> Scored:
        """A file of any kind that the server reads; see `Client.classify_file`."""
        path = Path(path)
        return await self.classify_bytes(
            await asyncio.to_thread(path.read_bytes),
            path.name,
            evidence=evidence,
            threshold=threshold,
            text_column=text_column,
        )

    async def classify_bytes(
        self,
        data: bytes,
        name: str,
        *,
        evidence: bool = False,
        threshold: float | None = None,
        text_column: str | None = None,
    ) -> Scored:
        """A file that is in memory; see `Client.classify_bytes`."""
        return await self._send(calls.file(name, data, evidence, threshold, text_column))

    def stream(
        self,
        items: Iterable[str | tuple[str | int, str]],
        *,
        evidence: bool = False,
        threshold: float | None = None,
    ) -> AsyncGenerator[Streamed, None]:
        """Texts, or pairs of an id and a text; see `Client.stream`."""
        return self._ordered(calls.windows(items, self._batch[0], WINDOW, evidence, threshold))

    async def themes(self) -> list[Theme]:
        """The themes of the model in use."""
        return await self._send(calls.themes())

    async def model(self) -> dict[str, Any]:
        """The manifest of the model in use."""
        return await self._send(calls.model())

    async def models(self) -> list[Model]:
        """The models that the server has, the oldest first."""
        return await self._send(calls.models())

    async def promote(self, version: str, *, by: str = "") -> Promotion:
        """Use another of the server's models; takes a key with the scope `admin`."""
        return await self._send(calls.promote(version, by))

    async def rollback(self, *, by: str = "") -> Promotion:
        """Use again what was used before; takes a key with the scope `admin`."""
        return await self._send(calls.rollback(by), retries=0)

    async def ready(self) -> bool:
        """Whether it would answer now; asked once, whatever `retries` says."""
        try:
            return await self._send(calls.READY, retries=0)
        except (BusyError, NoConnectionError):
            return False

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _ordered(self, waiting: Iterator[Call[list[T]]]) -> AsyncGenerator[T, None]:
        under_way: deque[asyncio.Task[list[T]]] = deque()
        try:
            for call in waiting:
                under_way.append(asyncio.create_task(self._send(call)))
                if len(under_way) == self._concurrency:
                    for item in await under_way.popleft():
                        yield item
            while under_way:
                for item in await under_way.popleft():
                    yield item
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _send(self, call: Call[T], retries: int | None = None) -> T:
        waits = self._waits(retries)
        while True:
            outcome = await self._attempt(call)
            wait = waits.after(outcome)
            if wait is None:
                return await self._read(call, outcome)
            await asyncio.sleep(wait)

    async def _read(self, call: Call[T], outcome: Outcome) -> T:
        if isinstance(outcome, httpx.Response) and len(outcome.content) > _LONG:
            return await asyncio.to_thread(self._answer, call, outcome)
        return self._answer(call, outcome)

    async def _attempt(self, call: Call[Any]) -> Outcome:
        try:
            return await self._http.send(self._request(call))
        except httpx.RequestError as error:
            return error
