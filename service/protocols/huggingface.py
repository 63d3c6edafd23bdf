"""`/hf`: Hugging Face text classification, as `huggingface_hub` and `huggingface.js` call it.

The answer is a list of lists even for one text, because that is what both clients unwrap.
`function_to_apply` may be `sigmoid` (what the scores are anyway) or `none` (log-odds); `softmax`
would make the labels compete, which ours do not, and is refused.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from service.body import check_texts, read_json, shaped
from service.errors import BadRequestError
from service.inference import Inference
from service.protocols import (
    PlainError,
    Protocol,
    described,
    list_schema,
    object_schema,
    plain_error,
    request_body,
    text_schema,
)
from service.protocols.ranking import LabelScore, ranked
from service.routes import json_answer
from service.settings import Settings

_PREFIX = "/hf"
_STRICT = ConfigDict(extra="forbid", strict=True)


class Parameters(BaseModel):
    """How to score."""

    model_config = _STRICT

    function_to_apply: Literal["sigmoid", "softmax", "none"] | None = None
    top_k: Annotated[int, Field(ge=1)] | None = None


class TextClassificationRequest(BaseModel):
    """A text or several; `options` of the hosted service mean nothing here."""

    model_config = _STRICT

    inputs: Any
    parameters: Parameters | None = None
    options: dict[str, Any] | None = None


def _router(inference: Inference, settings: Settings) -> APIRouter:
    routes = APIRouter(tags=["对接：Hugging Face"])
    text = text_schema(settings)
    parameters = object_schema(
        {},
        function_to_apply={
            "enum": ["sigmoid", "none", None],
            "description": "sigmoid 是概率（默认），none 是对数几率；不能用 softmax",
        },
        top_k={"type": ["integer", "null"], "minimum": 1, "description": "只要得分最高的几个主题"},
    )
    schema = object_schema(
        {"inputs": {"anyOf": [text, list_schema(text, settings)]}},
        parameters={"anyOf": [parameters, {"type": "null"}]},
        options={"type": ["object", "null"], "description": "不起作用"},
    )
    example = {"inputs": "网格员每天入户走访。", "parameters": {"top_k": 2}}

    @routes.post(
        _PREFIX,
        response_model=list[list[LabelScore]],
        responses=described(PlainError, 400, 408, 413, 415, 422),
        openapi_extra=request_body(schema, example),
        summary="Hugging Face 文本分类：每段的主题，得分高的在前",
    )
    async def classify(request: Request) -> Response:
        wanted = shaped(await read_json(request, settings), TextClassificationRequest)
        parameters = wanted.parameters or Parameters()
        if parameters.function_to_apply == "softmax":
            raise BadRequestError(
                "一段文字可以有几个主题，得分互不相争，不能用 softmax；请用 sigmoid 或 none",
                ["parameters.function_to_apply"],
            )
        texts = _texts(wanted.inputs, settings)
        answered = await inference.classify(texts)
        raw = parameters.function_to_apply == "none"

        def shaped_answer() -> Response:
            return json_answer([ranked(d, raw)[: parameters.top_k] for d in answered.decisions])

        return await inference.shape(len(texts), shaped_answer)

    return routes


def _texts(inputs: Any, settings: Settings) -> list[str]:
    texts = [inputs] if isinstance(inputs, str) else inputs
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadRequestError("inputs 应是文本，或文本的列表", ["inputs"])
    named = [("inputs" if texts is not inputs else f"inputs.{i}", t) for i, t in enumerate(texts)]
    check_texts(named, settings, "inputs")
    return texts


PROTOCOL = Protocol(_PREFIX, _router, plain_error)
