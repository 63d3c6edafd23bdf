"""The n-grams that a model knows: from hash to feature number, exactly.

An open-addressing table in plain arrays, so that it can be memory-mapped and looked up for a whole
batch at once. A bitmap in front of it turns most unknown n-grams away with one small read.
Features are numbered by family, then by hash; the numbering does not hang on the order of texts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.grams import Hashes, Ints

_MIX = np.uint64(0x9FB21C651E98DF25)
_SCREEN_FACTOR = 8
_MOST_SLOTS = 1 << 30


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Features by hash; make one with `build`.

    Attributes:
        hashes: the hash of each feature, in the order of their numbers, shape (features,).
        keys: the hash in each slot, shape (slots,), slots a power of two.
        numbers: the feature in each slot, -1 where it is free, shape (slots,).
        screen: True where at least one feature's hash falls, shape (a power of two,).
    """

    hashes: Hashes
    keys: Hashes
    numbers: Ints
    screen: NDArray[np.bool_]

    @classmethod
    def build(cls, hashes: Hashes) -> "Vocabulary":
        """A table for these features.

        Raises:
            ValueError: two features have the same hash, or there are more than 2²⁹.
        """
        size = len(hashes)
        if len(np.unique(hashes)) != size:
            raise ValueError("two features have the same hash")
        slots = 1 << max(int(2 * size - 1).bit_length(), 4)
        if slots > _MOST_SLOTS:
            raise ValueError(f"{size} features are more than a table can hold")
        keys, numbers = _table(hashes, slots)
        screen = np.zeros(slots * _SCREEN_FACTOR, np.bool_)
        screen[(hashes * _MIX) >> _shift(len(screen))] = True
        return cls(hashes, keys, numbers, screen)

    def __len__(self) -> int:
        return len(self.hashes)

    def find(self, hashes: Hashes) -> tuple[NDArray[np.intp], Ints]:
        """Which of the hashes are known, and as which features.

        Returns:
            The places in `hashes`, ascending, and the feature number of each.
        """
        mixed = hashes * _MIX
        places = np.flatnonzero(self.screen[mixed >> _shift(len(self.screen))])
        wanted = hashes[places]
        slot = (mixed[places] >> _shift(len(self.keys))).astype(np.intp)
        numbers = self.numbers[slot]
        pending = np.flatnonzero((self.keys[slot] != wanted) & (numbers >= 0))
        numbers[self.keys[slot] != wanted] = -1
        mask = len(self.keys) - 1
        while len(pending):
            slot[pending] = (slot[pending] + 1) & mask
            found = self.numbers[slot[pending]]
            equal = self.keys[slot[pending]] == wanted[pending]
            numbers[pending[equal]] = found[equal]
            pending = pending[~equal & (found >= 0)]
        known = numbers >= 0
        return places[known], numbers[known]


def _shift(slots: int) -> np.uint64:
    """How far to shift a mixed hash so that its highest bits number one of `slots`."""
    return np.uint64(64 - slots.bit_length() + 1)


def _table(hashes: Hashes, slots: int) -> tuple[Hashes, Ints]:
    """Fill the table: what finds its slot taken moves on to the next one, all at once."""
    keys = np.zeros(slots, np.uint64)
    numbers = np.full(slots, -1, np.int32)
    waiting = np.arange(len(hashes), dtype=np.int32)
    slot = ((hashes * _MIX) >> _shift(slots)).astype(np.intp)
    while len(waiting):
        free = numbers[slot] < 0
        # Of several that want one slot the first takes it.
        taker_slots, first = np.unique(slot[free], return_index=True)
        takers = np.flatnonzero(free)[first]
        numbers[taker_slots] = waiting[takers]
        keys[taker_slots] = hashes[waiting[takers]]
        left = np.ones(len(waiting), bool)
        left[takers] = False
        waiting = waiting[left]
        slot = (slot[left] + 1) & (slots - 1)
    return keys, numbers


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
