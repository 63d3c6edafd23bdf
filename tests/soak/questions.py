"""What is asked: a fixed set of good questions, and bad ones with the status each should get."""

import gzip
import json
from random import Random
from typing import Any

from tests.small import small_corpus

MARK = "机密标记"
"""Stands in every text, and so must stand in no line of the log."""

TEXTS = [f"{row.text}{MARK}" for row in small_corpus().rows]
PAGE = "\n\n".join(["当前位置：首页 > 志愿服务", "工作简报", *TEXTS[:12]]) + "\n"

JSON = {"content-type": "application/json"}

BAD: tuple[tuple[str, bytes, dict[str, str], int], ...] = (
    ("broken JSON", b'{"text": ' + MARK.encode(), JSON, 400),
    ("bad UTF-8", b'{"text": "\xff"}', JSON, 400),
    ("lone surrogate", b'{"text": "\\ud800"}', JSON, 400),
    ("twice the same key", b'{"text": "a", "text": "b"}', JSON, 400),
    ("deep", b"[" * 50_000, JSON, 400),
    ("no gzip", b"not gzip", {**JSON, "content-encoding": "gzip"}, 400),
    ("bomb", gzip.compress(b" " * 30_000_000), {**JSON, "content-encoding": "gzip"}, 413),
    ("too large", b'"' + b"a" * 300_000 + b'"', JSON, 413),
    ("br", b"x", {**JSON, "content-encoding": "br"}, 415),
    ("XML", b"<a/>", {"content-type": "text/xml"}, 415),
    ("klingon", b"a", {"content-type": "text/plain; charset=klingon"}, 415),
    ("empty", b'{"text": " "}', JSON, 422),
    ("nothing", b"{}", JSON, 422),
    ("unknown field", json.dumps({MARK: MARK}).encode(), JSON, 422),
    ("too many", json.dumps({"texts": ["a"] * 501}).encode(), JSON, 422),
    ("threshold", b'{"text": "a", "threshold": 7}', JSON, 422),
    ("label", b'{"text": "a", "threshold": {"x": 0.5}}', JSON, 422),
)


def single(random: Random) -> dict[str, Any]:
    """One text, now and then with its evidence or another threshold."""
    question: dict[str, Any] = {"text": random.choice(TEXTS)}
    if random.random() < 0.2:
        question["evidence"] = True
    if random.random() < 0.1:
        question["threshold"] = random.choice((0.25, 0.75))
    return question


def several(random: Random) -> dict[str, Any]:
    """From two to five hundred texts; those in a row, so that there are not too many questions."""
    first = random.randrange(4) * 10
    return {"texts": (TEXTS[first : first + 10] * 50)[: random.choice((2, 10, 100, 500))]}


def page(random: Random) -> dict[str, Any]:
    """A page."""
    return {"document": PAGE, "evidence": random.random() < 0.3}
