"""`POST /classify`: one text, several, or a page."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from model.classifier import ThemeClassifier
from service.answers import answer, paragraph_result, result
from service.body import read_request
from service.front import Handler
from service.inference import Inference
from service.requests import EXAMPLES, NOT_BLANK, ClassifyResponse, classify_schema
from service.routes import errors, json_answer
from service.settings import Settings


def handler(inference: Inference, settings: Settings) -> Handler:
    """What answers `POST /classify`."""

    async def classify(request: Request) -> Response:
        wanted = await read_request(request, settings)
        options: dict[str, Any] = {"evidence": wanted.evidence, "threshold": wanted.threshold}
        if wanted.document is not None:
            classifier, found = await inference.classify_document(wanted.document, **options)
            return await inference.shape(
                len(found),
                lambda: _answer(classifier, [paragraph_result(p, wanted.evidence) for p in found]),
            )
        texts = [wanted.text] if wanted.text is not None else wanted.texts or []
        answered = await inference.classify(texts, **options)
        return await inference.shape(
            len(texts),
            lambda: _answer(
                answered.classifier, [result(d, wanted.evidence) for d in answered.decisions]
            ),
        )

    return classify


def _answer(classifier: ThemeClassifier, results: list[dict[str, Any]]) -> Response:
    return json_answer(answer(classifier, results))


def router(classify: Handler, settings: Settings, labels: list[str]) -> APIRouter:
    """The route, with its description."""
    routes = APIRouter()
    text = {"type": "string", "pattern": NOT_BLANK, "maxLength": settings.max_characters}
    body = {
        "required": True,
        "content": {
            "application/json": {
                "schema": classify_schema(settings, labels),
                "examples": EXAMPLES,
            },
            "text/plain": {"schema": text, "example": "人民路北段的路灯坏了半个月。"},
        },
    }

    @routes.post(
        "/classify",
        response_model=ClassifyResponse,
        response_model_exclude_unset=True,
        responses=errors(400, 408, 413, 415, 422),
        openapi_extra={"requestBody": body},
        summary="判断一段、多段或一整页文字的主题",
        tags=["判断"],
    )
    async def described(request: Request) -> Response:
        return await classify(request)

    return routes
