"""The part of a corpus that no version learns from.

Whether a row is held out hangs on a hash of its document (or group, or text) alone, so that every
later version leaves out the same rows.
"""

import hashlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

from model.bundled import bundled
from training.corpus import Corpus, Row, read_corpus
from training.judged import document_of

SHARE = 0.1
"""So much of a corpus is held out."""

FEWEST_ROWS = 200
"""A corpus with fewer rows is learnt from whole: a tenth of it could not judge anything."""

FEWEST_EXAMPLES = 50
"""All rows of a label that has fewer are learnt from."""


def hold_out(corpus: Corpus, share: float = SHARE) -> Corpus:
    """The corpus without the rows that are held out, which it carries as `held_out`.

    Rows of the bundled corpus are never held out: `data/held_out.jsonl` is their held-out part.
    """
    own = [row for row in corpus.rows if not is_bundled(row)]
    if len(own) < FEWEST_ROWS:
        return corpus
    counts = Counter(label for row in own for label in row.labels)
    held = {
        row.id
        for row in own
        if place(row) < share and all(counts[label] >= FEWEST_EXAMPLES for label in row.labels)
    }
    return replace(
        corpus,
        rows=tuple(row for row in corpus.rows if row.id not in held),
        held_out=tuple(row for row in corpus.rows if row.id in held),
    )


def place(row: Row) -> float:
    """Where a row's document stands in a shuffle that never changes, 0 to 1."""
    digest = hashlib.sha256(f"held out {document_of(row)}".encode("utf-8", "surrogatepass"))
    return int(digest.hexdigest()[:13], 16) / 16**13


def is_bundled(row: Row) -> bool:
    """Whether a row comes from the bundled corpus."""
    return Path(row.file).is_relative_to(bundled("corpus")) if row.file else False


def bundled_held_out() -> tuple[Row, ...]:
    """The rows that ship with the program and that no bundled training learns from."""
    return read_corpus([str(bundled("held_out.jsonl"))]).rows
