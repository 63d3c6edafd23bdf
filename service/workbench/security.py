"""What stands between the workbench and a browser: whose pages may talk to it, and what may run.

A page of another site must neither send requests in a signed-in person's name nor open the socket
over which the pages talk: both carry the cookie. Browsers name the page's origin on every request
that changes something and on every opening of a socket, so it is enough to hold that against the
address that was asked for. Without keys the address itself must be one of this machine's, so that a
foreign name made to point here (DNS rebinding) leads nowhere.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE = ("GET", "HEAD", "OPTIONS")
_LOCAL = ("127.0.0.1", "localhost", "[::1]")

_POLICY = "; ".join(
    (
        "default-src 'self'",
        # Vue compiles templates in the browser.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


class Guard:
    """Refuses what another site's page sends, and tells the browser what our pages may load.

    Args:
        app: the application behind it.
        local_only: whether only this machine's own addresses may be asked for.
    """

    def __init__(self, app: ASGIApp, local_only: bool) -> None:
        self._app = app
        self._local_only = local_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer 403."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif self._refused(scope):
            await _refuse(scope, receive, send)
        else:
            await self._app(scope, receive, _protected(send))

    def _refused(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._local_only and _name(host) not in _LOCAL:
            return True
        origin = headers.get("origin")
        if origin is None:
            # Programs send none; browsers do wherever it matters.
            return False
        changes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        polls = scope.get("path", "").startswith("/_nicegui_ws")
        return (changes or polls) and urlsplit(origin).netloc.lower() != host.lower()


def _name(host: str) -> str:
    return (host.rsplit(":", 1)[0] if not host.endswith("]") else host).lower()


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    answer = PlainTextResponse("拒绝：请求来自另一个网站。 Refused: sent by another site.", 403)
    await answer(scope, receive, send)


def _protected(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return with_headers
