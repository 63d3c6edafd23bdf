"""The HTTP application: which routes there are, and how errors become answers.

Nothing is read or loaded when this module is imported; `create_app` makes the application for one
classifier, or for none, which answers 503 and says what to do.
"""

import logging
from collections.abc import Callable
from importlib.metadata import version as installed_version
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from model.bundled import bundled
from model.classifier import ThemeClassifier
from model.codebook import load_codebook
from service.answers import answer, paragraph_result, result, theme
from service.body import read_request
from service.errors import (
    BadRequestError,
    BodyTooLargeError,
    NotReadyError,
    ServiceError,
    error_body,
)
from service.requests import ClassifyRequest, ClassifyResponse, ErrorResponse
from service.settings import Settings

_LOG = logging.getLogger("govtheme")

LARGE = 20_000
"""A request of more characters than this is scored in a thread, so that others are answered."""

_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorResponse, "description": "请求体不是 JSON，或编码不对"},
    413: {"model": ErrorResponse, "description": "请求体太大"},
    415: {"model": ErrorResponse, "description": "Content-Type 不对"},
    422: {"model": ErrorResponse, "description": "字段不对，文字为空或太长"},
    503: {"model": ErrorResponse, "description": "还没有模型"},
}


def create_app(settings: Settings, classifier: ThemeClassifier | None) -> FastAPI:
    """The application for one classifier; None is a server that is up, but not ready."""
    app = FastAPI(
        title="govtheme",
        version=installed_version("govtheme"),
        description="判断治理类中文段落的主题。",
        docs_url=None,
        redoc_url=None,
    )
    _add_classify(app, settings, classifier)
    _add_description(app, classifier)
    _add_health(app, classifier)
    _add_errors(app)
    return app


def _add_classify(app: FastAPI, settings: Settings, classifier: ThemeClassifier | None) -> None:
    schema = ClassifyRequest.model_json_schema()
    body = {
        "required": True,
        "content": {
            "application/json": {"schema": schema},
            "text/plain": {"schema": {"type": "string"}},
        },
    }

    @app.post(
        "/classify",
        response_model=ClassifyResponse,
        responses=_ERRORS,
        openapi_extra={"requestBody": body},
        summary="判断一段、多段或一整页文字的主题",
    )
    async def classify(request: Request) -> Response:
        ready = _ready(classifier)
        wanted = await read_request(request, settings)
        size = len(wanted.document or wanted.text or "") + sum(map(len, wanted.texts or ()))
        call = _call(ready, wanted)
        content = await run_in_threadpool(call) if size > LARGE else call()
        return _json(content)


def _call(classifier: ThemeClassifier, wanted: ClassifyRequest) -> Callable[[], dict[str, Any]]:
    def call() -> dict[str, Any]:
        options = {"evidence": wanted.evidence, "threshold": wanted.threshold}
        try:
            if wanted.document is not None:
                paragraphs = classifier.classify_document(wanted.document, **options)  # type: ignore[arg-type]
                results = [paragraph_result(p, wanted.evidence) for p in paragraphs]
            else:
                texts = [wanted.text] if wanted.text is not None else wanted.texts or []
                decisions = classifier.classify(texts, **options)  # type: ignore[arg-type]
                results = [result(decision, wanted.evidence) for decision in decisions]
        except ValueError as error:
            raise BadRequestError(str(error), ["threshold"]) from error
        return answer(classifier, results)

    return call


def _add_description(app: FastAPI, classifier: ThemeClassifier | None) -> None:
    @app.get("/themes", summary="主题的编号、名称和定义")
    def themes() -> Response:
        bundled_book = load_codebook(bundled("codebook.toml"))
        book = classifier.codebook if classifier else bundled_book
        # An artifact keeps names only; definitions come from the codebook of the same version.
        meanings = (
            {t.id: t for t in bundled_book.themes} if book.version == bundled_book.version else {}
        )
        return _json(
            {
                "codebook": book.version,
                "themes": [theme(meanings.get(t.id, t)) for t in book.themes],
            }
        )

    @app.get("/model", responses={503: _ERRORS[503]}, summary="正在使用的模型")
    def model() -> Response:
        return _json(_ready(classifier).manifest)


def _add_health(app: FastAPI, classifier: ThemeClassifier | None) -> None:
    @app.get("/livez", summary="进程是否在运行")
    async def livez() -> Response:
        return _json({"status": "ok"})

    @app.get("/readyz", responses={503: _ERRORS[503]}, summary="是否可以判断")
    async def readyz() -> Response:
        return _json({"status": "ok", "model": _ready(classifier).version})


def _ready(classifier: ThemeClassifier | None) -> ThemeClassifier:
    if classifier is None:
        raise NotReadyError("还没有模型。请在服务器上运行 govtheme train，然后重新启动服务")
    return classifier


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(ServiceError)
    async def service_error(_: Request, error: ServiceError) -> Response:
        answer = _json(
            error_body(error.status, error.type, error.message, error.fields), error.status
        )
        if isinstance(error, BodyTooLargeError):
            # What is still to come will not be read.
            answer.headers["connection"] = "close"
        return answer

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, error: HTTPException) -> Response:
        kind, message = _HTTP.get(error.status_code, ("http_error", str(error.detail)))
        return _json(error_body(error.status_code, kind, message), error.status_code)

    @app.exception_handler(RequestValidationError)
    async def validation_error(_: Request, error: RequestValidationError) -> Response:
        fields = [".".join(str(part) for part in fault["loc"]) for fault in error.errors()]
        return _json(error_body(422, "invalid_request", "请求有误", fields), 422)

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> Response:
        # The kind of error only: its message may hold a user's text.
        _LOG.error("unexpected %s", type(error).__name__)
        return _json(error_body(500, "internal", "内部错误，请查看服务器日志"), 500)


_HTTP = {
    404: ("not_found", "没有这个地址；可用的地址见 /openapi.json"),
    405: ("method_not_allowed", "这个地址不支持该方法"),
}


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
