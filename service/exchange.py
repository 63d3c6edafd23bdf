"""One request and what becomes of it, from its head to the end of its answer."""

import asyncio
import base64
import os
import re
import time
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.types import Scope

from service.errors import ServiceError, SlowSenderError, TimeLimitError
from service.settings import Settings

if TYPE_CHECKING:
    from service.keys import Key

_IN_SCOPE = "govtheme.exchange"
_TRACE = re.compile(rb"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)


class Exchange:
    """What the head of a request says, and how far its answer has come.

    Attributes:
        content_type, content_length, content_encoding: as sent; empty where they were not.
        token: the key that the client shows; None without one.
        key: the key it was found to be.
        request_id: the client's own, or a new one.
        trace, trace_id: W3C trace context as it came; empty without.
        status: the answer's; 0 while there is none.
        began: `time.perf_counter()` at the head.
        deadline: when to give up, on the same clock.
        expired: why it was given up.
    """

    __slots__ = (
        "began",
        "content_encoding",
        "content_length",
        "content_type",
        "deadline",
        "expired",
        "key",
        "request_id",
        "settings",
        "status",
        "task",
        "token",
        "trace",
        "trace_id",
        "whole",
    )

    def __init__(self, scope: Scope, settings: Settings) -> None:
        self.content_type = self.content_length = self.content_encoding = ""
        self.token: str | None = None
        self.key: Key | None = None
        self.request_id = self.trace = b""
        self.trace_id = ""
        self.status = 0
        self.settings = settings
        self.whole = False
        self.expired: ServiceError | None = None
        self.task = asyncio.current_task()
        self.began = time.perf_counter()
        self.deadline = self.began + settings.timeout
        for name, value in scope["headers"]:
            self._note(name, value)
        if not self.request_id:
            self.request_id = os.urandom(16).hex().encode()
        scope[_IN_SCOPE] = self

    @classmethod
    def of(cls, request: Request) -> "Exchange":
        """The exchange that a request belongs to."""
        exchange = request.scope[_IN_SCOPE]
        assert isinstance(exchange, cls)
        return exchange

    def receiving(self) -> None:
        """Wait for the next piece of the request from now on."""
        self.whole = False
        self.deadline = time.perf_counter() + self.settings.receive_timeout

    def received(self) -> None:
        """The request is whole: what is left of its time is for the answer."""
        self.whole = True
        self.deadline = self.began + self.settings.timeout

    def endless(self) -> None:
        """There is no limit for the whole, only for the wait for each piece."""
        self.deadline = float("inf")

    def expire(self) -> None:
        """Give up: whoever works on the answer is cancelled."""
        settings = self.settings
        self.expired = (
            TimeLimitError(f"处理超过 {settings.timeout:g} 秒，请分成较小的请求")
            if self.whole
            else SlowSenderError(f"等了 {settings.receive_timeout:g} 秒，请求体还没有到齐")
        )
        if self.task is not None:
            self.task.cancel()

    def add_headers(
        self, message: MutableMapping[str, Any], more: tuple[tuple[bytes, bytes], ...]
    ) -> None:
        """Complete the head of the answer."""
        self.status = message["status"]
        headers = [*message["headers"], *_ALWAYS, *more, (b"x-request-id", self.request_id)]
        if self.trace:
            headers.append((b"traceparent", self.trace))
        message["headers"] = headers

    def _note(self, name: bytes, value: bytes) -> None:
        if name == b"content-type":
            self.content_type = value.decode("latin-1")
        elif name == b"content-length":
            self.content_length = value.decode("latin-1")
        elif name == b"content-encoding":
            self.content_encoding = value.decode("latin-1").strip().lower()
        elif name == b"authorization":
            self.token = _token(value)
        elif name == b"x-api-key":
            self.token = value.decode("latin-1").strip()
        elif name == b"x-request-id" and _ID.fullmatch(value):
            self.request_id = value
        elif name == b"traceparent" and (found := _TRACE.fullmatch(value)):
            self.trace, self.trace_id = value, found[1].decode()


def _token(value: bytes) -> str | None:
    kind, _, rest = value.decode("latin-1").strip().partition(" ")
    if kind.lower() == "bearer":
        return rest.strip()
    if kind.lower() == "basic":
        # Label Studio sends a name and a password; the password is the key.
        return _password(rest.strip())
    return None


def _password(encoded: str) -> str | None:
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except ValueError:
        return None
