"""The n-grams that a model knows: from hash to feature number, exactly.

A hash table in plain arrays, so that it can be memory-mapped and looked up for a whole batch at
once. Most unknown n-grams are turned away by one read of a byte.
Features are numbered by family, the common ones first; the numbering does not hang on the order
of texts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Ints = NDArray[np.int32]

NOTHING = np.uint64(0)
"""The hash of what is no n-gram; no feature has it."""

_MIX = np.uint64(0x9FB21C651E98DF25)
_SLOTS_A_FEATURE = 4
_FEWEST_SLOTS = 16
_SHARED = 1
_MOST_FEATURES = 1 << 27


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Features by hash; make one with `build`.

    A hash has a home slot. The slots are many, so that most features are at home and most unknown
    hashes find nobody there. Of several features with one home the first, the most common, has it;
    the others are kept in a list by hash.

    Attributes:
        hashes: the hash of each feature, in the order of their numbers, shape (features,).
        numbers: the feature that has each slot, shape (slots,), a power of two.
        marks: seven bits of the hash of the feature whose home a slot is, with the eighth set; 0 if
            it is nobody's, 1 if it is several's, shape (slots,). What is looked at first, so that
            most unknown hashes cost one read of a byte.
        homeless: the features without a slot of their own, by hash, shape (homeless,).
        homeless_hashes: the hash of each, ascending, shape (homeless,).
    """

    hashes: Hashes
    numbers: Ints
    marks: NDArray[np.uint8]
    homeless: Ints
    homeless_hashes: Hashes

    @classmethod
    def build(cls, hashes: Hashes) -> "Vocabulary":
        """A table for these features.

        Raises:
            ValueError: two features have the same hash, one has that of no n-gram, or there are
                more than 2²⁷.
        """
        size = len(hashes)
        ordered = np.sort(hashes)
        if (ordered[1:] == ordered[:-1]).any() or (hashes == NOTHING).any():
            raise ValueError("two features have the same hash, or one has that of nothing")
        if size > _MOST_FEATURES:
            raise ValueError(f"{size} features are more than a table can hold")
        slots = 1 << (max(_SLOTS_A_FEATURE * size, _FEWEST_SLOTS) - 1).bit_length()
        home, mark = _home(hashes, slots)
        taken, first, shared_by = np.unique(home, return_index=True, return_counts=True)
        numbers = np.zeros(slots, np.int32)
        numbers[taken] = first
        marks = np.zeros(slots, np.uint8)
        marks[taken] = np.where(shared_by > 1, _SHARED, mark[first])
        without = np.ones(size, np.bool_)
        without[first] = False
        homeless = without.nonzero()[0].astype(np.int32)
        homeless = homeless[np.argsort(hashes[homeless])]
        return cls(hashes, numbers, marks, homeless, hashes[homeless])

    def __len__(self) -> int:
        return len(self.hashes)

    def as_content(self) -> dict[str, NDArray[Any]]:
        """The arrays, as an artifact keeps them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "Vocabulary":
        """The arrays of an artifact; what else is there is let be."""
        return cls(*(np.asarray(content[field.name]) for field in fields(cls)))

    def find(self, hashes: Hashes) -> tuple[NDArray[np.intp], Ints]:
        """Which of the hashes are known, and as which features.

        Returns:
            The places in `hashes`, ascending, and the feature number of each.
        """
        if not len(self.hashes):
            return np.zeros(0, np.intp), np.zeros(0, np.int32)
        slots, mark = _home(hashes, len(self.numbers))
        marks = self.marks.take(slots, mode="clip")
        maybe = marks == mark
        maybe |= marks == _SHARED
        places = maybe.nonzero()[0]
        numbers = self.numbers.take(slots.take(places, mode="clip"), mode="clip")
        wanted = hashes.take(places, mode="clip")
        known = self.hashes.take(numbers, mode="clip") == wanted
        unknown = (~known).nonzero()[0]
        unknown = unknown.compress(marks.take(places.take(unknown)) == _SHARED)
        if len(unknown):
            others = self.homeless_hashes.searchsorted(wanted.take(unknown))
            found = self.homeless.take(others, mode="clip")
            numbers[unknown] = found
            known[unknown] = self.hashes.take(found) == wanted.take(unknown)
        return places.compress(known), numbers.compress(known)


def _home(hashes: Hashes, slots: int) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """The home slot of each hash, its highest bits when mixed, and its mark, the lowest.

    The slot is signed, because numpy converts unsigned indices one by one.
    """
    mixed = hashes * _MIX
    mark = mixed.astype(np.uint8)
    mark |= 0x80
    mixed >>= np.uint64(64 - slots.bit_length() + 1)
    return mixed.view(np.intp), mark


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
