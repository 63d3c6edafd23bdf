"""Running the workbench: its folder, its database, the server that classifies, and uvicorn."""

import asyncio
import contextlib
import os
import socket

import uvicorn
from fastapi import FastAPI

from service.client import AsyncClient
from service.keys import KeyRing
from service.settings import Settings
from service.workbench.classification import classification_server
from service.workbench.database import Database

_STOP_SECONDS = 3
"""How long open sockets are waited for: a browser's never end by themselves."""


_GRACE_SECONDS = 5.0
"""So much longer than a request may take is its answer waited for."""


def run(settings: Settings, listener: socket.socket) -> None:
    """Serve the workbench until a signal says stop.

    Raises:
        DatabaseError: the database cannot be used.
        KeyFileError: the settings name a file of keys that cannot be used.
    """
    settings.workbench.mkdir(parents=True, exist_ok=True)
    # The library reads it when it is imported.
    os.environ["NICEGUI_STORAGE_PATH"] = str(settings.workbench / "sessions")
    from service.workbench.app import create_workbench
    from service.workbench.desk import Desk
    from service.workbench.jobs import Jobs
    from service.workbench.people import People

    database = Database(settings.database, settings.workbench / "workbench.sqlite")
    with (
        contextlib.closing(database),
        classification_server(settings) as (address, key),
        contextlib.suppress(KeyboardInterrupt),
    ):
        people = People(KeyRing(settings.keys))
        client = AsyncClient(address, key, settings.timeout + _GRACE_SECONDS)
        jobs = Jobs(
            database,
            settings.workbench / "jobs",
            settings.jobs,
            {"GOVTHEME_MODELS": str(settings.models)},
        )
        desk = Desk(settings, database, people, client, jobs)
        asyncio.run(uvicorn.Server(_configured(create_workbench(desk))).serve([listener]))


def _configured(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
