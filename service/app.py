"""The HTTP application, put together: the routes, the protocols, and how errors become answers.

Nothing is read or loaded when this module is imported; `create_app` makes the application.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from importlib.metadata import version as installed_version
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import (
    BodyTooLargeError,
    ServiceError,
    SlowSenderError,
    UnauthorizedError,
    error_body,
)
from service.front import FOR_ALL, Front
from service.inference import Inference
from service.keys import KeyRing
from service.live import LiveModel
from service.logs import log
from service.metrics import Meters
from service.protocols import doccano, huggingface, label_studio, mlflow, open_inference, tei
from service.rates import RateLimiter
from service.routes import admin, classify, description, health, json_answer, stream, upload
from service.settings import Settings


def create_app(
    settings: Settings,
    live: LiveModel,
    keys: KeyRing | None = None,
    limiter: RateLimiter | None = None,
) -> ASGIApp:
    """The application for one worker.

    Args:
        live: the model in use; one without a classifier is a server that is up, but not ready.
        keys: who may ask; None for what the settings name.
        limiter: shared by the workers of a server; None for one of its own.

    Raises:
        KeyFileError: the settings name a file of keys that cannot be used.
    """
    ring = keys or KeyRing(settings.keys)
    meters = Meters(live)
    inference = Inference(live, meters)
    api = _api(settings.reload, live, ring, meters, inference)
    labels = list(live.present.labels) if live.present else []
    handle_classify = classify.handler(inference, settings)
    for routes in (
        classify.router(handle_classify, settings, labels),
        stream.router(inference, settings),
        upload.router(inference, settings),
        description.router(live),
        health.router(live, meters),
        admin.router(live),
    ):
        api.include_router(routes)
    for protocol in _PROTOCOLS:
        api.include_router(protocol.router(inference, settings))
    front: ASGIApp = Front(
        api,
        {("POST", "/classify"): handle_classify},
        error_answer,
        settings,
        ring,
        limiter or RateLimiter(),
        meters,
    )
    if settings.origins:
        front = CORSMiddleware(
            front,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type", "x-api-key", "x-request-id"],
        )
    return front


def _api(
    every: float, live: LiveModel, keys: KeyRing, meters: Meters, inference: Inference
) -> FastAPI:
    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(_follow(every, live, keys, meters))
        try:
            yield
        finally:
            task.cancel()
            inference.close()

    api = FastAPIOffline(
        title="govtheme",
        version=installed_version("govtheme"),
        description="判断治理类中文段落的主题。",
        lifespan=lifespan,
        swagger_ui_oauth2_redirect_url="/docs/oauth2-redirect",
        # An address with a slash too many does not exist; the way there would be in no error shape.
        redirect_slashes=False,
    )
    api.add_exception_handler(ServiceError, _service_error)
    api.add_exception_handler(HTTPException, _http_error)
    api.add_exception_handler(RequestValidationError, _validation_error)
    api.add_exception_handler(Exception, _unexpected)
    if keys.wanted:
        _tell_of_keys(api)
    return api


def _tell_of_keys(api: FastAPI) -> None:
    """Let the description say how a key is shown."""
    plain = api.openapi

    def described() -> dict[str, Any]:
        schema = plain()
        schema["components"]["securitySchemes"] = _KEY_SCHEMES
        schema["security"] = [{name: []} for name in _KEY_SCHEMES]
        for path in FOR_ALL & schema["paths"].keys():
            schema["paths"][path]["get"]["security"] = []
        return schema

    api.openapi = described  # type: ignore[method-assign]


_KEY_SCHEMES = {
    "Bearer": {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer 密钥"},
    "X-API-Key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "Basic": {"type": "http", "scheme": "basic", "description": "密码是密钥，用户名不看"},
}


async def _follow(every: float, live: LiveModel, keys: KeyRing, meters: Meters) -> None:
    """Notice a promoted model and changed keys, and hand figures on, until cancelled."""
    while True:
        await asyncio.sleep(every)
        before = live.present.version if live.present else None
        failure = live.failure
        if await asyncio.to_thread(live.refresh):
            log("info", "model", version=live.classifier.version, before=before)
        elif live.failure and live.failure != failure:
            log("error", "model", reason=live.failure)
        keys.refresh()
        meters.flush()


def error_answer(path: str, error: ServiceError) -> Response:
    """The answer of an error in the shape of the path's protocol."""
    status, body = next((p.error for p in _PROTOCOLS if p.covers(path)), _own)(error)
    answer = json_answer(body, status)
    if error.retry_after is not None:
        answer.headers["retry-after"] = str(error.retry_after)
    if isinstance(error, UnauthorizedError):
        answer.headers["www-authenticate"] = "Bearer"
    if isinstance(error, BodyTooLargeError | SlowSenderError):
        # What is still to come will not be read.
        answer.headers["connection"] = "close"
    return answer


def _own(error: ServiceError) -> tuple[int, dict[str, Any]]:
    return error.status, error_body(error.status, error.type, error.message, error.fields)


async def _service_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)
    return error_answer(request.url.path, error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind, message = _HTTP.get(error.status_code, ("http_error", str(error.detail)))
    answer = error_answer(request.url.path, _FrameworkError(error.status_code, kind, message))
    answer.headers.update(error.headers or {})
    return answer


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = [".".join(str(part) for part in fault["loc"][1:]) for fault in error.errors()]
    said = _FrameworkError(422, "invalid_request", f"请求有误：{'、'.join(fields)}", fields)
    return error_answer(request.url.path, said)


async def _unexpected(_request: Request, _error: Exception) -> Response:
    """Leave it to the front, which answers in the path's shape, or not at all when nobody waits."""
    return _Nothing()


class _Nothing(Response):
    """Sends nothing; the framework raises the error again after it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stay silent."""


class _FrameworkError(ServiceError):
    """An error that the framework found."""

    def __init__(self, status: int, type_: str, message: str, fields: Sequence[str] = ()) -> None:
        super().__init__(message, fields)
        self.status = status
        self.type = type_


_PROTOCOLS = (
    huggingface.PROTOCOL,
    tei.PROTOCOL,
    open_inference.PROTOCOL,
    label_studio.PROTOCOL,
    doccano.PROTOCOL,
    mlflow.PROTOCOL,
)

_HTTP = {
    404: ("not_found", "没有这个地址；可用的地址见 /docs"),
    405: ("method_not_allowed", "这个地址不支持该方法"),
}
