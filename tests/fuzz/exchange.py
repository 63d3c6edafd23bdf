"""One request through the whole application, without a socket, and what must hold of its answer."""

import asyncio
import json
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Scope

from service.requests import ClassifyResponse
from tests.fuzz.requests import Sent

_STATUSES = frozenset({200, 201, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422})
"""No 503: there are fewer requests at a time than places, so one means that a place was lost."""
_OWN_ERROR = {"status", "type", "message", "fields"}
_PATIENCE = 20.0


class FaultError(AssertionError):
    """An answer that must not be."""


@dataclass(slots=True)
class Answer:
    """What the application sent back."""

    messages: list[MutableMapping[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The status; 0 when there was no answer."""
        return int(self.messages[0]["status"]) if self.messages else 0

    @property
    def body(self) -> bytes:
        """All of the body."""
        return b"".join(message.get("body", b"") for message in self.messages[1:])


async def exchange(app: ASGIApp, sent: Sent) -> Answer:
    """Send a request and take its answer.

    Raises:
        FaultError: the application let an exception out, or took for ever.
    """
    answer = Answer()
    pieces = list(sent.pieces[:-1] if sent.leaves else sent.pieces)

    async def receive() -> Message:
        if pieces:
            piece = pieces.pop(0)
            return {
                "type": "http.request",
                "body": piece,
                "more_body": bool(pieces) or sent.leaves,
            }
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        answer.messages.append(message)

    try:
        await asyncio.wait_for(app(_scope(sent), receive, send), _PATIENCE)
    except Exception as error:
        raise FaultError(f"{type(error).__name__} came out of the application: {error}") from error
    return answer


def _scope(sent: Sent) -> Scope:
    """As uvicorn makes it: the path is decoded, names of headers are in small letters."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50_000),
        "scheme": "http",
        "method": sent.method,
        "root_path": "",
        "path": sent.path.decode("latin-1"),
        "raw_path": sent.path,
        "query_string": sent.query,
        "headers": list(sent.headers),
        "state": {},
        "extensions": {},
    }


def check(sent: Sent, answer: Answer) -> None:
    """What holds of every answer.

    Raises:
        FaultError: it does not.
    """
    if sent.leaves and answer.status in (0, 200):
        return
    _whole(answer)
    if answer.status not in _STATUSES and not (sent.method == "OPTIONS" and answer.status == 204):
        raise FaultError(f"status {answer.status}: {answer.body[:300]!r}")
    if sent.method == "HEAD":
        return
    if answer.status >= 400:
        _is_an_error(sent, answer)
    elif sent.path == b"/classify":
        ClassifyResponse.model_validate_json(answer.body)
    elif sent.path == b"/classify/stream":
        for line in answer.body.splitlines():
            found = json.loads(line)
            if ("scores" in found) == ("error" in found):
                raise FaultError(f"neither result nor error: {line[:300]!r}")


def _whole(answer: Answer) -> None:
    kinds = [message["type"] for message in answer.messages]
    if kinds[:1] != ["http.response.start"] or set(kinds[1:]) != {"http.response.body"}:
        raise FaultError(f"no whole answer: {kinds[:5]}")
    open_ends = [message.get("more_body", False) for message in answer.messages[1:]]
    if not all(open_ends[:-1]) or open_ends[-1]:
        raise FaultError(f"the answer does not end once: {open_ends[-5:]}")
    headers = dict(answer.messages[0]["headers"])
    length = headers.get(b"content-length")
    if length is not None and int(length) != len(answer.body):
        raise FaultError(f"content-length {length!r} for {len(answer.body)} bytes")
    for name, value in headers.items():
        if any(byte < 32 for byte in name + value) or name != name.lower():
            raise FaultError(f"header {name!r}: {value!r}")


def _is_an_error(sent: Sent, answer: Answer) -> None:
    try:
        body = json.loads(answer.body)
    except ValueError as error:
        raise FaultError(f"status {answer.status}, no JSON: {answer.body[:300]!r}") from error
    if sent.path.startswith(FOREIGN):
        return
    said = body.get("error", {})
    if set(said) != _OWN_ERROR or said["status"] != answer.status or not said["message"]:
        raise FaultError(f"status {answer.status}, not the error shape: {answer.body[:300]!r}")


FOREIGN = (b"/v2", b"/hf", b"/tei", b"/labelstudio", b"/doccano", b"/mlflow")
"""Where errors have the shape of the tool that asks."""
