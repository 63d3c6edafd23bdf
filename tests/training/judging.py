"""Rows with labels, and decisions that are right with a given chance."""

import numpy as np

from training.corpus import Row
from training.judged import Judged

LABELS = ("a", "b", "c")


def some_judged(rows: int = 400, seed: int = 0, noise: float = 0.15, groups: int = 0) -> Judged:
    """Each label of a row is told wrongly with a given chance; probabilities know about it.

    Args:
        rows: how many.
        seed: of the generator; rows are the same for the same seed.
        noise: the chance that a label is told wrongly.
        groups: rows are dealt into so many groups; 0 makes each row its own document.
    """
    generator = np.random.default_rng(seed)
    true = generator.uniform(size=(rows, len(LABELS))) < 0.4
    given = true ^ (np.random.default_rng(seed + 1).uniform(size=true.shape) < noise)
    made = [
        Row(
            str(n),
            f"第{n}段",
            tuple(label for label, mark in zip(LABELS, marks, strict=True) if mark),
            genre="信" if n % 4 else "报",
            group=f"g{n % groups}" if groups else "",
            more={"县": "东" if n % 2 else "西"},
        )
        for n, marks in enumerate(true.tolist())
    ]
    chances = np.where(given, 1 - noise, noise)
    return Judged.marked(made, LABELS, given, np.abs(chances - 0.5) < 0.1, chances)
