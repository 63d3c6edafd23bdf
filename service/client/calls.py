"""What is asked and how the answer is read; both clients share it and differ in the sending alone.

A `Call` is one request with the function that reads its answer. Nothing here touches the network.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx

from service.client import results
from service.client.errors import (
    AnswerError,
    BadAnswerError,
    BadTextError,
    BusyError,
    KeyRefusedError,
)
from service.client.results import Model, Promotion, Result, Scored, Streamed, Theme
from service.client.retries import BUSY, retry_after

Threshold = float | Mapping[str, float] | None
"""In place of the model's own: one number, one a theme, or None for the stored ones."""

T = TypeVar("T")
K = TypeVar("K")

JSON = "application/json"
NDJSON = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request, and how to read its answer.

    `offset` is the place of its first text in all that was given; errors are told by it.
    """

    method: str
    path: str
    read: Callable[[httpx.Response], T]
    # A repr may end in a log.
    content: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, bytes]] | None = field(default=None, repr=False)
    offset: int = 0

    def answer(self, response: httpx.Response) -> T:
        """The answer as data.

        Raises:
            AnswerError: the server refused.
            BadAnswerError: it is not an answer of govtheme's.
        """
        if response.status_code != httpx.codes.OK:
            raise _refusal(response, self.offset)
        try:
            return self.read(response)
        except (ValueError, LookupError, TypeError, AttributeError):
            # Not chained: the exception of a JSON reader holds the whole answer.
            raise BadAnswerError(str(response.url), response.status_code) from None


def classify(text: str, evidence: bool, threshold: Threshold) -> Call[Result]:
    """One text."""
    body = _encoded({"text": text, **_options(evidence, threshold)})
    return Call("POST", "classify", _only_result, body, {"content-type": JSON})


def document(text: str, evidence: bool, threshold: Threshold) -> Call[list[Result]]:
    """A whole page."""
    body = _encoded({"document": text, **_options(evidence, threshold)})
    return Call("POST", "classify", _results, body, {"content-type": JSON})


def batches(
    texts: Iterable[str], most: int, size: int, evidence: bool, threshold: Threshold
) -> Iterator[Call[list[Result]]]:
    """Texts in their order, at most `most` of them and about `size` bytes a call."""
    pieces = ((n, _encoded(text, n)) for n, text in enumerate(_several(texts)))
    options = _encoded(_options(evidence, threshold))[1:]
    tail = b"]" + (b"," if len(options) > 1 else b"") + options

    def call(batch: list[tuple[int, bytes]]) -> Call[list[Result]]:
        body = b'{"texts":[' + b",".join(text for _, text in batch) + tail
        read = _as_many(len(batch))
        return Call("POST", "classify", read, body, {"content-type": JSON}, offset=batch[0][0])

    return map(call, _packed(pieces, most, size))


def windows(
    items: Iterable[str | tuple[str | int, str]],
    most: int,
    size: int,
    evidence: bool,
    threshold: float | None,
) -> Iterator[Call[list[Streamed]]]:
    """Texts with their ids as NDJSON, at most `most` lines and about `size` bytes a call.

    A plain string has its place as its id, from 0.
    """
    pairs = ((n, i) if isinstance(i, str) else i for n, i in enumerate(_several(items)))
    lines = (
        (id_, _encoded({"id": id_, "text": text}, n) + b"\n") for n, (id_, text) in enumerate(pairs)
    )
    path = _path("classify/stream", _options(evidence, threshold))

    def call(window: list[tuple[str | int, bytes]]) -> Call[list[Streamed]]:
        body = b"".join(line for _, line in window)
        read = _as_stream([id_ for id_, _ in window])
        return Call("POST", path, read, body, {"content-type": NDJSON})

    return map(call, _packed(lines, most, size))


def file(
    name: str, data: bytes, evidence: bool, threshold: float | None, text_column: str | None
) -> Call[Scored]:
    """A file; its name says what it is."""
    options = _options(evidence, threshold)
    if text_column is not None:
        options["text_column"] = text_column
    files = {"file": (name, data)}
    return Call("POST", _path("classify/file", options), _scored, files=files)


def themes() -> Call[list[Theme]]:
    """The themes of the model in use."""
    return Call("GET", "themes", lambda r: [results.theme(t) for t in r.json()["themes"]])


def model() -> Call[dict[str, Any]]:
    """The manifest of the model in use."""
    return Call("GET", "model", lambda r: dict(r.json()))


def models() -> Call[list[Model]]:
    """The models of the store."""
    return Call("GET", "models", lambda r: [results.model(m) for m in r.json()["models"]])


def promote(version: str, by: str) -> Call[Promotion]:
    """Use another model."""
    return _change(f"{quote(version, safe='')}/promote", by)


def rollback(by: str) -> Call[Promotion]:
    """Use again what was used before."""
    return _change("rollback", by)


def _change(what: str, by: str) -> Call[Promotion]:
    path = _path(f"admin/models/{what}", {"by": by} if by else {})
    return Call("POST", path, lambda response: results.promotion(response.json()))


READY = Call("GET", "readyz", lambda _: True)
"""Whether the server can answer."""


def _options(evidence: bool, threshold: Threshold) -> dict[str, Any]:
    given: dict[str, Any] = {"evidence": True} if evidence else {}
    if threshold is not None:
        given["threshold"] = dict(threshold) if isinstance(threshold, Mapping) else threshold
    return given


def _path(path: str, options: Mapping[str, Any]) -> str:
    return f"{path}?{httpx.QueryParams(options)}" if options else path


def _encoded(value: Any, position: int = 0) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        # Not chained: the exception holds the text.
        raise BadTextError(position) from None


def _several(items: Iterable[T]) -> Iterable[T]:
    if isinstance(items, str | bytes):
        raise TypeError("要的是多段文字，收到的是一个字符串；判断一段文字请用 classify")
    return items


def _packed(
    pieces: Iterable[tuple[K, bytes]], most: int, size: int
) -> Iterator[list[tuple[K, bytes]]]:
    """Pieces in batches, in order; a piece beyond `size` goes alone."""
    batch: list[tuple[K, bytes]] = []
    held = 0
    for piece in pieces:
        length = len(piece[1]) + 1
        if batch and (len(batch) == most or held + length > size):
            yield batch
            batch, held = [], 0
        batch.append(piece)
        held += length
    if batch:
        yield batch


def _results(response: httpx.Response) -> list[Result]:
    return results.results(response.json())


def _scored(response: httpx.Response) -> Scored:
    return results.scored(response.json())


def _only_result(response: httpx.Response) -> Result:
    (only,) = _results(response)
    return only


def _as_many(count: int) -> Callable[[httpx.Response], list[Result]]:
    def read(response: httpx.Response) -> list[Result]:
        found = _results(response)
        if len(found) != count:
            raise ValueError(f"{len(found)} results for {count} texts")
        return found

    return read


def _as_stream(ids: list[str | int]) -> Callable[[httpx.Response], list[Streamed]]:
    def read(response: httpx.Response) -> list[Streamed]:
        lines = response.content.splitlines()
        return [_streamed(json.loads(line), id_) for line, id_ in zip(lines, ids, strict=True)]

    return read


def _streamed(line: Mapping[str, Any], id_: str | int) -> Streamed:
    # A line that the server could not read comes back without its id.
    if line.get("id", id_) != id_:
        raise ValueError("an answer to another line")
    if "error" in line:
        return Streamed(id_, error=_error(line["error"], 0))
    return Streamed(id_, result=results.result(line, line["model"]))


def _refusal(response: httpx.Response, offset: int) -> AnswerError:
    try:
        error = _error(response.json()["error"], offset)
    except (ValueError, LookupError, TypeError, AttributeError):
        reason = response.reason_phrase or "没有说明"
        error = _kind(response.status_code)(response.status_code, "http_error", reason)
    if isinstance(error, BusyError):
        error.retry_after = retry_after(response)
    return error


def _error(detail: Mapping[str, Any], offset: int) -> AnswerError:
    status = int(detail["status"])
    fields = [_moved(str(name), offset) for name in detail["fields"]]
    return _kind(status)(status, str(detail["type"]), str(detail["message"]), fields)


def _moved(name: str, offset: int) -> str:
    """A text's number in all that was given, where the server knows it in its batch only."""
    head, _, number = name.partition(".")
    return f"{head}.{int(number) + offset}" if head == "texts" and number.isdecimal() else name


def _kind(status: int) -> type[AnswerError]:
    if status in BUSY:
        return BusyError
    return KeyRefusedError if status in (401, 403) else AnswerError
