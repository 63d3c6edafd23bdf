"""`GET /livez`, `/readyz`, `/metrics`: for whoever watches the server."""

from fastapi import APIRouter
from starlette.responses import Response

from service.live import LiveModel
from service.metrics import CONTENT_TYPE, Meters
from service.requests import ErrorResponse, HealthResponse
from service.routes import errors, json_answer


def router(live: LiveModel, meters: Meters) -> APIRouter:
    """The routes, with their descriptions."""
    routes = APIRouter(tags=["运行"])

    @routes.get("/livez", response_model=HealthResponse, summary="进程是否在运行")
    async def livez() -> Response:
        return json_answer({"status": "ok"})

    @routes.get(
        "/readyz",
        response_model=HealthResponse,
        responses={503: {"model": ErrorResponse, "description": "还没有模型"}},
        summary="是否可以判断；degraded 是新模型不能用，仍在用旧的",
    )
    async def readyz() -> Response:
        version = live.classifier.version
        if live.failure:
            return json_answer({"status": "degraded", "model": version, "reason": live.failure})
        return json_answer({"status": "ok", "model": version})

    @routes.get(
        "/metrics",
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **errors()},
        response_class=Response,
        summary="Prometheus 指标",
    )
    async def metrics() -> Response:
        return Response(meters.exposition(), headers={"content-type": CONTENT_TYPE})

    return routes
