"""A server under mixed load for a long time, while models and workers come and go.

    make soak                              # ten minutes
    python -m tests.soak --seconds 20      # what CI runs

Every cycle begins with the death of a worker. Then, for the rest of it, models are promoted every
few seconds, one of them damaged, and at its end all clients pause: what the server says it answered
must be what they got. The last cycle ends with SIGTERM while everybody is asking. The exit status
is 1 when anything was wrong.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from model.artifact import MANIFEST_FILE
from model.store import ModelStore
from service.keys import add_key
from tests.benchmarks.processes import children
from tests.service.running import serving
from tests.small import small_corpus
from tests.soak import questions
from tests.soak.clients import Clients
from tests.soak.ledger import KILL_SECONDS, Ledger
from tests.soak.oracle import Oracle
from tests.soak.watch import Figures, Growth, log_faults
from training.parameters import Parameters
from training.train import train

OUT = Path("build") / "soak.json"

CLIENTS = 12
CYCLE = 30.0
PROMOTION = 5.0
RELOAD = 0.5
ACCEPTED = 20
RECEIVE_SECONDS = 8
"""Shorter, and a busy machine would make everybody a slow sender."""
STOP_SECONDS = 20
_DAMAGED = "damaged"
_PATIENCE = 60.0


def main() -> int:
    """Run it, and tell what happened."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--seconds", type=float, default=600.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store, versions = _models(folder / "models")
        token = add_key(folder / "keys.json", "soak", ("classify",))
        with serving(
            store.root,
            folder / "log",
            workers="2",
            keys=str(folder / "keys.json"),
            reload=str(RELOAD),
            max_body="200000",
            max_texts="500",
            receive_timeout=str(RECEIVE_SECONDS),
            stop_timeout=str(STOP_SECONDS),
        ) as (process, client):
            client.headers["authorization"] = f"Bearer {token}"
            soak = Soak(store, versions, process, client, token)
            asyncio.run(soak.run(seconds))
            faults = soak.ledger.faults + log_faults(folder / "log", questions.MARK)
    return _told(soak, faults, seconds)


