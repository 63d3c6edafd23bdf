"""The workbench as an application: its pages, its guard, and what runs beside them."""

import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from nicegui import app as pages
from nicegui import run, ui

from model.files import write_bytes
from service.workbench.desk import Desk
from service.workbench.frame import STATIC
from service.workbench.pages import (
    accuracy,
    archive,
    archives,
    changes,
    label,
    models,
    read,
    signin,
    training,
)
from service.workbench.security import Guard

REGISTER: tuple[Callable[[Desk], None], ...] = (
    signin.register,
    read.register,
    archives.register,
    archive.register,
    label.register,
    models.register,
    training.register,
    changes.register,
    accuracy.register,
)
"""What makes each page."""

_RECONNECT_SECONDS = 30
"""A page that loses its socket for less goes on where it was."""

_LOOK_SECONDS = 1.0
"""How often jobs are looked after."""


def create_workbench(desk: Desk) -> FastAPI:
    """The application; one a process, since the library keeps its pages for the whole process."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    for register in REGISTER:
        register(desk)
    pages.on_shutdown(desk.client.close)
    pages.timer(_LOOK_SECONDS, partial(run.io_bound, desk.jobs.look))
    ui.run_with(
        app,
        title="govtheme",
        favicon=STATIC / "favicon.svg",
        language="zh-CN",
        reconnect_timeout=_RECONNECT_SECONDS,
        show_welcome_message=False,
        storage_secret=_secret(desk.folder / "secret"),
    )
    app.add_middleware(Guard, local_only=not desk.people.keys_wanted and not desk.settings.open)
    return app


def _secret(file: Path) -> str:
    """What session cookies are signed with; made once, so that sessions outlive a restart."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(file, secrets.token_urlsafe(32).encode(), mode=0o600)
    return file.read_text(encoding="ascii")
