"""An HTTP connection that does not wait for ever for the head of a request.

uvicorn limits how long a connection may idle between requests, but not how long one may take to
send its head, so a handful of slow senders could hold every connection there is.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Connection(HttpToolsProtocol):
    """uvicorn's connection over httptools, with a time limit for heads.

    Attributes:
        head_seconds: from the beginning of a connection or request to the end of its head.
    """

    head_seconds = 15.0
    _deadline: asyncio.TimerHandle | None = None

    @classmethod
    def limited(cls, head_seconds: float) -> type["Connection"]:
        """Connections with another limit; uvicorn takes a class and makes the connections."""
        return type(cls.__name__, (cls,), {"head_seconds": head_seconds})

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._expect_head()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._forget()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there to wait for."""
        self._forget()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.head_seconds, self._give_up)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        transport: Any = self.transport
        if not transport.is_closing():
            transport.close()
