"""`GET /themes`, `/model`, `/models`: what the labels mean, and which models there are."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from model.artifact import MANIFEST_FILE
from model.bundled import bundled
from model.codebook import load_codebook
from model.errors import UserError
from model.store import ModelStore
from service.answers import theme
from service.live import LiveModel
from service.requests import ModelsResponse, ThemesResponse
from service.routes import errors, json_answer


def router(live: LiveModel) -> APIRouter:
    """The routes, with their descriptions."""
    routes = APIRouter(tags=["说明"])
    bundled_book = load_codebook(bundled("codebook.toml"))

    @routes.get(
        "/themes",
        response_model=ThemesResponse,
        responses=errors(),
        summary="主题的编号、名称和定义",
    )
    async def themes() -> Response:
        book = live.present.codebook if live.present else bundled_book
        # An artifact keeps names only; definitions come from the codebook of the same version.
        meanings = (
            {t.id: t for t in bundled_book.themes} if book.version == bundled_book.version else {}
        )
        shown = [theme(meanings.get(t.id, t)) for t in book.themes]
        return json_answer({"codebook": book.version, "themes": shown})

    @routes.get(
        "/model", response_model=dict[str, Any], responses=errors(), summary="正在使用的模型"
    )
    async def model() -> Response:
        return json_answer(dict(live.classifier.manifest))

    @routes.get(
        "/models", response_model=ModelsResponse, responses=errors(), summary="所有模型，旧的在前"
    )
    def models() -> Response:
        store = live.store
        found = [] if store is None else [_summary(store, v) for v in store.versions()]
        current = live.present.version if live.present else None
        return json_answer(
            {"models": [entry | {"current": entry["version"] == current} for entry in found]}
        )

    return routes


def _summary(store: ModelStore, version: str) -> dict[str, Any]:
    folder = store.folder(version)
    try:
        manifest = store.manifest(version)
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, UserError):
        manifest, metrics = {}, {}
    return {
        "version": version,
        "trained": _time(folder),
        "labels": list(manifest.get("labels", [])),
        "macro_f1": metrics.get("macro_f1"),
    }


def _time(folder: Path) -> str:
    """When an artifact was written; a version says nothing of time, so that it stays the same."""
    written = (folder / MANIFEST_FILE).stat().st_mtime
    return datetime.fromtimestamp(written, UTC).isoformat(timespec="seconds")
