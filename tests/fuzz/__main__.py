"""Bad requests without end, through the whole application.

    make fuzz                                  # a million inputs
    python -m tests.fuzz --inputs 20000        # what CI runs
    python -m tests.fuzz --seed 7 --only 1234  # one input again

Each input follows from the seed and its number. Nothing may crash: every answer is whole, none is
a 500, errors have their shape, and no place for a request is lost on the way.
"""

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from random import Random

import orjson
from starlette.types import ASGIApp, Message

from model.store import ModelStore
from service.app import create_app
from service.keys import KeyRing, add_key
from service.live import LiveModel
from service.settings import Settings
from tests.fuzz.exchange import Fault, check, exchange
from tests.fuzz.mutation import mutated
from tests.fuzz.requests import Sent, described, own
from tests.small import small_corpus
from training.parameters import Parameters
from training.train import train

TOGETHER = 8
"""So many requests are in the application at a time, and it has as many places."""
SHOWN = 10

Statuses = Counter[int]


def main() -> int:
    """Send them all; the exit status is 1 when something was found."""
    wanted = _arguments()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        store = ModelStore(Path(folder) / "models")
        store.promote(train(small_corpus(), store.root, Parameters()).version, "fuzz")
        if wanted.only is not None:
            shares = [range(wanted.only, wanted.only + 1)]
        else:
            shares = [
                range(first, wanted.inputs, wanted.processes) for first in range(wanted.processes)
            ]
        tasks = [(Path(folder), wanted.seed, share) for share in shares]
        with multiprocessing.get_context("spawn").Pool(len(tasks)) as pool:
            results = pool.starmap(_share, tasks)
    statuses = sum((found for found, _ in results), Statuses())
    faults = [fault for _, some in results for fault in some]
    print(  # noqa: T201
        f"{statuses.total():,} inputs in {time.monotonic() - began:.0f} s, seed {wanted.seed}: "
        + ", ".join(f"{status or 'none'} x {count:,}" for status, count in sorted(statuses.items()))
    )
    for fault in faults[:SHOWN]:
        print(fault, file=sys.stderr)  # noqa: T201
    print(f"{len(faults)} faults")  # noqa: T201
    return 1 if faults else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", type=int, help="the number of one input, to see it again")
    return parser.parse_args()


def _share(folder: Path, seed: int, numbers: range) -> tuple[Statuses, list[str]]:
    """In a process of its own: the inputs with these numbers, and what was found."""
    warnings.simplefilter("error")
    return asyncio.run(_send_all(folder, seed, numbers))


async def _send_all(folder: Path, seed: int, numbers: range) -> tuple[Statuses, list[str]]:
    # A file for each process: they start at the same time.
    keys = folder / f"keys-{os.getpid()}.json"
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
    except (Fault, ValueError, TypeError) as error:
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
async def _running(app: ASGIApp):  # type: ignore[no-untyped-def]
    """The application between its start and its end, as a server tells it of them."""
    told: asyncio.Queue[Message] = asyncio.Queue()
    said: asyncio.Queue[Message] = asyncio.Queue()
    life = asyncio.create_task(
        app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, told.get, said.put)  # type: ignore[arg-type]
    )
    for step in ("startup", "shutdown"):
        await told.put({"type": f"lifespan.{step}"})
        answered = await said.get()
        if answered["type"] != f"lifespan.{step}.complete":
            raise Fault(f"{answered}")
        if step == "startup":
            yield
    await life


if __name__ == "__main__":
    sys.exit(main())
