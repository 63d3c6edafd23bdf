"""`POST /classify/stream`: lines in, lines out, in order, in constant memory."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from service.answers import result
from service.body import check_texts, content_type, parsed, read_chunk
from service.errors import BadRequestError, ServiceError, error_body
from service.exchange import Exchange
from service.inference import Inference
from service.routes import OneThreshold, WithEvidence, errors
from service.settings import Settings

BATCH = 256
"""So many lines are scored at once, or as many as have come."""

_NDJSON = "application/x-ndjson"
_TYPES = (_NDJSON, "application/jsonl", "application/json")
_BYTES_A_CHARACTER = 6
"""The longest way to write a character in JSON, but for those outside the basic plane."""

Line = dict[str, Any]


class Lines:
    """Cuts a body into lines, and skips what is too long to keep.

    Args:
        most: bytes a line may have.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._rest = b""
        self._skipping = False

    def feed(self, chunk: bytes) -> list[bytes | None]:
        """The lines that end in this chunk; None for one that was too long."""
        *whole, rest = (self._rest + chunk).split(b"\n")
        lines: list[bytes | None] = []
        for line in whole:
            lines.append(None if self._skipping or len(line) > self._most else line)
            self._skipping = False
        self._skipping = self._skipping or len(rest) > self._most
        self._rest = b"" if self._skipping else rest
        return lines

    def end(self) -> list[bytes | None]:
        """The last line, when no newline ended it."""
        return self.feed(b"\n") if self._rest or self._skipping else []


class Duplex(StreamingResponse):
    """An answer that is sent while its request still comes in.

    Starlette's own would wait for the client to hang up by reading, and throwing away, what the
    request still has to say.
    """

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the answer, piece by piece."""
        await self.stream_response(send)


def router(inference: Inference, settings: Settings) -> APIRouter:
    """The route, with its description."""
    routes = APIRouter()
    line = {"text": "网格员每天入户走访。", "id": 1}
    body = {
        # No line at all is a stream too.
        "required": False,
        "content": {
            _NDJSON: {
                # No type: whatever a line holds, it is answered, and be it with an error.
                "schema": {
                    "description": '每行一个 {"text": "…", "id": …}；id 可以没有，会原样带回',
                },
                "example": orjson.dumps(line).decode() + "\n",
            }
        },
    }

    @routes.post(
        "/classify/stream",
        responses={
            200: {
                "content": {_NDJSON: {"schema": {"type": "string"}}},
                "description": "每行一个结果，次序与请求相同；有误的一行回答 error，其余照常",
            },
            **errors(408, 415, 422),
        },
        response_class=Duplex,
        openapi_extra={"requestBody": body},
        summary="一行一段，边收边答",
        tags=["判断"],
    )
    async def stream(
        request: Request,
        evidence: WithEvidence = False,
        threshold: OneThreshold = None,
    ) -> Duplex:
        content_type(request, _TYPES)
        # Without a model this fails here, while the status can still say so.
        _ = inference.live.classifier
        options: dict[str, Any] = {"evidence": evidence, "threshold": threshold}
        return Duplex(_answers(request, inference, settings, options), media_type=_NDJSON)

    return routes


async def _answers(
    request: Request, inference: Inference, settings: Settings, options: dict[str, Any]
) -> AsyncIterator[bytes]:
    lines = Lines(settings.max_characters * _BYTES_A_CHARACTER + 1024)
    number = 0
    async for batch in _batches(request, lines):
        read = [_read(line, number + i, settings) for i, line in enumerate(batch)]
        number += len(batch)
        good = [line for line in read if "error" not in line]
        answered = await inference.classify([line["text"] for line in good], **options)
        decisions = iter(answered.decisions)
        answers = [
            line
            if "error" in line
            else _named(line)
            | {"model": answered.classifier.version}
            | result(next(decisions), options["evidence"])
            for line in read
        ]
        yield b"".join(orjson.dumps(answer) + b"\n" for answer in answers)


async def _batches(request: Request, lines: Lines) -> AsyncIterator[list[bytes | None]]:
    more = True
    while more:
        chunk, more = await read_chunk(request)
        Exchange.of(request).endless()
        found = lines.feed(chunk)
        for begin in range(0, len(found), BATCH):
            yield found[begin : begin + BATCH]
    if last := lines.end():
        yield last


def _read(line: bytes | None, number: int, settings: Settings) -> Line:
    """A line's text and id, or its error with the number of the line, from 0."""
    value: Any = None
    try:
        if line is None:
            raise BadRequestError("这一行太长", ["text"])
        value = parsed(line)
        if not isinstance(value, dict) or not isinstance(value.get("text"), str):
            raise BadRequestError('每行应是一个 {"text": "…"}', ["text"])
        if unknown := sorted(set(value) - {"text", "id"}):
            raise BadRequestError("没有这个字段", [name[:80] for name in unknown[:10]])
        check_texts([("text", value["text"])], settings)
    except ServiceError as error:
        shown = error_body(error.status, error.type, error.message, error.fields)
        return _named(value) | {"line": number} | shown
    return dict(value)


def _named(value: Any) -> Line:
    return {"id": value["id"]} if isinstance(value, dict) and "id" in value else {}
