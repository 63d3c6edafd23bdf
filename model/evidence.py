"""Which stretches of a text moved a label's score.

What a feature adds to a margin (its weighted count times its weight) is shared evenly among the
places where it stands, and there evenly among the characters. So every character has a share, and
all shares and the intercept add up to the margin. The stretches shown are the places that add most,
joined where they overlap or touch; a stretch weighs what its characters weigh.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.decision import Evidence
from model.features import Counts, Floats, Hits
from model.linear import LinearModel
from model.normalisation import NormalText, Offsets
from model.vocabulary import Ints

_EDGES = " \t\r\n\u3000，。、；：！？…—“”‘’（）《》【】,.;:!?()\"'"

MOST_PLACES = 8
"""So many places are looked at for a label; joined they give at most as many stretches."""


def character_shares(hits: Hits, places: Floats, length: int) -> Floats:
    """What each character adds to the margin of a label, shape (length,).

    Args:
        hits: of a batch; the places are in its normal form.
        places: what each hit adds, shape (hits,).
        length: how many characters the batch's normal form has.
    """
    density = places / (hits.ends - hits.starts)
    steps = np.bincount(hits.starts, density, length + 1)
    steps -= np.bincount(hits.ends, density, length + 1)
    return np.cumsum(steps, dtype=np.float64)[:length]


@dataclass(frozen=True, slots=True)
class Stretches:
    """Stretches of a batch's normal form, by text, heaviest first.

    Attributes:
        text_of, starts, ends, weights: shape (stretches,) each.
    """

    text_of: Ints
    starts: Offsets
    ends: Offsets
    weights: Floats


def stretches(hits: Hits, places: Floats, shares: Floats, wanted: NDArray[np.bool_]) -> Stretches:
    """The stretches that add most to one label, in those texts where it is wanted.

    Args:
        hits: of a batch.
        places: what each hit adds to the label, shape (hits,).
        shares: what each character adds, as `character_shares` gives it.
        wanted: for each text whether the label is to be explained, shape (texts,).
    """
    mine = (wanted[hits.text_of] & (places > 0)).nonzero()[0]
    # The heaviest places of each text: order by text, then weight, and count within the text.
    mine = mine[np.lexsort((-places[mine], hits.text_of[mine]))]
    text_of = hits.text_of[mine]
    rank = np.arange(len(mine)) - np.searchsorted(text_of, text_of)
    mine = mine[rank < MOST_PLACES]
    mine = mine[np.lexsort((hits.starts[mine], hits.text_of[mine]))]
    text_of, starts, ends = hits.text_of[mine], hits.starts[mine], hits.ends[mine]
    # A stretch ends where the next place begins beyond all that came before it, or another text.
    reach = np.maximum.accumulate(ends)
    first = np.ones(len(mine), bool)
    first[1:] = (starts[1:] > reach[:-1]) | (text_of[1:] != text_of[:-1])
    begins = first.nonzero()[0]
    if not len(begins):
        return Stretches(text_of, starts, ends, np.zeros(0))
    text_of, starts, ends = text_of[begins], starts[begins], np.maximum.reduceat(ends, begins)
    total = np.concatenate(([0.0], np.cumsum(shares)))
    weights = total[ends] - total[starts]
    # Negative neighbours may outweigh what is in a stretch: then it explains nothing.
    order = np.lexsort((starts, -weights, text_of))
    order = order[weights[order] > 0]
    return Stretches(text_of[order], starts[order], ends[order], weights[order])


def _trimmed(text: str, low: int, high: int) -> tuple[int, int]:
    """The same stretch without punctuation and blanks at its ends, unless that is all there is."""
    piece = text[low:high]
    if not piece.strip(_EDGES):
        return low, high
    lead = len(piece) - len(piece.lstrip(_EDGES))
    return low + lead, low + len(piece.rstrip(_EDGES))


def evidence_of(
    texts: Sequence[str],
    wanted: NDArray[np.bool_],
    labels: Sequence[str],
    counted: tuple[Counts, Floats, Hits],
    normal: NormalText,
    linear: LinearModel,
) -> list[tuple[Evidence, ...]]:
    """The evidence for each text of a batch.

    Args:
        texts: as they came in.
        wanted: which labels to explain for which texts, shape (texts, labels).
        labels: the ids by number.
        counted: the batch's counts, their weights, and the hits.
        normal: the batch in normal form.
        linear: the weights.
    """
    counts, values, hits = counted
    # Most texts are about nothing: look only at the hits of those that are.
    asked = np.any(wanted, axis=1, keepdims=True)[hits.text_of, 0]
    hits = Hits(
        hits.text_of.compress(asked),
        hits.features.compress(asked),
        hits.starts.compress(asked),
        hits.ends.compress(asked),
    )
    entries = counts.places(hits.text_of, hits.features)
    shared = values[entries] / counts.counts[entries]
    begins = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=begins[1:])
    found: list[list[Evidence]] = [[] for _ in texts]
    for label in np.flatnonzero(wanted.any(axis=0)).tolist():
        places = shared * linear.weights[hits.features, label]
        shares = character_shares(hits, places, len(normal.codes))
        best = stretches(hits, places, shares, wanted[:, label])
        starts, ends = best.starts, best.ends
        if normal.origin is not None:
            starts, ends = normal.origin[starts], normal.origin[ends - 1] + 1
        lows = (starts - begins[best.text_of]).tolist()
        highs = (ends - begins[best.text_of]).tolist()
        for i, low, high, weight in zip(
            best.text_of.tolist(), lows, highs, best.weights.tolist(), strict=True
        ):
            low, high = _trimmed(texts[i], low, high)
            found[i].append(Evidence(labels[label], low, high, texts[i][low:high], weight))
    return [tuple(some) for some in found]