def _models(root: Path) -> tuple[ModelStore, list[str]]:
    """Two good models, and a damaged one that says it is a third."""
    store = ModelStore(root)
    versions = [train(small_corpus(), root, Parameters(c=c)).version for c in (1.0, 0.2)]
    broken = root / _DAMAGED
    shutil.copytree(root / versions[0], broken)
    content = bytearray((broken / "model.joblib").read_bytes())
    content[len(content) // 2] ^= 0xFF
    (broken / "model.joblib").write_bytes(content)
    manifest = json.loads((broken / MANIFEST_FILE).read_text(encoding="utf-8"))
    (broken / MANIFEST_FILE).write_text(
        json.dumps({**manifest, "version": _DAMAGED}), encoding="utf-8"
    )
    store.promote(versions[0], "soak")
    return store, versions


class Soak:
    """One run.

    Args:
        client: asks for health and figures.
        token: a key with the scope `classify`.
    """

    def __init__(
        self,
        store: ModelStore,
        versions: list[str],
        process: subprocess.Popen[bytes],
        client: httpx.Client,
        token: str,
    ) -> None:
        self._store = store
        self._versions = versions
        self._process = process
        self._client = client
        self._address = str(client.base_url).rstrip("/")
        self._token = token
        self._oracle = Oracle(store, versions)
        self._oracle.promoted(versions[0])
        self._turn = 0
        self.ledger = Ledger()
        self.cycles = self.promotions = self.kills = 0
        survivor = min(children(process.pid))
        self.growth = Growth(process.pid, (process.pid, survivor))
        self._survivor = survivor

    async def run(self, seconds: float) -> None:
        """Cycles until the time is up, then the end."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            await self._death()
            await self._steady(min(CYCLE, max(left - 8.0, 4.0)))
            self.cycles += 1
            if end - time.monotonic() < CYCLE / 2:
                break
        self.ledger.faults += self.growth.faults()
        await self._end()

    async def _death(self) -> None:
        """A worker is killed under load; another must take its place."""
        clients, stop, task = self._started()
        await asyncio.sleep(1.0)
        before = set(children(self._process.pid))
        victim = max(before - {self._survivor})
        self.ledger.killed()
        os.kill(victim, signal.SIGKILL)
        self.kills += 1
        deadline = time.monotonic() + _PATIENCE
        while len(set(children(self._process.pid)) - {victim}) < len(before):
            if time.monotonic() > deadline:
                self.ledger.fault("kill", "no worker took the place of the one that was killed")
                break
            await asyncio.sleep(0.1)
        await asyncio.sleep(KILL_SECONDS)
        await self._stopped(clients, stop, task)

    async def _steady(self, seconds: float) -> None:
        """Load and promotions with nobody dying: the figures must agree to the last request."""
        before = Figures.read(self._client)
        answered, texts = Counter(self.ledger.answered), self.ledger.texts
        clients, stop, task = self._started()
        end = time.monotonic() + seconds
        step = 0
        while time.monotonic() < end:
            await self._promote(damaged=step == 0)
            step += 1
            await asyncio.sleep(max(0.0, min(PROMOTION, end - time.monotonic())))
        await self._stopped(clients, stop, task)
        after = Figures.read(self._client)
        self.ledger.faults += after.faults(
            before, self.ledger.answered - answered, self.ledger.texts - texts
        )
        self.growth.look()

    async def _promote(self, *, damaged: bool) -> None:
        self.promotions += 1
        if damaged:
            self._store.promote(_DAMAGED, "soak")
            await self._until("degraded")
        self._turn += 1
        version = self._versions[self._turn % len(self._versions)]
        self._oracle.promoted(version)
        self._store.promote(version, "soak")
        await self._until("ok")

    async def _until(self, status: str) -> None:
        """Until every worker says so; each connection is a worker's, by chance."""
        began = time.monotonic()
        said: list[str] = []
        while said[-6:] != [status] * 6:
            async with httpx.AsyncClient(base_url=self._address, trust_env=False) as client:
                said.append((await client.get("/readyz", timeout=_PATIENCE)).json()["status"])
            # Asking takes its own time; that answers come from the right model is seen elsewhere.
            if time.monotonic() - began > _PATIENCE:
                self.ledger.fault("promotion", f"not {status}, but {said[-6:]}")
                return
            await asyncio.sleep(0.05)

    async def _end(self) -> None:
        """SIGTERM under load: whoever was accepted gets his answer, and the server goes."""
        clients, stop, task = self._started()
        release = asyncio.Event()
        asked = [
            questions.single(clients.random) if n % 4 else {"texts": questions.TEXTS * 10}
            for n in range(ACCEPTED)
        ]
        accepted = [asyncio.create_task(clients.accepted(one, release)) for one in asked]
        await asyncio.sleep(1.0)
        self.ledger.stopping = time.monotonic()
        self._process.terminate()
        await asyncio.sleep(0.2)
        release.set()
        for fault in await asyncio.gather(*accepted):
            if fault:
                self.ledger.fault("accepted before SIGTERM", fault)
        await self._stopped(clients, stop, task)
        try:
            status = await asyncio.to_thread(self._process.wait, STOP_SECONDS)
            if status != 0:
                self.ledger.fault("stop", f"exit status {status}")
        except subprocess.TimeoutExpired:
            self.ledger.fault("stop", f"still there after {STOP_SECONDS} s")

    def _started(self) -> tuple[Clients, asyncio.Event, "asyncio.Task[None]"]:
        clients = Clients(self._address, self._token, self._oracle, self.ledger)
        stop = asyncio.Event()
        return clients, stop, asyncio.create_task(clients.run(CLIENTS, stop))

    async def _stopped(
        self, clients: Clients, stop: asyncio.Event, task: "asyncio.Task[None]"
    ) -> None:
        """All have their answers, connections are closed, and every worker has told its figures."""
        stop.set()
        await task
        await clients.close()
        await asyncio.sleep(3 * RELOAD)


def _told(soak: Soak, faults: list[str], seconds: float) -> int:
    ledger = soak.ledger
    found: dict[str, Any] = {
        "seconds": seconds,
        "cycles": soak.cycles,
        "promotions": soak.promotions,
        "killed": soak.kills,
        "broken_by_kill_or_stop": ledger.lost,
        "texts": ledger.texts,
        "kinds": dict(ledger.kinds),
        "statuses": {
            f"{route} {status}": n for (route, status), n in sorted(ledger.answered.items())
        },
        "median_ms": {name: median(waits) * 1000 for name, waits in sorted(ledger.waits.items())},
        "own_mb": {str(process): values for process, values in soak.growth.own.items()},
        "open_files": {str(process): values for process, values in soak.growth.files.items()},
        "faults": faults,
    }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    for name, value in found.items():
        print(f"{name}: {value}" if name != "faults" else f"{len(faults)} faults")  # noqa: T201
    for fault in faults[:50]:
        print(fault, file=sys.stderr)  # noqa: T201
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
