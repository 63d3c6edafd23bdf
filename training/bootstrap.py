"""Intervals by bootstrap over documents (Efron 1979; whole documents, as Field and Welsh 2007).

All figures drawn here are ratios of sums over rows, so a round is a weighted sum: how often each
document was drawn, times what it adds. One matrix product does all rounds.
"""

from collections.abc import Mapping

import numpy as np

from model.features import Floats
from training.judged import Bools, Ints, Judged

ROUNDS = 1000
LEVEL = 0.95

_CHUNK = 2_000_000


def draws(documents: int, seed: int = 0, rounds: int = ROUNDS) -> Floats:
    """How often each round draws each document, shape (rounds, documents)."""
    generator = np.random.default_rng(seed)
    counts = np.empty((rounds, documents), np.float64)
    for n in range(rounds):
        drawn = generator.integers(0, documents, documents)
        counts[n] = np.bincount(drawn, minlength=documents)
    return counts


def resampled(per_row: Floats, documents: Ints, seed: int = 0) -> Floats:
    """Sums over the drawn rows of each round, shape (rounds, columns).

    Args:
        per_row: what each row adds, shape (rows, columns).
        documents: the number of each row's document, shape (rows,).
        seed: of the draws; the same seed draws the same documents.
    """
    count = int(documents.max()) + 1 if len(documents) else 0
    sums = np.zeros((count, per_row.shape[1]))
    np.add.at(sums, documents, per_row)
    if not count:
        return np.zeros((ROUNDS, per_row.shape[1]))
    step = max(1, _CHUNK // count)
    generator_rounds = [min(step, ROUNDS - start) for start in range(0, ROUNDS, step)]
    parts = [draws(count, seed + n, rounds) @ sums for n, rounds in enumerate(generator_rounds)]
    return np.concatenate(parts)


def interval(values: Floats) -> list[float]:
    """The 95 % percentile interval of a figure's values over the rounds."""
    tail = 100 * (1 - LEVEL) / 2
    return [float(edge) for edge in np.percentile(values, [tail, 100 - tail])]


def ratio(part: Floats, whole: Floats) -> Floats:
    """A quotient, 0 where the divisor is 0."""
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=np.asarray(whole) > 0)


def counted(given: Bools, true: Bools) -> Floats:
    """What each row adds to hits, labels given and labels true, shape (rows, 3 x labels)."""
    return np.concatenate([given & true, given, true], axis=1).astype(np.float64)


def f1_of(sums: Floats) -> Floats:
    """F1 of each label from sums as `counted` gives them, shape (..., labels)."""
    hit, given, true = np.split(sums, 3, axis=-1)
    return ratio(2 * hit, given + true)


def occurring(given: Bools, true: Bools) -> Bools:
    """Labels that a row has or was given, shape (labels,): those that macro averages are over."""
    found: Bools = np.logical_or.reduce(given | true, axis=0)
    return found


def macro(values: Floats, occur: Bools) -> Floats:
    """The macro average of figures of labels, shape (...).

    A label that no row has and none was given is left out, as scikit-learn does; of no label at
    all the average is 0.

    Args:
        values: a figure of each label, shape (..., labels).
        occur: the labels that occur, shape (labels,).
    """
    some = values.compress(occur, axis=-1)
    found: Floats = some.mean(axis=-1) if some.shape[-1] else np.zeros(values.shape[:-1])
    return found


def intervals(
    judged: Judged, seed: int = 0
) -> tuple[dict[str, list[float]], list[dict[str, list[float]]]]:
    """Intervals of the figures over all labels, and of precision, recall and F1 of each."""
    counts = counted(judged.given, judged.true)
    wrong = judged.given != judged.true
    extra = np.stack([~wrong.any(axis=1), wrong.sum(axis=1), np.ones(len(wrong))], axis=1)
    sums = resampled(np.concatenate([counts, extra], axis=1), judged.documents, seed)
    hit, given, true = np.split(sums[:, :-3], 3, axis=1)
    each: Mapping[str, Floats] = {
        "precision": ratio(hit, given),
        "recall": ratio(hit, true),
        "f1": ratio(2 * hit, given + true),
    }
    whole = sums[:, -1]
    occur = occurring(judged.given, judged.true)
    overall = {
        **{f"macro_{name}": macro(values, occur) for name, values in each.items()},
        "micro_f1": ratio(2 * hit.sum(axis=1), (given + true).sum(axis=1)),
        "exact_match": ratio(sums[:, -3], whole),
        "hamming_loss": ratio(sums[:, -2], whole * len(judged.labels)),
    }
    by_label = [
        {name: interval(values[:, n]) for name, values in each.items()}
        for n in range(len(judged.labels))
    ]
    return {name: interval(values) for name, values in overall.items()}, by_label
