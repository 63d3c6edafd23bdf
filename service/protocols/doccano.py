"""`/doccano`: doccano's automatic labelling by a "Custom REST Request".

`{"text": …}` in, a list of labels out, which doccano's mapping template turns into its own.
"""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from service.answers import DIGITS
from service.body import check_texts, read_json, shaped
from service.inference import Inference
from service.protocols import (
    PlainError,
    Protocol,
    described,
    object_schema,
    plain_error,
    request_body,
    text_schema,
)
from service.routes import json_answer
from service.settings import Settings

_PREFIX = "/doccano"


class LabelRequest(BaseModel):
    """One text."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: str


class Label(BaseModel):
    """A label of the text; projects call theirs by id or by name."""

    label: str
    name: Annotated[str, Field(description="中文名称")]
    score: float


def _router(inference: Inference, settings: Settings) -> APIRouter:
    routes = APIRouter(tags=["对接：doccano"])
    schema = object_schema({"text": text_schema(settings)})

    @routes.post(
        _PREFIX,
        response_model=list[Label],
        responses=described(PlainError, 400, 408, 413, 415, 422),
        openapi_extra=request_body(schema, {"text": "网格员每天入户走访。"}),
        summary="doccano 自动标注：这段文字的主题，没有就是空列表",
    )
    async def label(request: Request) -> Response:
        wanted = shaped(await read_json(request, settings), LabelRequest)
        check_texts([("text", wanted.text)], settings)
        answered = await inference.classify([wanted.text])
        (decision,) = answered.decisions
        return json_answer(
            [
                {
                    "label": label,
                    "name": answered.classifier.codebook.name(label),
                    "score": round(decision.scores[label], DIGITS),
                }
                for label in decision.labels
            ]
        )

    return routes


PROTOCOL = Protocol(_PREFIX, _router, plain_error)
