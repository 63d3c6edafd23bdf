"""`/v2`: the Open Inference Protocol (KServe, Triton, MLServer) over HTTP.

One model, `govtheme`; its versions are those of the store, and only the one in use answers. One
input of strings, `text`; two outputs: `predict`, the labels' ids joined with `;`, and
`predict_proba`, one column a theme in codebook order. Models are loaded by `/admin/models`.
"""

from importlib.metadata import version as installed_version
from typing import Any, Literal

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from model.classifier import ThemeClassifier
from service.answers import DIGITS
from service.body import check_texts, content_type, parsed, read_body, shaped
from service.errors import BadRequestError, ForbiddenError, NotFoundError, ServiceError
from service.inference import Answered, Inference
from service.live import LiveModel
from service.protocols import MODEL, PlainError, Protocol, described, plain_error, request_body
from service.protocols.open_inference_requests import (
    EXAMPLE,
    Health,
    IndexEntry,
    IndexRequest,
    InferRequest,
    InferResponse,
    InputTensor,
    ModelMetadata,
    ModelReady,
    ServerMetadata,
    WantedOutput,
    infer_schema,
)
from service.protocols.tensors import (
    BINARY,
    HEAD_LENGTH,
    Tensor,
    floats,
    split_head,
    strings,
    tensor_answer,
    texts_of,
)
from service.routes import json_answer
from service.settings import Settings

_PREFIX = "/v2"
_MODEL = _PREFIX + "/models/{name}"
_VERSION = _MODEL + "/versions/{version}"
_JSON = "application/json"
_LABELS, _SCORES = "predict", "predict_proba"


def _error(error: ServiceError) -> tuple[int, dict[str, Any]]:
    """Wrong shapes are 400 in this protocol."""
    status, body = plain_error(error)
    return 400 if status == 422 else status, body


def _router(inference: Inference, settings: Settings) -> APIRouter:
    routes = APIRouter(tags=["对接：Open Inference Protocol"])
    _server_routes(routes, inference.live)
    _model_routes(routes, inference.live)
    _repository_routes(routes, inference.live, settings)
    options: dict[str, Any] = {
        "response_model": InferResponse,
        "responses": described(PlainError, 400, 404, 408, 413, 415),
        "openapi_extra": request_body(infer_schema(settings), EXAMPLE),
        "description": "文字和结果也可以按 binary_tensor_data 扩展放在 JSON 之后。",
    }

    @routes.post(_MODEL + "/infer", summary="OIP：判断主题", **options)
    async def infer(request: Request, name: str) -> Response:
        return await _infer(request, inference, settings, name)

    @routes.post(_VERSION + "/infer", summary="OIP：用指明的版本判断主题", **options)
    async def infer_by(request: Request, name: str, version: str) -> Response:
        return await _infer(request, inference, settings, name, version)

    return routes


def _server_routes(routes: APIRouter, live: LiveModel) -> None:
    @routes.get(
        _PREFIX,
        response_model=ServerMetadata,
        responses=described(PlainError),
        summary="OIP：服务的名称和版本",
    )
    async def server() -> Response:
        about = {"name": MODEL, "version": installed_version(MODEL)}
        return json_answer(about | {"extensions": ["binary_tensor_data"]})

    @routes.get(
        _PREFIX + "/health/live",
        response_model=Health,
        responses=described(PlainError),
        summary="OIP：进程是否在运行",
    )
    async def alive() -> Response:
        return json_answer({"live": True})

    @routes.get(
        _PREFIX + "/health/ready",
        response_model=Health,
        responses=described(PlainError),
        summary="OIP：是否可以判断",
    )
    async def ready() -> Response:
        _ = live.classifier
        return json_answer({"live": True, "ready": True})


def _model_routes(routes: APIRouter, live: LiveModel) -> None:
    responses = described(PlainError, 404)

    @routes.get(
        _MODEL, response_model=ModelMetadata, responses=responses, summary="OIP：输入和输出"
    )
    async def metadata(name: str) -> Response:
        return json_answer(_metadata(_chosen(live, name)))

    @routes.get(
        _VERSION,
        response_model=ModelMetadata,
        responses=responses,
        summary="OIP：指明的版本的输入和输出",
    )
    async def metadata_by(name: str, version: str) -> Response:
        return json_answer(_metadata(_chosen(live, name, version)))

    @routes.get(
        _MODEL + "/ready",
        response_model=ModelReady,
        responses=responses,
        summary="OIP：模型是否可用",
    )
    async def ready(name: str) -> Response:
        _chosen(live, name)
        return json_answer({"name": name, "ready": True})

    @routes.get(
        _VERSION + "/ready",
        response_model=ModelReady,
        responses=responses,
        summary="OIP：指明的版本是否可用",
    )
    async def ready_by(name: str, version: str) -> Response:
        _chosen(live, name, version)
        return json_answer({"name": name, "ready": True})


