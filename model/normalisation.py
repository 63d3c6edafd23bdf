"""One form for every text before it is cut into words: width, case and script folded.

Full-width ASCII becomes half-width, letters lower case, traditional characters simplified,
compatibility ideographs and radicals (as PDF files have them) the plain character, white space and
control characters a blank; characters without width are dropped. It does not touch numbers, does
not join words over line ends and does not know phrases (乾 is always 干).

Every mapping is one character to one, so an offset in the normal form is an offset in the original;
only where a character was dropped is a map needed, and then it is kept.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]
Offsets = NDArray[np.int64]

_BMP = 0x10000
_BLANK = 0x20
_LINE_END = ord("\n")
_REPLACEMENT = 0xFFFD
_DROPPED = 0
_WIDTHLESS = (0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFE0E, 0xFE0F, 0xFEFF)
_NO_LINES: Offsets = np.zeros(0, np.int64)
_COMPATIBILITY = (range(0x2F00, 0x2FD6), range(0xF900, 0xFB00), range(0xFF01, 0xFF5F))


@dataclass(frozen=True, slots=True)
class NormalText:
    """A batch in normal form.

    Attributes:
        text: the normal forms of all texts, one after the other.
        codes: the same as code points, shape (length,).
        bounds: where each text begins, and the length at the end, shape (texts + 1,).
        origin: the offset in the joined originals of each code, shape (length,);
            None when nothing was dropped, which means the identity.
        lines: which codes were line ends; in the normal form they are blanks.
    """

    text: str
    codes: Codes
    bounds: Offsets
    origin: Offsets | None
    lines: Offsets

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def texts(self) -> list[str]:
        """The normal form of each text."""
        bounds = self.bounds.tolist()
        return [self.text[start:end] for start, end in pairwise(bounds)]


class Normaliser:
    """Folds batches of texts with one table look-up a character.

    Args:
        traditional: traditional characters, each folded to the one at the same place in
        simplified: as many simplified characters.
    """

    def __init__(self, traditional: str = "", simplified: str = "") -> None:
        if len(traditional) != len(simplified):
            raise ValueError(
                f"{len(traditional)} traditional characters for {len(simplified)} simplified ones"
            )
        self._table = _table(traditional, simplified)

    def __call__(self, texts: Sequence[str]) -> NormalText:
        """Fold a batch. Any `str` is taken, lone surrogates included (they become U+FFFD)."""
        joined = "".join(texts)
        raw = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
        codes = self._table.take(raw, mode="clip")
        if raw.size and raw.max() >= _BMP:
            astral = raw >= _BMP
            codes[astral] = raw[astral]
        bounds = np.zeros(len(texts) + 1, np.int64)
        np.fromiter(map(len, texts), np.int64, len(texts)).cumsum(out=bounds[1:])
        lines = (raw == _LINE_END).nonzero()[0] if "\n" in joined else _NO_LINES
        origin = None
        if codes.size and codes.min() == _DROPPED:
            origin = (codes != _DROPPED).nonzero()[0]
            codes = codes[origin]
            bounds = origin.searchsorted(bounds)
            lines = origin.searchsorted(lines)
        return NormalText(codes.tobytes().decode("utf-32-le"), codes, bounds, origin, lines)


def _table(traditional: str, simplified: str) -> Codes:
    table = np.arange(_BMP, dtype=np.uint32)
    table[:0x20] = _BLANK
    table[0x7F:0xA1] = _BLANK
    for space in (0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000):
        table[space] = _BLANK
    table[0xD800:0xE000] = _REPLACEMENT
    for block in _COMPATIBILITY:
        for code in block:
            plain = unicodedata.normalize("NFKC", chr(code))
            if len(plain) == 1 and ord(plain) < _BMP:
                table[code] = ord(plain)
    for source, target in zip(traditional, simplified, strict=True):
        table[ord(source)] = ord(target)
    # A compatibility ideograph may stand for a traditional character: fold once more.
    table = table[table]
    for upper in range(ord("A"), ord("Z") + 1):
        table[table == upper] = upper + 32
    table[list(_WIDTHLESS)] = _DROPPED
    return table
