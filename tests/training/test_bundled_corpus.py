"""The corpus that ships: large enough, varied enough, and nobody else's text."""

import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from model.bundled import bundled
from model.encodings import decode
from tests.conftest import SHARED
from training.checks import RUN, equal_texts, near_texts, repeated_runs
from training.corpus import Row, read_corpus

HELD_OUT = "held_out.jsonl"


@cache
def rows() -> tuple[Row, ...]:
    return read_corpus().rows


@cache
def held_out() -> tuple[Row, ...]:
    return read_corpus([str(bundled(HELD_OUT))]).rows


def runs(text: str) -> set[str]:
    return {text[start : start + RUN] for start in range(len(text) - RUN + 1)}


def test_it_is_as_large_as_promised() -> None:
    labels = Counter(label for row in rows() for label in row.labels)
    assert len(rows()) >= 7000
    assert min(labels.values()) >= 1100
    assert sum(len(row.labels) > 1 for row in rows()) >= 1000
    pairs = Counter(
        other
        for row in rows()
        if "grid_management" in row.labels
        for other in row.labels
        if other != "grid_management"
    )
    assert set(pairs) == set(labels) - {"grid_management"}
    none = [row for row in rows() if not row.labels]
    assert 0.45 <= len(none) / len(rows()) <= 0.5
    assert sum(bool(row.more.get("hard")) for row in none) >= 1500
    assert len(held_out()) >= 400


def test_every_genre_is_there() -> None:
    genres = Counter(row.genre for row in rows())
    assert len(genres) == 18
    assert min(genres.values()) >= 200
    assert genres["简报"] >= 800
    assert genres["地方新闻"] >= 600


def test_no_text_comes_twice_not_even_nearly() -> None:
    everything = [*rows(), *held_out()]
    assert equal_texts(everything) == []
    assert near_texts(everything) == []
    assert repeated_runs(rows()) == []


def test_every_paragraph_was_labelled_twice_and_differences_are_settled() -> None:
    """Kappa above 0.95 is what `data/README.md` tells; a label is one of the two, or a third's."""
    lines = bundled("second_reading.jsonl").read_text(encoding="utf-8").split("\n")
    readings = {row["id"]: row for row in map(json.loads, filter(None, lines))}
    assert readings.keys() == {row.id for row in rows()}
    for row in rows():
        first, second = readings[row.id]["first"], readings[row.id]["second"]
        if first == second:
            assert list(row.labels) == first, row.id
    for label in {label for row in rows() for label in row.labels}:
        pairs = [(label in r["first"], label in r["second"]) for r in readings.values()]
        assert kappa(pairs) > 0.95


def kappa(pairs: list[tuple[bool, bool]]) -> float:
    """Cohen's kappa (1960) of two readers."""
    count = len(pairs)
    agreed = sum(a == b for a, b in pairs) / count
    first, second = sum(a for a, _ in pairs) / count, sum(b for _, b in pairs) / count
    chance = first * second + (1 - first) * (1 - second)
    return (agreed - chance) / (1 - chance)


def test_the_data_card_tells_the_true_numbers() -> None:
    card = bundled("README.md").read_text(encoding="utf-8")
    assert f"{len(rows())} 段，一个体裁一个文件" in card
    assert f"不参与训练的 {len(held_out())} 段" in card
    for genre, count in Counter(row.genre for row in rows()).items():
        assert f"{genre} | {count} |" in card


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real text is not here")
def test_no_run_of_characters_is_shared_with_the_real_text_that_we_measure_on() -> None:
    mine = {run: row.id for row in (*rows(), *held_out()) for run in runs(row.text)}
    lines = (SHARED / "gold" / "dev.jsonl").read_text(encoding="utf-8").split("\n")
    gold = [json.loads(line)["text"] for line in lines if line]
    pages = [decode(path.read_bytes()) for path in files("samples", "archive")]
    for text in (*gold, *pages):
        shared = mine.keys() & runs(text)
        assert not shared, {run: mine[run] for run in shared}


def files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((SHARED / folder).rglob("*.txt"))]
