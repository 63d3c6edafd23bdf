"""A share of the inputs, sent through an application of its own in a process of its own."""

import asyncio
import contextlib
import os
import warnings
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import orjson
from starlette.types import ASGIApp

from model.store import ModelStore
from service.app import create_app
from service.keys import KeyRing, add_key
from service.live import LiveModel
from service.settings import Settings
from tests.fuzz.exchange import FaultError, check, exchange
from tests.fuzz.mutation import mutated
from tests.fuzz.requests import Sent, described, own

TOGETHER = 8
"""So many requests are in the application at a time, and it has as many places."""

Statuses = Counter[int]


def campaign(folder: Path, seed: int, numbers: range) -> tuple[Statuses, list[str]]:
    """Send the inputs with these numbers.

    Args:
        folder: holds a store, `models`; keys are written beside it.

    Returns:
        How often there was which status, and what was found.
    """
    warnings.simplefilter("error")
    # Starlette leaves the file of a broken form to the collector.
    warnings.simplefilter("ignore", ResourceWarning)
    return asyncio.run(_send_all(folder, seed, numbers))


async def _send_all(folder: Path, seed: int, numbers: range) -> tuple[Statuses, list[str]]:
    # A file for each process: they start at the same time.
    keys = folder / f"keys-{os.getpid()}-{numbers.start}.json"
    token = add_key(keys, "fuzz", ("classify", "admin"))
    settings = Settings(
        models=folder / "models",
        max_body=50_000,
        max_texts=20,
        max_characters=500,
        concurrency=TOGETHER,
        queue=0,
        log="off",
    )
    app = create_app(settings, LiveModel.open(ModelStore(settings.models)), KeyRing(keys))
    seeds = _with_key(await _seeds(app, token), token)
    statuses: Statuses = Statuses()
    faults: list[str] = []
    async with _running(app):
        for first in range(0, len(numbers), TOGETHER):
            some = numbers[first : first + TOGETHER]
            found = await asyncio.gather(*(_one(app, seeds, seed, number) for number in some))
            for status, fault in found:
                statuses[status] += 1
                faults += [fault] if fault else []
    return statuses, faults


async def _one(app: ASGIApp, seeds: list[Sent], seed: int, number: int) -> tuple[int, str]:
    sent = mutated(Random(f"{seed}-{number}"), seeds)
    status = 0
    try:
        answer = await exchange(app, sent)
        status = answer.status
        check(sent, answer)
    except (FaultError, ValueError, TypeError) as error:
        return status, f"--seed {seed} --only {number}: {error!r:.600}\n  {sent!r:.1500}"
    return status, ""


async def _seeds(app: ASGIApp, token: str) -> list[Sent]:
    asked = _with_key([Sent("GET", b"/openapi.json")], token)[0]
    description = orjson.loads((await exchange(app, asked)).body)
    # What is asked most at work is asked most here.
    return own() * 3 + described(description)


def _with_key(seeds: list[Sent], token: str) -> list[Sent]:
    for sent in seeds:
        if not any(name == b"authorization" for name, _ in sent.headers):
            sent.headers.append((b"authorization", f"Bearer {token}".encode()))
    return seeds


@contextlib.asynccontextmanager
async def _running(app: ASGIApp) -> AsyncIterator[None]:
    """The application between its start and its end, as a server tells it of them."""
    told: asyncio.Queue[Any] = asyncio.Queue()
    said: asyncio.Queue[Any] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    life = asyncio.ensure_future(app(scope, told.get, said.put))
    for step in ("startup", "shutdown"):
        await told.put({"type": f"lifespan.{step}"})
        answered = await said.get()
        if answered["type"] != f"lifespan.{step}.complete":
            raise FaultError(f"{answered}")
        if step == "startup":
            yield
    await life
