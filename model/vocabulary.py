"""The n-grams that a model knows: from hash to feature number, exactly.

An open-addressing table in plain arrays, so that it can be memory-mapped and looked up for a whole
batch at once. Most unknown n-grams are turned away by one read of a byte.
Features are numbered by family, the common ones first; the numbering does not hang on the order
of texts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Ints = NDArray[np.int32]

NOTHING = np.uint64(0)
"""The hash of what is no n-gram; no feature has it."""

_MIX = np.uint64(0x9FB21C651E98DF25)
_SLOTS_A_FEATURE = 4
_FEWEST_SLOTS = 16
_CROWDED = 0xFF
_MOST_FEATURES = 1 << 27


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Features by hash; make one with `build`.

    A hash has a home slot. The slots are many, so that most features are at home and most unknown
    hashes find nobody there; a feature that found its home taken lives in the next free slot.

    Attributes:
        hashes: the hash of each feature, in the order of their numbers, shape (features,).
        numbers: the feature in each slot, -1 where it is free, shape (slots,), a power of two.
        marks: seven bits of the hash, plus one, of the feature whose home a slot is; 0 if it is
            nobody's, 255 if it is several's, shape (slots,). What is looked at first, so that most
            unknown hashes cost one read of a byte.
    """

    hashes: Hashes
    numbers: Ints
    marks: NDArray[np.uint8]

    @classmethod
    def build(cls, hashes: Hashes) -> "Vocabulary":
        """A table for these features.

        Raises:
            ValueError: two features have the same hash, one has that of no n-gram, or there are
                more than 2²⁷.
        """
        size = len(hashes)
        if len(np.unique(hashes)) != size or (hashes == NOTHING).any():
            raise ValueError("two features have the same hash, or one has that of nothing")
        if size > _MOST_FEATURES:
            raise ValueError(f"{size} features are more than a table can hold")
        slots = 1 << (max(_SLOTS_A_FEATURE * size, _FEWEST_SLOTS) - 1).bit_length()
        home, mark = _home(hashes, slots)
        marks = np.zeros(slots, np.uint8)
        marks[home] = mark
        marks[np.bincount(home, minlength=slots) > 1] = _CROWDED
        return cls(hashes, _filled(home, slots), marks)

    def __len__(self) -> int:
        return len(self.hashes)

    def find(self, hashes: Hashes) -> tuple[NDArray[np.intp], Ints]:
        """Which of the hashes are known, and as which features.

        Returns:
            The places in `hashes`, ascending, and the feature number of each.
        """
        if not len(self.hashes):
            return np.zeros(0, np.intp), np.zeros(0, np.int32)
        slot, mark = _home(hashes, len(self.numbers))
        marks = self.marks.take(slot, mode="clip")
        maybe = marks == mark
        maybe |= marks == _CROWDED
        places = maybe.nonzero()[0]
        slot = slot.take(places, mode="clip")
        wanted = hashes.take(places, mode="clip")
        # One of those whose home it is lives in it.
        numbers = self.numbers.take(slot, mode="clip")
        known = self.hashes.take(numbers, mode="clip") == wanted
        pending = (~known).nonzero()[0]
        pending = pending.compress(marks.take(places.take(pending)) == _CROWDED)
        while len(pending):
            further = (slot.take(pending) + 1) & (len(self.numbers) - 1)
            slot[pending] = further
            found = self.numbers.take(further, mode="clip")
            numbers[pending] = found
            equal = self.hashes.take(found, mode="clip") == wanted.take(pending)
            equal &= found >= 0
            known[pending] = equal
            pending = pending.compress(~equal & (found >= 0))
        return places.compress(known), numbers.compress(known)


def _home(hashes: Hashes, slots: int) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """The home slot of each hash, its highest bits when mixed, and its mark, the lowest.

    The slot is signed, because numpy converts unsigned indices one by one.
    """
    mixed = hashes * _MIX
    mark = mixed.astype(np.uint8)
    mark &= 0x7F
    mark += 1
    mixed >>= np.uint64(64 - slots.bit_length() + 1)
    return mixed.view(np.intp), mark


def _filled(home: NDArray[np.intp], slots: int) -> Ints:
    """Who lives in each slot: the first at home, then the others of a crowded home further on."""
    numbers = np.full(slots, -1, np.int32)
    waiting = np.arange(len(home), dtype=np.int32)
    slot = home
    while len(waiting):
        free = numbers[slot] < 0
        # Of several that want one slot the first takes it.
        taken, first = np.unique(slot[free], return_index=True)
        takers = free.nonzero()[0][first]
        numbers[taken] = waiting[takers]
        left = np.ones(len(waiting), bool)
        left[takers] = False
        waiting = waiting[left]
        slot = (slot[left] + 1) & (slots - 1)
    return numbers


@dataclass(frozen=True, slots=True)
class Terms:
    """The text of each feature, in the order of their numbers; kept for people to read.

    Attributes:
        text: all terms in UTF-8, one after the other, shape (bytes,).
        bounds: where each begins, and the length at the end, shape (features + 1,).
    """

    text: NDArray[np.uint8]
    bounds: NDArray[np.int64]

    def __getitem__(self, feature: int) -> str:
        return bytes(self.text[self.bounds[feature] : self.bounds[feature + 1]]).decode("utf-8")

    @classmethod
    def of(cls, terms: list[str]) -> "Terms":
        """Pack a list of terms."""
        encoded = [term.encode("utf-8") for term in terms]
        bounds = np.zeros(len(terms) + 1, np.int64)
        np.cumsum([len(term) for term in encoded], out=bounds[1:])
        return cls(np.frombuffer(b"".join(encoded), np.uint8), bounds)
