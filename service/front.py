"""What every request goes through before and after its route.

Who asks and whether he may, how many are being answered and how long one may take, the headers of
an answer, the figures and the log. One ASGI application in front of another: FastAPI's middlewares
and routing cost more than the classification of a paragraph, so the busiest routes are also called
from here directly.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.admission import Admission
from service.errors import ClientGoneError, ServiceError, TooManyRequestsError
from service.exchange import Exchange
from service.keys import KeyRing, require
from service.logs import log
from service.metrics import Meters
from service.rates import RateLimiter
from service.settings import Settings

Handler = Callable[[Request], Awaitable[Response]]
ErrorAnswer = Callable[[str, ServiceError], Response]

FOR_ALL = frozenset(
    {
        "/livez",
        "/readyz",
        "/v2/health/live",
        "/v2/health/ready",
        "/tei/health",
        "/labelstudio/health",
        "/mlflow/ping",
        "/mlflow/health",
    }
)
"""Whether the server is well: answered without a key and however busy it is."""
_PAGES = ("/docs", "/redoc", "/openapi.json", "/static-offline-docs")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SWEEP_SECONDS = 0.25

_NO_PAGE = ((b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),)
_SOURCES = (
    "default-src 'self'",
    "script-src 'self' 'unsafe-inline'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "worker-src 'self' blob:",
    "frame-ancestors 'none'",
)
_OWN_PAGE = ((b"content-security-policy", "; ".join(_SOURCES).encode()),)


class Front:
    """The server as uvicorn sees it.

    Args:
        api: what answers when no direct handler does.
        direct: handlers by method and path.
        error_answer: makes the answer of an error, in the shape that the path's protocol has.
    """

    def __init__(
        self,
        api: ASGIApp,
        direct: Mapping[tuple[str, str], Handler],
        error_answer: ErrorAnswer,
        settings: Settings,
        keys: KeyRing,
        limiter: RateLimiter,
        meters: Meters,
    ) -> None:
        self._api = api
        self._direct = direct
        self._error_answer = error_answer
        self._settings = settings
        self._keys = keys
        self._limiter = limiter
        self._meters = meters
        self._admission = Admission(settings.concurrency, settings.queue)
        self._open: set[Exchange] = set()
        self._sweeper: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._api(scope, receive, send)
            return
        exchange = Exchange(scope, self._settings)
        headers = _OWN_PAGE if scope["path"].startswith(_PAGES) else _NO_PAGE

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.add_headers(message, headers)
            await send(message)

        try:
            await self._watched(exchange, scope, receive, marked)
        except ClientGoneError:
            exchange.status = exchange.status or 499
        except ServiceError as error:
            await self._fail(exchange, error, scope, receive, marked)
        except Exception as error:  # noqa: BLE001  the server stays up
            # The kind of error only: its message may hold a user's text.
            log("error", "unexpected", error=type(error).__name__, at=_place(error))
            await self._fail(exchange, ServiceError(_INTERNAL), scope, receive, marked)
        finally:
            self._close(exchange, scope)

    async def _watched(
        self, exchange: Exchange, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer in the time that there is."""
        if self._sweeper is None:
            self._sweeper = asyncio.create_task(self._sweep())
        self._open.add(exchange)
        try:
            await self._answer(exchange, scope, receive, send)
        except asyncio.CancelledError:
            if exchange.expired is None or exchange.task is None:
                raise
            exchange.task.uncancel()
            raise exchange.expired from None
        finally:
            self._open.discard(exchange)

    async def _sweep(self) -> None:
        """Give up what is past its deadline. One look at all costs less than a timer each."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = time.perf_counter()
            for exchange in list(self._open):
                if exchange.deadline < now and exchange.expired is None:
                    exchange.expire()

    async def _answer(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path in FOR_ALL:
            await self._api(scope, receive, send)
            return
        if not path.startswith(_PAGES):
            self._authorise(exchange, path)
        await self._admission.enter()
        try:
            handler = self._direct.get((scope["method"], path))
            if handler is None:
                await self._api(scope, receive, send)
            else:
                response = await handler(Request(scope, receive))
                await response(scope, receive, send)
        finally:
            self._admission.leave()

    def _authorise(self, exchange: Exchange, path: str) -> None:
        if self._keys.wanted:
            exchange.key = self._keys.find(exchange.token)
        require(exchange.key, "admin" if path.startswith("/admin/") else "classify")
        if exchange.key is None:
            return
        own = exchange.key.rate
        rate = self._settings.rate if own is None else own
        if rate and (seconds := self._limiter.spend(exchange.key.name, rate)):
            raise TooManyRequestsError(
                f"密钥 {exchange.key.name} 每分钟最多 {rate} 次请求，请 {seconds} 秒后再试", seconds
            )

    async def _fail(
        self, exchange: Exchange, error: ServiceError, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if exchange.status:
            # Half an answer is out. Ending here would pass it off as whole: break the connection.
            raise ConnectionAbortedError(error.type)
        await self._error_answer(scope["path"], error)(scope, receive, send)

    def _close(self, exchange: Exchange, scope: Scope) -> None:
        seconds = time.perf_counter() - exchange.began
        route = self._route(scope)
        self._meters.request(route, exchange.status, seconds)
        if self._settings.log == "off" or route in FOR_ALL:
            return
        log(
            "info",
            "request",
            request_id=exchange.request_id.decode("latin-1"),
            **({"trace_id": exchange.trace_id} if exchange.trace_id else {}),
            **({"key": exchange.key.name} if exchange.key else {}),
            client=(scope.get("client") or ("",))[0],
            method=scope["method"] if scope["method"] in _METHODS else "other",
            route=route,
            status=exchange.status,
            ms=round(seconds * 1000, 2),
        )

    def _route(self, scope: Scope) -> str:
        """The route's pattern; an address that nobody answers may hold anything: not shown."""
        if (scope["method"], scope["path"]) in self._direct:
            return str(scope["path"])
        return str(getattr(scope.get("route"), "path", "other"))


_INTERNAL = "内部错误，请查看服务器日志"


def _place(error: BaseException) -> str:
    """The module and line where an error was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"  # noqa: PTH119
