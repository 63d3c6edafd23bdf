"""`/labelstudio`: an ML backend for Label Studio.

Labels go into the choices that the project's own configuration has. It does not train: what the
project's webhooks tell is acknowledged and forgotten. The access token that Label Studio hands over
is neither used, kept nor logged.
"""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from service.answers import DIGITS
from service.body import check_texts, read_json, shaped
from service.errors import BadRequestError
from service.inference import Inference
from service.protocols import (
    MODEL,
    PlainError,
    Protocol,
    described,
    plain_error,
    request_body,
)
from service.protocols.label_config import LabelConfig, read_label_config
from service.routes import json_answer
from service.settings import Settings

_PREFIX = "/labelstudio"
_ACTIONS = frozenset(
    {"ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATION_DELETED", "START_TRAINING"}
)
_CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="label" toName="text" choice="multiple">'
    '<Choice value="基础设施"/><Choice value="网格管理"/></Choices></View>'
)
_EXAMPLE = {
    "tasks": [{"id": 1, "data": {"text": "网格员每天入户走访。"}}],
    "label_config": _CONFIG,
}


class SetupRequest(BaseModel):
    """A project that wants to be connected; what else it says is not needed."""

    model_config = ConfigDict(strict=True)

    label_config: Annotated[str, Field(alias="schema")]


class Task(BaseModel):
    """A task of a project; it has many more fields."""

    model_config = ConfigDict(strict=True)

    data: dict[str, Any]


class PredictRequest(BaseModel):
    """Tasks, and the interface of the project that they belong to."""

    model_config = ConfigDict(strict=True)

    tasks: list[Task]
    label_config: str


class HealthResponse(BaseModel):
    """That it is up, and what it is."""

    model_config = ConfigDict(protected_namespaces=())

    status: str
    model_class: str


class SetupResponse(BaseModel):
    """Which model will answer."""

    model_config = ConfigDict(protected_namespaces=())

    model_version: str


class Region(BaseModel):
    """The choices for a text."""

    from_name: str
    to_name: str
    type: str
    value: dict[str, list[str]]


class Prediction(BaseModel):
    """What is said of a task."""

    model_config = ConfigDict(protected_namespaces=())

    result: list[Region]
    score: float
    model_version: str


class PredictResponse(BaseModel):
    """One prediction a task, in order."""

    model_config = ConfigDict(protected_namespaces=())

    results: list[Prediction]
    model_version: str


class WebhookResponse(BaseModel):
    """That the event came."""

    status: str
    result: dict[str, bool] | None = None


def _router(inference: Inference, settings: Settings) -> APIRouter:
    routes = APIRouter(prefix=_PREFIX, tags=["对接：Label Studio"])
    _server_routes(routes, inference)

    @routes.post(
        "/setup",
        response_model=SetupResponse,
        responses=described(PlainError, 400, 408, 413, 415, 422),
        openapi_extra=request_body(_SETUP, {"project": "12.1710000000", "schema": _CONFIG}),
        summary="Label Studio：连接项目，检查标注配置",
    )
    async def setup(request: Request) -> Response:
        wanted = shaped(await read_json(request, settings), SetupRequest)
        classifier = inference.live.classifier
        read_label_config(wanted.label_config, classifier.codebook)
        return json_answer({"model_version": classifier.version})

    @routes.post(
        "/predict",
        response_model=PredictResponse,
        responses=described(PlainError, 400, 408, 413, 415, 422),
        openapi_extra=request_body(_PREDICT, _EXAMPLE),
        summary="Label Studio：预标注；score 是最没有把握的那个选项的把握",
    )
    async def predict(request: Request) -> Response:
        wanted = shaped(await read_json(request, settings), PredictRequest)
        return await _predicted(wanted, inference, settings)

    @routes.post(
        "/webhook",
        status_code=201,
        response_model=WebhookResponse,
        responses={
            200: {"model": WebhookResponse, "description": "不认识的事件"},
            **described(PlainError, 400, 408, 413, 415, 422),
        },
        openapi_extra=request_body(_EVENT, {"action": "ANNOTATION_CREATED"}),
        summary="Label Studio：收下事件；不在这里训练",
    )
    async def webhook(request: Request) -> Response:
        event = await read_json(request, settings)
        if not isinstance(event, dict):
            raise BadRequestError("请求体应是一个 JSON 对象 {…}")
        action = event.get("action", "")
        if not isinstance(action, str):
            raise BadRequestError("action 应是文本", ["action"])
        if action in _ACTIONS:
            return json_answer({"result": {"trained": False}, "status": "ok"}, 201)
        return json_answer({"status": "Unknown event"})

    return routes


def _server_routes(routes: APIRouter, inference: Inference) -> None:
    async def health() -> Response:
        _ = inference.live.classifier
        return json_answer({"status": "UP", "model_class": MODEL})

    for path, shown in (("", False), ("/", False), ("/health", True)):
        routes.add_api_route(
            path,
            health,
            response_model=HealthResponse,
            responses=described(PlainError),
            summary="Label Studio：是否可以判断",
            include_in_schema=shown,
        )

    @routes.get(
        "/metrics",
        response_model=dict[str, Any],
        responses=described(PlainError),
        summary="Label Studio：空的；指标见 /metrics",
    )
    async def metrics() -> Response:
        return json_answer({})


async def _predicted(wanted: PredictRequest, inference: Inference, settings: Settings) -> Response:
    classifier = inference.live.classifier
    config = read_label_config(wanted.label_config, classifier.codebook)
    texts = [_text(task, number, config.key) for number, task in enumerate(wanted.tasks)]
    filled = [(f"tasks.{i}.data.{config.key}", text) for i, text in enumerate(texts) if text]
    if filled:
        check_texts(filled, settings, "tasks")
    answered = await inference.classify([text for _, text in filled])
    if answered.classifier is not classifier:
        config = read_label_config(wanted.label_config, answered.classifier.codebook)
    decisions = iter(answered.decisions)
    version = answered.classifier.version

    def shaped_answer() -> Response:
        results = [
            _prediction(config, *config.chosen(next(decisions)), version)
            if text
            else _prediction(config, [], 0.0, version)
            for text in texts
        ]
        return json_answer({"results": results, "model_version": version})

    return await inference.shape(len(texts), shaped_answer)


def _text(task: Task, number: int, key: str) -> str:
    """The task's text; empty when there is nothing in it to be classified."""
    field = f"tasks.{number}.data.{key}"
    if key not in task.data:
        raise BadRequestError(f"任务里没有 {field}，标注配置的 <Text> 要的是它", [field])
    text = task.data[key]
    if text is not None and not isinstance(text, str):
        raise BadRequestError(f"{field} 应是文本", [field])
    return text if text and text.strip() else ""


def _prediction(
    config: LabelConfig, choices: list[str], score: float, version: str
) -> dict[str, Any]:
    region = {
        "from_name": config.control,
        "to_name": config.text,
        "type": "choices",
        "value": {"choices": choices},
    }
    return {
        "result": [region] if choices else [],
        "score": round(score, DIGITS),
        "model_version": version,
    }


_XML = {"type": "string", "description": "项目的标注配置"}
_SETUP = {"type": "object", "properties": {"schema": _XML}, "required": ["schema"]}
_PREDICT = {
    "type": "object",
    "properties": {
        "tasks": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"data": {"type": "object"}},
                "required": ["data"],
            },
        },
        "label_config": _XML,
    },
    "required": ["tasks", "label_config"],
}
_EVENT = {"type": "object", "properties": {"action": {"type": "string"}}}

PROTOCOL = Protocol(_PREFIX, _router, plain_error)
