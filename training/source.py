"""What texts are read with: the domain's words, jieba's, and the table of characters."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.bundled import bundled
from model.dictionary import Dictionary
from model.features import batches
from model.grams import GramRanges, GramReader
from model.lattice import Lattice
from model.normalisation import Normaliser
from model.segmentation import Segmenter, load_segmenter, read_words, word_frequencies
from model.title import title_ends
from training.dictionary import build_dictionary
from training.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Source:
    """Words with their frequencies, the table of characters, and what is made of them.

    Attributes:
        words: the domain words that the dictionary does not have, and how often they come.
        characters: traditional ones and, in the same order, their simplified forms.
        dictionary: jieba's words and these, compiled.
        normaliser, segmenter: made of them.
    """

    words: dict[str, int]
    characters: tuple[str, str]
    dictionary: Dictionary
    normaliser: Normaliser
    segmenter: Segmenter

    @classmethod
    def bundled(cls) -> "Source":
        """Of the words and characters that ship with the program."""
        characters = read_characters(bundled("characters.txt"))
        normaliser = Normaliser(*characters)
        words = word_frequencies(normaliser([w]).text for w in read_words(bundled("words.txt")))
        dictionary = build_dictionary(words)
        segmenter = Segmenter(load_segmenter(words), Lattice(dictionary))
        return cls(words, characters, dictionary, normaliser, segmenter)

    def reader(self, parameters: Parameters) -> GramReader:
        """What a training with these parameters reads texts with."""
        ranges = GramRanges(parameters.words, parameters.characters)
        return GramReader(self.normaliser, self.segmenter, ranges)

    def titled_share(self, texts: Sequence[str]) -> float:
        """What share of the texts has a title, 0 to 1."""
        titled = 0
        for batch in batches(texts):
            normal = self.normaliser(texts[batch.start : batch.stop])
            titled += int((title_ends(normal) > normal.bounds[:-1]).sum())
        return titled / len(texts) if texts else 0.0

    def content(self) -> dict[str, Any]:
        """What an artifact keeps of it."""
        return {
            "words": list(self.words),
            "frequencies": list(self.words.values()),
            "dictionary": self.dictionary.as_content(),
            "traditional": self.characters[0],
            "simplified": self.characters[1],
        }


def read_characters(path: Path) -> tuple[str, str]:
    """Traditional characters and, in the same order, their simplified forms."""
    pairs = [
        line.strip()
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    return "".join(pair[0] for pair in pairs), "".join(pair[1] for pair in pairs)
