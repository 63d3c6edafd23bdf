"""`POST /admin/models/…`: which model is used; needs a key with the scope `admin`."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from model.classifier import ThemeClassifier
from model.errors import ArtifactError, NoModelError
from model.store import ModelStore
from service.errors import ConflictError, NotFoundError
from service.exchange import Exchange
from service.live import LiveModel
from service.requests import PromotionResponse
from service.routes import errors, json_answer

Version = Annotated[str, Path(description="版本号", examples=["89cdad3f761a"], max_length=64)]

By = Annotated[str, Query(description="替谁换的，记入日志；可不写", max_length=64)]


def router(live: LiveModel) -> APIRouter:
    """The routes, with their descriptions."""
    routes = APIRouter(prefix="/admin/models", tags=["管理"])

    @routes.post(
        "/{version}/promote",
        response_model=PromotionResponse,
        responses=errors(404, 409, 422),
        summary="换用这个模型",
    )
    async def promote(version: Version, request: Request, by: By = "") -> Response:
        reason = _reason(request, by)

        def change(store: ModelStore) -> None:
            # An artifact that cannot be loaded must not become the one in use.
            ThemeClassifier.load(store.folder(version))
            store.promote(version, reason)

        return await run_in_threadpool(_changed, live, change)

    @routes.post(
        "/rollback",
        response_model=PromotionResponse,
        responses=errors(404, 409),
        summary="退回上一个使用的模型",
    )
    async def rollback(request: Request, by: By = "") -> Response:
        reason = _reason(request, by)
        return await run_in_threadpool(_changed, live, lambda store: store.rollback(reason))

    @routes.post(
        "/reload",
        response_model=PromotionResponse,
        responses=errors(404, 409),
        summary="重新读取正在使用的模型，也再试一次读不了的",
    )
    async def reload() -> Response:
        return await run_in_threadpool(_changed, live, lambda _: None)

    return routes


def _reason(request: Request, by: str) -> str:
    """What the log of changes says: by which key, and for whom."""
    key = Exchange.of(request).key
    assert key is not None  # the front has seen to that
    # One line of the log is one change.
    person = " ".join(by.split())
    return f"HTTP, {key.name}" + (f", {person}" if person else "")


def _changed(live: LiveModel, change: Callable[[ModelStore], object]) -> Response:
    if live.store is None:
        raise NotFoundError("这个服务没有模型文件夹")
    before = live.present.version if live.present else None
    try:
        change(live.store)
    except NoModelError as error:
        raise NotFoundError(str(error)) from error
    except ArtifactError as error:
        raise ConflictError(str(error)) from error
    live.refresh(again=True)
    if live.failure:
        raise ConflictError(live.failure)
    return json_answer({"model": live.classifier.version, "before": before})
