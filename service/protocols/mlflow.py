"""`/mlflow`: the scoring server of MLflow's models.

Rows of a table in, one prediction a row out: what `POST /classify` says of a text. The text is the
column `text`, or the only one.
"""

from collections.abc import Sequence
from importlib.metadata import version as installed_version
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from service.answers import result
from service.body import check_texts, content_type, parsed, read_body, shaped
from service.errors import BadBodyError, BadRequestError, ServiceError, WrongTypeError
from service.inference import Inference
from service.protocols import (
    MODEL,
    Protocol,
    described,
    object_schema,
    request_body,
)
from service.protocols.rows import FORMATS, csv_texts, rows_schema, texts_of
from service.requests import Probability, Result
from service.routes import json_answer
from service.settings import Settings

_PREFIX = "/mlflow"
_JSON, _CSV = "application/json", "text/csv"
_CODES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "ENDPOINT_NOT_FOUND",
    429: "REQUEST_LIMIT_EXCEEDED",
    500: "INTERNAL_ERROR",
    503: "TEMPORARILY_UNAVAILABLE",
}


class Params(BaseModel):
    """How to classify."""

    model_config = ConfigDict(extra="forbid", strict=True)

    evidence: bool = False
    threshold: Probability | dict[str, Probability] | None = None


class Predictions(BaseModel):
    """One result a row, in order."""

    predictions: list[Result]


class MlflowError(BaseModel):
    """The error body of this protocol."""

    error_code: str
    message: str


def _error(error: ServiceError) -> tuple[int, dict[str, Any]]:
    status = 400 if error.status == 422 else error.status
    return status, {"error_code": _CODES.get(status, "BAD_REQUEST"), "message": error.message}


def _router(inference: Inference, settings: Settings) -> APIRouter:
    routes = APIRouter(prefix=_PREFIX, tags=["对接：MLflow"])
    _server_routes(routes, inference)
    example = {"inputs": ["网格员每天入户走访。"], "params": {"threshold": 0.6}}
    labels = inference.live.present.labels if inference.live.present else ()

    @routes.post(
        "/invocations",
        response_model=Predictions,
        response_model_exclude_unset=True,
        responses=described(MlflowError, 400, 408, 413, 415),
        openapi_extra=request_body(rows_schema(settings, _params(labels)), example),
        description="文字是名叫 text 的列，或仅有的一列；也收 text/csv。",
        summary="MLflow：一行一个结果",
    )
    async def invocations(request: Request) -> Response:
        texts, params = await _read(request, settings)
        check_texts([(f"第 {i} 行", t) for i, t in enumerate(texts, 1)], settings, "请求")
        answered = await inference.classify(
            texts, evidence=params.evidence, threshold=params.threshold
        )

        def shaped_answer() -> Response:
            results = [result(decision, params.evidence) for decision in answered.decisions]
            return json_answer({"predictions": results})

        return await inference.shape(len(texts), shaped_answer)

    return routes


def _server_routes(routes: APIRouter, inference: Inference) -> None:
    async def health() -> Response:
        _ = inference.live.classifier
        return Response("\n", media_type=_JSON)

    for path in ("/ping", "/health"):
        routes.add_api_route(
            path,
            health,
            responses=described(MlflowError),
            response_class=Response,
            summary="MLflow：是否可以判断",
        )

    @routes.get(
        "/version",
        responses={
            200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
            **described(MlflowError),
        },
        response_class=Response,
        summary="MLflow：govtheme 的版本",
    )
    async def version() -> Response:
        return PlainTextResponse(installed_version(MODEL))


def _params(labels: Sequence[str]) -> dict[str, Any]:
    probability = {"type": "number", "minimum": 0, "maximum": 1}
    by_label = object_schema({}, **dict.fromkeys(labels, probability))
    params = object_schema(
        {},
        evidence={"type": "boolean"},
        threshold={"anyOf": [probability, by_label, {"type": "null"}]},
    )
    return {"anyOf": [params, {"type": "null"}]}


async def _read(request: Request, settings: Settings) -> tuple[list[str], Params]:
    kind, charset = content_type(request, (_JSON, _CSV))
    if charset is not None and charset.lower() not in ("utf-8", "utf8"):
        raise WrongTypeError("只收 UTF-8 编码")
    body = await read_body(request, settings)
    if kind == _CSV:
        return csv_texts(_utf8(body)), Params()
    content = parsed(body)
    if not isinstance(content, dict):
        raise BadRequestError("请求体应是一个 JSON 对象 {…}")
    given = set(content) - {"params"}
    if len(given) != 1 or not given <= FORMATS:
        raise BadRequestError(f"{'、'.join(sorted(FORMATS))} 必须给出其中一个，而且只给一个")
    (name,) = given
    params = content.get("params")
    return texts_of(name, content[name]), shaped({} if params is None else params, Params)


def _utf8(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadBodyError(f"请求体不是 UTF-8 编码：第 {error.start} 字节无法解码") from error


PROTOCOL = Protocol(_PREFIX, _router, _error)
