"""Paragraphs on which two models differ, as HTML: what came, what went, by how much.

Everything that a user wrote is escaped here. A row carries a class for each label that came (`g1`)
or went (`l1`), by the label's number, so that a style alone filters thousands of rows.
"""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import chain, islice
from pathlib import Path
from typing import Any

from service.tables.columns import Columns
from service.tables.json_lines import read_rows
from service.tables.separated import Separated
from service.workbench.look import theme_class

CHUNK = 100
"""Rows a piece of HTML."""

MOST = 5_000
"""Rows that are shown; the table that can be downloaded has all."""

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Summary:
    """What `govtheme models diff --json` said.

    Attributes:
        before, after: the versions.
        paragraphs, changed: how many there were, and how many have other labels.
        themes: for each label how many paragraphs had it before and after, gained and lost it.
    """

    before: str
    after: str
    paragraphs: int
    changed: int
    themes: Mapping[str, Mapping[str, int]]


def read_summary(said: Path) -> Summary | None:
    """The summary in a command's output; None when there is none."""
    try:
        told = json.loads(said.read_text(encoding="utf-8"))
        return Summary(**{name: told[name] for name in Summary.__slots__})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def shown_rows(table: Path) -> Iterator[list[dict[str, Any]]]:
    """The rows to show, a piece at a time."""
    rows = islice(chain.from_iterable(read_rows(table)), MOST)
    while piece := list(islice(rows, CHUNK)):
        yield piece


def as_html(rows: Iterable[Mapping[str, Any]], labels: Sequence[str], names: Names) -> str:
    """Some rows.

    Args:
        labels: all labels; a label's number is its place here, from 1.
        names: what labels are called.
    """
    numbers = {label: n for n, label in enumerate(labels, 1)}
    return "".join(_row(row, numbers, names) for row in rows)


def filters(labels: Sequence[str]) -> str:
    """The style by which the container's `data-only` shows some rows alone: `g1`, `l2`, `t3`."""
    rules = []
    for n in range(1, len(labels) + 1):
        rules += [
            f'.changes[data-only="{way}{n}"] .change:not(.{way}{n}){{display:none}}'
            for way in ("g", "l")
        ]
        rules.append(f'.changes[data-only="t{n}"] .change:not(.g{n},.l{n}){{display:none}}')
    return "\n".join(rules)


def as_csv(table: Path, out: Path) -> Path:
    """The whole table for Excel, written once."""
    if not out.exists():
        pieces = read_rows(table)
        first = next(pieces, [])
        beside = out.with_name(f".new-{secrets.token_hex(4)}-{out.name}")
        writer = Separated(beside, Columns(tuple(first[0]) if first else ("text",)))
        for piece in chain([first], pieces):
            writer.write(piece)
        writer.close()
        beside.replace(out)
    return out


def _row(row: Mapping[str, Any], numbers: Mapping[str, int], names: Names) -> str:
    classes = [f"g{numbers[n]}" for n in row["gained"]] + [f"l{numbers[n]}" for n in row["lost"]]
    kept = [label for label in row["after"] if label not in row["gained"]]
    chips = [
        *(_chip(row, label, "lost", "−", numbers, names) for label in row["lost"]),
        *(_chip(row, label, "gained", "+", numbers, names) for label in row["gained"]),
        *(_chip(row, label, "kept", "", numbers, names) for label in kept),
    ]
    where = " · ".join(str(part) for part in (row["doc"], row["title"]) if part)
    place = f' <span class="where">{escape(where)}</span>' if where else ""
    return (
        f'<article class="change {" ".join(classes)}" tabindex="0">'
        f'<div class="chips">{"".join(chips)}</div>'
        f'<p class="text">{escape(row["text"])}</p>{place}</article>'
    )


def _chip(
    row: Mapping[str, Any],
    label: str,
    kind: str,
    sign: str,
    numbers: Mapping[str, int],
    names: Names,
) -> str:
    scores = [row[f"score_{when}_{label}"] for when in ("before", "after")]
    moved = " → ".join("–" if score is None else f"{score:.2f}" for score in scores)
    name = escape(names.get(label, label))
    return (
        f'<span class="chip {kind} {theme_class(numbers[label])}">{sign}{name} '
        f"<small>{moved}</small></span>"
    )
