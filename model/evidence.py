"""Which stretches of a text moved a label's score.

What a feature adds to a margin (its weighted count times its weight) is shared evenly among the
places where it stands, and there evenly among the characters. So every character has a share, and
all shares and the intercept add up to the margin. The stretches shown are the places that add most,
joined where they overlap or touch; a stretch weighs what its characters weigh.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.decision import Evidence
from model.features import Counts, Floats, Hits
from model.linear import LinearModel
from model.normalisation import NormalText

MOST_PLACES = 8
"""So many places are looked at for a label; joined they give at most as many stretches."""


def character_shares(
    counts: Counts, values: Floats, hits: Hits, linear: LinearModel, label: int, length: int
) -> tuple[Floats, Floats]:
    """What each character, and each place, adds to the margin of one label.

    Args:
        counts, values, hits: of one batch; the places are in its normal form.
        linear: the weights.
        label: the label's number.
        length: how many characters the batch's normal form has.

    Returns:
        Shares of the characters, shape (length,), and of the hits, shape (hits,).
    """
    size = linear.weights.shape[1]
    keys = counts.text_of() * size + counts.features
    entry = np.searchsorted(keys, hits.text_of.astype(np.int64) * size + hits.features)
    added = values * linear.weights[label][counts.features] / counts.counts
    places = added[entry]
    density = places / (hits.ends - hits.starts)
    steps = np.bincount(hits.starts, density, length + 1)
    steps -= np.bincount(hits.ends, density, length + 1)
    return np.cumsum(steps, dtype=np.float64)[:length], places


def stretches(
    hits: Hits, places: Floats, shares: Floats, mine: NDArray[np.intp]
) -> list[tuple[int, int, float]]:
    """The stretches that add most, heaviest first: start, end (normal form) and weight.

    Args:
        hits, places, shares: as `character_shares` gives them.
        mine: the numbers of the hits to look at: those of one text.
    """
    positive = mine[places[mine] > 0]
    best = positive[np.argsort(-places[positive], kind="stable")[:MOST_PLACES]]
    joined: list[list[int]] = []
    for start, end in sorted(
        zip(hits.starts[best].tolist(), hits.ends[best].tolist(), strict=True)
    ):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    weighed = [(start, end, float(shares[start:end].sum())) for start, end in joined]
    return sorted((s for s in weighed if s[2] > 0), key=lambda s: (-s[2], s[0]))


def evidence_of(
    texts: Sequence[str],
    wanted: Sequence[Sequence[int]],
    labels: Sequence[str],
    counted: tuple[Counts, Floats, Hits],
    normal: NormalText,
    linear: LinearModel,
) -> list[tuple[Evidence, ...]]:
    """The evidence for each text of a batch.

    Args:
        texts: as they came in.
        wanted: for each text the numbers of the labels to explain.
        labels: the ids by number.
        counted: the batch's counts, their weights, and the hits.
        normal: the batch in normal form.
        linear: the weights.
    """
    counts, values, hits = counted
    origin = normal.origin
    begins = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=begins[1:])
    found: list[list[Evidence]] = [[] for _ in texts]
    order = np.argsort(hits.text_of, kind="stable")
    edges = np.searchsorted(hits.text_of[order], np.arange(len(texts) + 1))
    for label in sorted({label for some in wanted for label in some}):
        shares, places = character_shares(counts, values, hits, linear, label, len(normal.codes))
        for i, text in enumerate(texts):
            if label not in wanted[i]:
                continue
            for start, end, weight in stretches(
                hits, places, shares, order[edges[i] : edges[i + 1]]
            ):
                if origin is None:
                    first, last = start, end
                else:
                    first, last = int(origin[start]), int(origin[end - 1]) + 1
                low, high = first - int(begins[i]), last - int(begins[i])
                found[i].append(Evidence(labels[label], low, high, text[low:high], weight))
    return [tuple(some) for some in found]
