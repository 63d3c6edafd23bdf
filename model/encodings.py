"""From bytes to text: a byte-order mark decides, else strict UTF-8, else GB18030 or Big5.

GB18030 gives a meaning to almost any bytes, those of Big5 among them. Which of the two it is, and
whether it is either, is told by the characters: writing consists of common ones.
"""

import codecs
from collections import Counter
from functools import cache

from model.errors import DecodingError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BIG5 = "cp950"
_NO_CHARSETS = frozenset(
    ("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7")
)
"""Python has codecs of these names; they take quadratic time, or let lone surrogates through."""
_LOOKED_AT = 20_000
_SURELY = 0.9
_AT_LEAST = 0.6
_BETTER = 0.1


def decode(data: bytes, charset: str | None = None) -> str:
    """Text from bytes, without a byte-order mark.

    Args:
        data: the bytes.
        charset: an encoding that somebody named (in an HTTP header, say); tried alone.

    Raises:
        DecodingError: no encoding fits, or the named one does not.
        LookupError: `charset` names no encoding.
    """
    if charset is not None:
        return _decode(data, _named(charset))
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _decode(data[len(bom) :], encoding, len(bom))
    try:
        return _decode(data, "utf-8")
    except DecodingError as error:
        return _chinese(data, error.position)


def encoding_of(data: bytes) -> str:
    """The name of the encoding in which `decode` reads these bytes, for reading on in a stream.

    Raises:
        DecodingError: no encoding fits.
    """
    text = decode(data)
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return {"utf-8": "utf-8-sig"}.get(encoding, encoding[:6])
    for encoding in ("utf-8", "gb18030"):
        try:
            if data.decode(encoding) == text:
                return encoding
        except UnicodeDecodeError:
            continue
    return _BIG5


def _named(charset: str) -> str:
    try:
        name = codecs.lookup(charset).name
    except ValueError as error:
        raise LookupError(charset) from error
    if name in _NO_CHARSETS:
        raise LookupError(charset)
    return name


def _decode(data: bytes, encoding: str, offset: int = 0) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DecodingError(offset + error.start, offset + len(data)) from error
    # NULs show that it was no text.
    if "\0" in text:
        raise DecodingError(offset + len(text[: text.index("\0")].encode(encoding)), len(data))
    return text.removeprefix("\ufeff")


def _chinese(data: bytes, furthest: int) -> str:
    """GB18030 or Big5, whichever gives the commoner characters; neither when they are rare."""
    best, share = "", 0.0
    for encoding in ("gb18030", _BIG5):
        try:
            text = _decode(data, encoding)
        except DecodingError as error:
            furthest = max(furthest, error.position)
            continue
        plausible = plausibility(text)
        if plausible > share + (_BETTER if best else 0):
            best, share = text, plausible
        if share >= _SURELY:
            break
    if share < _AT_LEAST:
        raise DecodingError(furthest, len(data))
    return best


def plausibility(text: str) -> float:
    """The share of the characters beyond ASCII that Chinese writing consists of, 0 to 1."""
    counts = Counter(text[:_LOOKED_AT])
    common = _common()
    known = sum(count for char, count in counts.items() if char in common)
    foreign = sum(count for char, count in counts.items() if char > "\x7f")
    return known / foreign if foreign else 1.0


@cache
def _common() -> frozenset[str]:
    """The first level of GB 2312 and of Big5 (3,755 and 5,401 characters), and punctuation."""
    simplified = _square("gb2312", range(0xB0, 0xD8), range(0xA1, 0xFF))
    traditional = _square(_BIG5, range(0xA4, 0xC7), range(0x40, 0xFF))
    marks = _square("gb2312", range(0xA1, 0xA4), range(0xA1, 0xFF))
    return frozenset((*simplified, *traditional, *marks, *"\u2022\u2014\u2027\xa0"))


def _square(encoding: str, leads: range, trails: range) -> str:
    return "".join(
        bytes((lead, trail)).decode(encoding, "ignore") for lead in leads for trail in trails
    )
