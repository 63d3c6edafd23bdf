"""The words of a whole batch at once: the most probable path through a lattice of words.

This is what jieba does with its HMM off: of all ways to cut a run of characters into words of the
dictionary the most probable is taken. Here that is done for many texts together, in numpy. What no
word of the dictionary stands across is a joint, which every way of cutting has; between two joints
is mostly one character, or one word that is known to win over its parts. The few other stretches go
through the dynamic programme of Viterbi (1967), all of them side by side, a character at a time
from their ends.

Where two ways are equally probable but for rounding, nothing is decided here: such a text is said
to be in doubt, and is cut by the engine (see `segmentation`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from model.dictionary import BASE, SHORT, Bools, Dictionary, Floats
from model.normalisation import Codes, NormalText, Offsets
from model.vocabulary import Hashes, Ints

WINDOW = 1 << 15
"""Characters that are cut at a time; a text that is longer is in doubt."""

_TIE = 1e-6
_ALPHANUMERIC = np.array([chr(code).isalnum() for code in range(0x80)] + [False])


@dataclass(frozen=True, slots=True)
class _Edges:
    """Words of the dictionary in a window, shorter ones first.

    Attributes:
        starts, ends: the place of each.
        entries: the number of each in the dictionary.
    """

    starts: Offsets
    ends: Offsets
    entries: Ints


class Lattice:
    """Cuts batches into words.

    Args:
        dictionary: the words.
    """

    def __init__(self, dictionary: Dictionary) -> None:
        self.dictionary = dictionary
        steps = np.arange(1, max(dictionary.longest - SHORT, 1) + 1)
        self._powers = np.cumprod(np.full(len(steps), BASE))
        self._inverses = np.cumprod(np.full(len(steps), pow(int(BASE), -1, 1 << 64), np.uint64))
        self._steps = steps

    def cut(self, normal: NormalText) -> tuple[Bools, list[int]]:
        """Cut a batch.

        Returns:
            Whether a word begins at each character, shape (length,), and the texts in doubt: what
            is said of their words means nothing.
        """
        begins = np.empty(len(normal.codes), np.bool_)
        doubtful: list[int] = []
        for first, beyond in windows(normal.bounds):
            start, stop = normal.bounds[[first, beyond]].tolist()
            if stop - start > WINDOW:
                doubtful.append(beyond - 1)
                continue
            codes = normal.codes[start:stop]
            texts = normal.bounds[first:beyond] - start
            texts = texts.compress(texts < len(codes))
            mine, ties = self.joints(codes, texts)
            _join_alphanumerics(mine, codes, texts)
            begins[start:stop] = mine
            if len(ties):
                in_doubt = normal.bounds.searchsorted(np.unique(ties) + start, side="right") - 1
                doubtful += np.unique(in_doubt).tolist()
        return begins, doubtful

    def joints(self, codes: Codes, texts: Offsets) -> tuple[Bools, Offsets]:
        """Cut a window into words of the dictionary and single characters.

        Args:
            codes: the window, not empty.
            texts: where a text begins.

        Returns:
            Whether a word begins at each character, and the characters from which two ways of
            cutting are equally probable.
        """
        size = len(codes)
        edges = self._edges(codes, texts)
        places = np.arange(1, size + 1)
        reach = places.copy()
        # Of several words from one place the longest comes last, and stays.
        reach[edges.starts] = edges.ends
        solid = np.zeros(size, np.bool_)
        solid[edges.starts] = self.dictionary.solid.take(edges.entries, mode="clip")
        joint = np.maximum.accumulate(reach) == places
        ends = joint.nonzero()[0] + 1
        starts = np.empty_like(ends)
        starts[0] = 0
        starts[1:] = ends[:-1]
        begins = np.empty(size, np.bool_)
        begins[0] = True
        begins[1:] = joint[:-1]
        one_word = solid.take(starts) & (reach.take(starts) == ends)
        open_ = ((ends - starts > 1) & ~one_word).nonzero()[0]
        if not len(open_):
            return begins, open_
        stretches = _Stretches.of(starts[open_], ends[open_], size)
        ways = self._ways(stretches, codes, edges, reach)
        chosen, ties = _best(stretches, *ways)
        begins[chosen] = True
        return begins, ties

    def _edges(self, codes: Codes, texts: Offsets) -> _Edges:
        """The words of the dictionary in a window."""
        size = len(codes)
        following = np.zeros(size + SHORT + len(self._steps), np.uint64)
        following[:size] = codes
        grams = [following[:size].copy()]
        # No word has a NUL in it: none goes on into the next text.
        following[texts] = 0
        for n in range(1, SHORT):
            gram = grams[-1] * BASE
            gram += following[n : n + size]
            grams.append(gram)
        places, entries = self.dictionary.entries.find(np.concatenate(grams[1:]))
        cuts = places.searchsorted(np.arange(SHORT) * size).tolist()
        starts, ends, entries_of = [], [], []
        for n, (low, high) in enumerate(pairwise(cuts), 2):
            start = places[low:high] - (n - 2) * size
            starts.append(start)
            ends.append(start + n)
            entries_of.append(entries[low:high])
        # What only begins longer words is no word.
        word = entries_of[-1] < len(self.dictionary.solid)
        on = self.dictionary.longer.take(entries_of[-1], mode="clip").nonzero()[0]
        longer = self._long_edges(starts[-1][on], grams[-1], following)
        for some in (starts, ends, entries_of):
            some[-1] = some[-1].compress(word)
        return _Edges(
            np.concatenate([*starts, longer.starts]),
            np.concatenate([*ends, longer.ends]),
            np.concatenate([*entries_of, longer.entries]),
        )

    def _long_edges(self, starts: Offsets, grams: Hashes, following: Hashes) -> _Edges:
        """The words of more than SHORT characters that begin at these places, all lengths at once.

        The hash of n characters more is hash × Bⁿ + Σ code × Bⁿ⁻ⁱ.
        """
        codes = following[starts[:, None] + (SHORT - 1 + self._steps)]
        hashes = (codes * self._inverses).cumsum(axis=1)
        hashes += grams[starts][:, None]
        hashes *= self._powers
        # By length, so that shorter ones come first.
        places, entries = self.dictionary.entries.find(hashes.T.ravel())
        more, which = np.divmod(places, max(len(starts), 1))
        starts = starts[which]
        return _Edges(starts, starts + (SHORT + 1 + more), entries)

    def _ways(
        self, stretches: "_Stretches", codes: Codes, edges: _Edges, reach: Offsets
    ) -> tuple[Offsets, Offsets, Floats]:
        """All words in the stretches, single characters among them: slot, length and score."""
        places = stretches.places[stretches.inner]
        single = self.dictionary.characters.take(codes.take(places), mode="clip")
        new = np.isnan(single)
        if new.any():
            # A character that is no word stands alone only where no word begins with it.
            alone = reach[places] == places + 1
            single[new] = np.where(alone, self.dictionary.unknown, -np.inf)[new]
        slots = stretches.slot_of.take(edges.starts)
        mine = (slots >= 0).nonzero()[0]
        return (
            np.concatenate([stretches.inner, slots[mine]]),
            np.concatenate([np.ones(len(places), np.int64), (edges.ends - edges.starts)[mine]]),
            np.concatenate([single, self.dictionary.scores.take(edges.entries[mine])]),
        )


@dataclass(frozen=True, slots=True)
class _Stretches:
    """Stretches of a window side by side: a slot for each character and one for each end.

    Attributes:
        heads: the first slot of each stretch.
        inner: the slots that are characters.
        places: the place in the window of each slot.
        left: how far from its stretch's end each slot is.
        slot_of: the slot of each place in the window, -1 where there is none.
    """

    heads: Offsets
    inner: Offsets
    places: Offsets
    left: Offsets
    slot_of: Offsets

    @classmethod
    def of(cls, starts: Offsets, ends: Offsets, size: int) -> "_Stretches":
        slots = ends - starts + 1
        beyond = slots.cumsum()
        left = (beyond - 1).repeat(slots) - np.arange(int(beyond[-1]))
        places = ends.repeat(slots) - left
        inner = (left > 0).nonzero()[0]
        slot_of = np.full(size, -1)
        slot_of[places[inner]] = inner
        return cls(beyond - slots, inner, places, left, slot_of)


def _best(
    stretches: _Stretches, slots: Offsets, lengths: Offsets, scores: Floats
) -> tuple[Offsets, Offsets]:
    """Where the words of the most probable way begin, and where two ways are equally probable."""
    left = stretches.left
    # From the ends of the stretches backwards, and all words from one slot together.
    order = np.argsort((left.take(slots) << 32) | slots)
    slots, scores = slots[order], scores[order]
    targets = slots + lengths[order]
    fresh = np.ones(len(slots), np.bool_)
    np.not_equal(slots[1:], slots[:-1], out=fresh[1:])
    groups = fresh.nonzero()[0]
    origins = slots[groups]
    turns = left.take(origins).searchsorted(np.arange(1, int(left.max()) + 2)).tolist()
    edges = np.append(groups, len(slots))
    route = np.zeros(len(left))
    sums = np.empty(len(slots))
    for low, high in pairwise(turns):
        start, stop = edges[[low, high]].tolist()
        sums[start:stop] = scores[start:stop] + route.take(targets[start:stop])
        route[origins[low:high]] = np.maximum.reduceat(sums[start:stop], groups[low:high] - start)
    best = route.take(slots)
    won = (sums == best).nonzero()[0]
    following = np.zeros(len(left), np.int64)
    following[slots[won]] = targets[won]
    near = slots.compress(sums >= best - _TIE)
    ties = near[1:].compress(near[1:] == near[:-1])
    chosen = []
    at = stretches.heads
    while len(at):
        at = following.take(at)
        at = at.compress(left.take(at) > 0)
        chosen.append(at)
    return stretches.places[np.concatenate(chosen)], stretches.places[ties]


def windows(bounds: Offsets) -> Iterator[tuple[int, int]]:
    """Ranges of texts that are cut together, not empty; a text longer than a window is alone."""
    first, texts = 0, len(bounds) - 1
    while first < texts and bounds[first] < bounds[-1]:
        fitting = int(bounds.searchsorted(bounds[first] + WINDOW, side="right")) - 1
        beyond = fitting if bounds[fitting] > bounds[first] else fitting + 1
        yield first, beyond
        first = beyond


def _join_alphanumerics(begins: Bools, codes: Codes, texts: Offsets) -> None:
    """Join ASCII letters and digits that stand alone side by side in one text, as jieba does."""
    alone = _ALPHANUMERIC.take(codes, mode="clip")
    alone &= begins
    alone[:-1] &= begins[1:]
    joined = (alone[1:] & alone[:-1]).nonzero()[0] + 1
    if len(joined):
        begins[joined] = False
        begins[texts] = True