def _repository_routes(routes: APIRouter, live: LiveModel, settings: Settings) -> None:
    wanted = {"application/json": {"schema": IndexRequest.model_json_schema()}}

    @routes.post(
        _PREFIX + "/repository/index",
        response_model=list[IndexEntry],
        responses=described(PlainError, 400, 408, 413, 415),
        openapi_extra={"requestBody": {"required": False, "content": wanted}},
        summary="OIP：模型库里的版本",
    )
    async def index(request: Request) -> Response:
        body = await read_body(request, settings)
        asked = shaped(parsed(body), IndexRequest) if body.strip() else IndexRequest()
        entries = await run_in_threadpool(_index, live)
        return json_answer([e for e in entries if not asked.ready or e["state"] == "READY"])

    @routes.post(
        _PREFIX + "/repository/models/{name}/{change}",
        responses=described(PlainError, 400),
        summary="OIP：载入或卸下模型；这里不做，见 /admin/models",
    )
    async def refuse(name: str, change: Literal["load", "unload"]) -> Response:  # noqa: ARG001
        raise ForbiddenError(
            "这里不能载入或卸下模型；换用模型请管理员用 POST /admin/models/{版本}/promote"
        )


async def _infer(
    request: Request,
    inference: Inference,
    settings: Settings,
    name: str,
    version: str | None = None,
) -> Response:
    _chosen(inference.live, name, version)
    _, charset = content_type(request, (_JSON, BINARY))
    body = await read_body(request, settings)
    head, binary = split_head(body, request.headers.get(HEAD_LENGTH))
    wanted = shaped(parsed(head, charset), InferRequest)
    outputs = _outputs(wanted)
    texts = _texts(wanted.inputs, binary)
    check_texts([(f"data.{i}", text) for i, text in enumerate(texts)], settings, "data")
    answered = await inference.classify(texts)
    _same(answered.classifier, version)
    everywhere = (wanted.parameters or {}).get("binary_data_output") is True
    apart = [_in_binary(output, everywhere) for output in outputs]
    return await inference.shape(
        len(texts), lambda: tensor_answer(_answer(answered, wanted.id, outputs), apart)
    )


def _chosen(live: LiveModel, name: str, version: str | None = None) -> ThemeClassifier:
    """The classifier that an address names."""
    if name != MODEL:
        raise NotFoundError(f"没有模型 {name[:80]}；这里的模型叫 {MODEL}")
    return _same(live.classifier, version)


def _same(classifier: ThemeClassifier, version: str | None) -> ThemeClassifier:
    if version is not None and version != classifier.version:
        raise NotFoundError(f"版本 {version[:80]} 没有在使用；正在使用的是 {classifier.version}")
    return classifier


def _texts(inputs: list[InputTensor], binary: bytes) -> list[str]:
    if len(inputs) != 1 or inputs[0].name != "text" or inputs[0].datatype != "BYTES":
        raise BadRequestError("inputs 应只有一个输入，name 是 text，datatype 是 BYTES", ["inputs"])
    only = inputs[0]
    return texts_of(only.shape, only.data, only.parameters or {}, binary)


def _outputs(wanted: InferRequest) -> list[WantedOutput]:
    """The outputs that are asked for; all when none is named."""
    outputs = wanted.outputs or [WantedOutput(name=_LABELS), WantedOutput(name=_SCORES)]
    names = [output.name for output in outputs]
    if not set(names) <= {_LABELS, _SCORES} or len(set(names)) < len(names):
        raise BadRequestError(f"outputs 应是 {_LABELS}、{_SCORES}，各至多一次", ["outputs"])
    for output in outputs:
        if set(output.parameters or {}) - {"binary_data", "content_type"}:
            raise BadRequestError(
                f"outputs 的 parameters 只认 binary_data，{output.name} 还有别的", ["outputs"]
            )
    return outputs


def _in_binary(output: WantedOutput, everywhere: bool) -> bool:
    return (output.parameters or {}).get("binary_data", everywhere) is True


def _answer(answered: Answered, id_: str | None, outputs: list[WantedOutput]) -> dict[str, Any]:
    classifier = answered.classifier
    tensors: list[Tensor] = []
    for output in outputs:
        if output.name == _LABELS:
            joined = [";".join(decision.labels) for decision in answered.decisions]
            tensors.append(strings(_LABELS, joined))
        else:
            rows = [[round(s, DIGITS) for s in d.scores.values()] for d in answered.decisions]
            tensors.append(floats(_SCORES, rows, classifier.labels))
    named = {} if id_ is None else {"id": id_}
    head = {"model_name": MODEL, "model_version": classifier.version}
    return head | named | {"outputs": tensors}


def _metadata(classifier: ThemeClassifier) -> dict[str, Any]:
    themes = len(classifier.labels)
    return {
        "name": MODEL,
        "versions": [classifier.version],
        "platform": "govtheme",
        "inputs": [{"name": "text", "datatype": "BYTES", "shape": [-1]}],
        "outputs": [
            {"name": _LABELS, "datatype": "BYTES", "shape": [-1]},
            {"name": _SCORES, "datatype": "FP64", "shape": [-1, themes]},
        ],
    }


def _index(live: LiveModel) -> list[dict[str, str]]:
    current = live.present.version if live.present else None
    stored = live.store.versions() if live.store else []
    versions = stored if current is None or current in stored else [*stored, current]
    return [
        {
            "name": MODEL,
            "version": version,
            "state": "READY" if version == current else "UNAVAILABLE",
            "reason": "" if version == current else "没有在使用",
        }
        for version in versions
    ]


PROTOCOL = Protocol(_PREFIX, _router, _error)
