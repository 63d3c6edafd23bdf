"""`/tei`: the `/predict` of Text Embeddings Inference.

`["a", "b"]` is one pair there, which this model cannot take; a batch is `[["a"], ["b"]]`.
Where the original makes labels compete by a softmax, ours are probabilities each for itself;
`raw_scores` gives log-odds, whose sigmoid the probabilities are.
"""

from importlib.metadata import version as installed_version
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from service.body import check_texts, read_json, shaped
from service.errors import (
    BadRequestError,
    EmptyTextError,
    NotReadyError,
    OverloadedError,
    ServiceError,
    TextTooLongError,
    TimeLimitError,
    TooManyRequestsError,
    TooManyTextsError,
)
from service.inference import Inference
from service.protocols import (
    MODEL,
    Protocol,
    described,
    object_schema,
    request_body,
)
from service.protocols.ranking import LabelScore, ranked
from service.requests import NOT_BLANK
from service.routes import json_answer
from service.settings import Settings

_PREFIX = "/tei"


class PredictRequest(BaseModel):
    """One text or a batch, and how to score."""

    model_config = ConfigDict(extra="forbid", strict=True)

    inputs: Any
    raw_scores: bool = False
    truncate: bool | None = False
    truncation_direction: Literal["Left", "Right", "left", "right"] = "Right"


class InfoResponse(BaseModel):
    """What is served; lengths are characters."""

    model_config = ConfigDict(protected_namespaces=())

    model_id: str
    model_sha: str
    model_dtype: str
    model_type: dict[str, Any]
    max_concurrent_requests: int
    max_input_length: int
    max_batch_tokens: int
    max_batch_requests: int | None
    max_client_batch_size: int
    auto_truncate: bool
    tokenization_workers: int
    version: str
    sha: str | None
    docker_label: str | None


class PredictError(BaseModel):
    """The error body of this protocol."""

    error: str
    error_type: Literal["Unhealthy", "Backend", "Overloaded", "Validation", "Tokenizer", "Empty"]


_KINDS: tuple[tuple[type[ServiceError], int, str], ...] = (
    (EmptyTextError, 400, "Empty"),
    (TooManyTextsError, 413, "Validation"),
    (TextTooLongError, 413, "Validation"),
    (NotReadyError, 503, "Unhealthy"),
    (OverloadedError, 429, "Overloaded"),
    (TooManyRequestsError, 429, "Overloaded"),
    (TimeLimitError, 424, "Backend"),
)


def _error(error: ServiceError) -> tuple[int, dict[str, Any]]:
    for cause, status, kind in _KINDS:
        if isinstance(error, cause):
            return status, {"error": error.message, "error_type": kind}
    kind = "Backend" if error.status >= 500 else "Validation"
    return error.status, {"error": error.message, "error_type": kind}


def _router(inference: Inference, settings: Settings) -> APIRouter:
    routes = APIRouter(prefix=_PREFIX, tags=["对接：Text Embeddings Inference"])
    failures = described(PredictError, 400, 408, 413, 415, 422)
    failures[424] = {"model": PredictError, "description": "处理的时间太长"}

    @routes.post(
        "/predict",
        response_model=list[LabelScore] | list[list[LabelScore]],
        responses=failures,
        openapi_extra=request_body(_schema(), {"inputs": [["网格员每天入户走访。"]]}),
        summary="TEI 分类：一段，或一批 [[段], [段]]",
    )
    async def predict(request: Request) -> Response:
        wanted = shaped(await read_json(request, settings), PredictRequest)
        texts, batch = _texts(wanted.inputs)
        if wanted.truncate:
            texts = [_cut(text, wanted.truncation_direction, settings) for text in texts]
        check_texts([(f"inputs.{i}", t) for i, t in enumerate(texts)], settings, "inputs")
        answered = await inference.classify(texts)

        def shaped_answer() -> Response:
            answers = [ranked(decision, wanted.raw_scores) for decision in answered.decisions]
            return json_answer(answers if batch else answers[0])

        return await inference.shape(len(texts), shaped_answer)

    @routes.get(
        "/health",
        responses={503: {"model": PredictError, "description": "还没有模型"}},
        response_class=Response,
        summary="TEI：是否可以判断",
    )
    async def health() -> Response:
        _ = inference.live.classifier
        return Response()

    @routes.get(
        "/info",
        response_model=InfoResponse,
        responses=described(PredictError),
        summary="TEI：模型和上限",
    )
    async def info() -> Response:
        return json_answer(_info(inference, settings))

    return routes


def _schema() -> dict[str, Any]:
    """Without the limits: a text that is too long may be one to be cut."""
    text = {"type": "string", "pattern": NOT_BLANK}
    one = {"type": "array", "items": text, "minItems": 1, "maxItems": 1}
    batch = {"type": "array", "items": one, "minItems": 1}
    return object_schema(
        {"inputs": {"anyOf": [text, one, batch]}},
        raw_scores={"type": "boolean", "description": "对数几率，不是概率"},
        truncate={"type": ["boolean", "null"], "description": "太长的文字截短，不报错"},
        truncation_direction={"enum": ["Left", "Right", "left", "right"]},
    )


def _texts(inputs: Any) -> tuple[list[str], bool]:
    """The texts, and whether they came as a batch."""
    if isinstance(inputs, str):
        return [inputs], False
    if isinstance(inputs, list):
        if inputs and all(isinstance(item, str) for item in inputs):
            return [_single(inputs, "inputs")], False
        if all(isinstance(item, list) for item in inputs):
            return [_single(item, f"inputs.{i}") for i, item in enumerate(inputs)], True
    raise BadRequestError('inputs 应是文本，或一批 [["段"], ["段"]]', ["inputs"])


def _single(item: list[Any], field: str) -> str:
    if len(item) == 1 and isinstance(item[0], str):
        return item[0]
    if not item:
        raise EmptyTextError(f"{field} 是空的", [field])
    raise BadRequestError(
        f'{field}：["甲", "乙"] 是一对文字，这里不支持；几段文字请写成 [["甲"], ["乙"]]', [field]
    )


def _cut(text: str, side: str, settings: Settings) -> str:
    most = settings.max_characters
    return text[-most:] if side.lower() == "left" else text[:most]


def _info(inference: Inference, settings: Settings) -> dict[str, Any]:
    classifier = inference.live.classifier
    return {
        "model_id": MODEL,
        "model_sha": classifier.version,
        "model_dtype": "float32",
        "model_type": {
            "classifier": {
                "id2label": {str(i): label for i, label in enumerate(classifier.labels)},
                "label2id": {label: i for i, label in enumerate(classifier.labels)},
            }
        },
        "max_concurrent_requests": settings.concurrency,
        "max_input_length": settings.max_characters,
        "max_batch_tokens": settings.max_texts * settings.max_characters,
        "max_batch_requests": None,
        "max_client_batch_size": settings.max_texts,
        "auto_truncate": False,
        "tokenization_workers": 1,
        "version": installed_version(MODEL),
        "sha": None,
        "docker_label": None,
    }


PROTOCOL = Protocol(_PREFIX, _router, _error)
