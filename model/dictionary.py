"""A dictionary of words compiled into plain arrays, for `lattice`; made by `training.dictionary`.

It is part of an artifact, so that all processes map one copy, and a later jieba changes nothing in
an old model.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.vocabulary import Vocabulary

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

SHORT = 4
"""Words of up to so many characters are looked for everywhere, longer ones only where there is what
begins one."""

BASE = np.uint64(0x9E3779B97F4A7C15)
"""A word's hash is that of all but its last character, times this, plus that character."""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Words by hash, and how probable they are.

    Attributes:
        entries: words of two characters and more, the most frequent first, and after them what
            only begins longer words.
        scores: ln of the probability of each word, shape (words,).
        solid: whether each word is more probable than all ways of cutting it, shape (words,).
        longer: whether each entry begins a word of more than SHORT characters, shape (entries,).
        characters: ln of the probability of each character that is a word, NaN for the others,
            shape (65536,).
        unknown: ln of the probability of a character with which no word begins.
        longest: how many characters the longest word has.
    """

    entries: Vocabulary
    scores: Floats
    solid: Bools
    longer: Bools
    characters: Floats
    unknown: float
    longest: int

    def as_content(self) -> dict[str, Any]:
        """As an artifact keeps it."""
        content = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**content, "entries": self.entries.as_content()}

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "Dictionary":
        """As an artifact keeps it, and back."""
        # A mapped array as it comes is slower: it has to pass on its class with every operation.
        arrays = {name: np.asarray(content[name]) for name in _ARRAYS}
        entries = Vocabulary.from_content(content["entries"])
        return cls(**{**content, **arrays, "entries": entries})


_ARRAYS = ("scores", "solid", "longer", "characters")
