"""A queue in the making: read, choose, write, in a process of its own so that the pages stay quick.

Whatever a queue is made from becomes a scored table first: the result of a job is one, and what was
pasted or uploaded is written as one after the server has scored it. The process writes the queue in
one transaction; when it is killed, or its workbench is, there is no queue.
"""

import multiprocessing
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

import orjson

from model.classifier import ThemeClassifier
from model.encodings import decode
from model.errors import UserError
from model.store import ModelStore
from service.client import AsyncClient, Result
from service.reading.errors import Rejected
from service.reading.files import Found, read_documents
from service.reading.options import ReadingOptions
from service.tables.scored import ScoredRow, read_scored
from service.workbench.database import Database
from service.workbench.errors import WorkbenchError
from service.workbench.labelling.queues import Wish, add_queue, judged_keys
from service.workbench.labelling.selection import Plan, select

_CONTEXT = multiprocessing.get_context("spawn")

_PLAIN = (".txt", ".text", ".md")


@dataclass(frozen=True, slots=True)
class Order:
    """What the process is asked for.

    Attributes:
        table: the scored table.
        names: label ids by their Chinese names.
        plan: how many paragraphs, and which.
        wish: the queue to be; its versions are taken from the table.
        models: the folder of models, for the thresholds of the one that scored.
        database, file: of the workbench.
    """

    table: Path
    names: Mapping[str, str]
    plan: Plan
    wish: Wish
    models: Path
    database: str
    file: Path


@dataclass
class Making:
    """A queue in the making, as pages show it.

    Attributes:
        name, person: the queue's name, and who makes it.
        step: `score`, `read`, `choose` or `write`; `done` or `failed` at the end.
        count: paragraphs so far.
        refused: those that the server would not take: too long, mostly.
        queue: its id, once it is there.
        reason: why it failed, in words for the user.
        process: in which it is made, once that has begun.
    """

    name: str
    person: str
    step: str = "read"
    count: int = 0
    refused: int = 0
    queue: int | None = None
    reason: str = ""
    process: SpawnProcess | None = None

    @property
    def over(self) -> bool:
        """Whether it is done or has failed."""
        return self.step in ("done", "failed")

    def fail(self, reason: str) -> None:
        """Note why nothing came of it."""
        self.step, self.reason = "failed", reason

    def stop(self) -> None:
        """End the process, if there is one; no queue is left."""
        if self.process is not None:
            self.process.terminate()


def make(order: Order, making: Making) -> None:
    """Make a queue; returns when it is made or has failed. For a thread, not the event loop."""
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_work, args=(order, theirs), daemon=True)
    process.start()
    making.process = process
    theirs.close()
    try:
        while not making.over:
            making.step, told = ours.recv()
            match making.step:
                case "done":
                    making.queue = told
                case "failed":
                    making.reason = told
                case _:
                    making.count = told
    except EOFError:
        making.fail("挑选段落的进程中断了，没有留下队列；请再做一次")
    finally:
        ours.close()
        process.join()


def pasted(text: str) -> list[str]:
    """The paragraphs of a pasted list, one a line."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def uploaded(path: Path, shown: str, options: ReadingOptions) -> list[str]:
    """The paragraphs of a file: one a line of plain text, one a row of a table.

    Raises:
        WorkbenchError: it cannot be read, or no column of it is a text.
    """
    if path.suffix.lower() in _PLAIN:
        return pasted(decode(path.read_bytes()))
    texts = []
    reasons = []
    for item in read_documents(Found(path, shown, (), 0, 0), options):
        if isinstance(item, Rejected):
            reasons.append(item.reason)
        else:
            texts.append(item.text)
    if not texts:
        raise WorkbenchError(f"{shown} 读不进来：{'；'.join(reasons[:3]) or '没有文字'}")
    return texts


async def score(client: AsyncClient, texts: Sequence[str], table: Path, making: Making) -> None:
    """Have the server score texts, and write what it says as a scored table.

    Those that it refuses are left out and counted.

    Raises:
        ClientError: there was no good answer.
    """
    making.step = "score"
    codebook = str((await client.model())["codebook"])
    with table.open("wb") as file:
        async for answer in client.stream(enumerate(texts)):
            making.count += 1
            if answer.result is None:
                making.refused += 1
                continue
            row = _row(texts[int(answer.id)], answer.result, codebook)
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def _row(text: str, result: Result, codebook: str) -> dict[str, object]:
    scores = {f"score_{label}": score for label, score in result.scores.items()}
    return {
        "text": text,
        "labels": result.labels,
        "uncertain": result.uncertain,
        **scores,
        "model": result.model,
        "codebook": codebook,
    }


def _work(order: Order, told: Connection) -> None:
    """What the process does; ends with `done` and the queue's id, or `failed` and the reason."""
    try:
        told.send(("done", _made(order, told)))
    except UserError as error:
        told.send(("failed", str(error)))
    except Exception as error:  # noqa: BLE001  whatever it is, the person has to be told
        told.send(("failed", f"没有做成（{type(error).__name__}）"))


def _made(order: Order, told: Connection) -> int:
    database = Database(order.database, order.file)
    with database.session() as session:
        known = judged_keys(session)
    scored = read_scored(order.table, order.names)
    first = next(scored, None)
    if first is None:
        raise WorkbenchError("没有可标的段落：全是页面杂项或空行")
    selection = select(
        _with(first, scored),
        order.plan,
        _thresholds(order.models, first.model),
        known,
        lambda seen: told.send(("read", seen)),
    )
    told.send(("write", len(selection.chosen)))
    wish = _completed(order.wish, first, selection.seen, order.plan)
    with database.session() as session:
        queue = add_queue(session, wish, selection.chosen)
    database.close()
    return queue


def _with(first: ScoredRow, rest: Iterator[ScoredRow]) -> Iterator[ScoredRow]:
    yield first
    yield from rest


def _completed(wish: Wish, first: ScoredRow, seen: int, plan: Plan) -> Wish:
    """The wish with what only the table knows."""
    scores = first.scores or {}
    labels = tuple(label for label in wish.labels if label in scores) or tuple(scores)
    return Wish(
        name=wish.name,
        person=wish.person,
        origin=f"{wish.origin}；共 {seen} 段，随机种子 {plan.seed}",
        labels=labels,
        readers=wish.readers,
        blind=wish.blind,
        preselected=wish.preselected,
        model=first.model,
        codebook=first.codebook,
    )


def _thresholds(models: Path, version: str) -> dict[str, float]:
    """The thresholds of a model; empty where it is not in the folder."""
    try:
        rule = ThemeClassifier.load(ModelStore(models).folder(version)).thresholds
    except UserError:
        return {}
    return dict(zip(rule.labels, rule.at, strict=True))


def new_seed() -> int:
    """A seed for a random draw that nobody has chosen."""
    return secrets.randbelow(2**31)
