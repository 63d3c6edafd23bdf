"""What the content of an artifact has to be, so that a classifier can be made of it.

A hash says that a file is what was written; it does not say that what was written can be used.
Here every part is looked at before it is: its type, its shape, and that numbers are numbers. What
would otherwise give no label to anything, or fail in the midst of a request, fails at loading.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_MOST_TITLE = 100
_LONGEST = 1000
_FREQUENT = 1 << 40
_BMP = 65536


class ContentError(ValueError):
    """A part of an artifact's content cannot be used; the message names it."""


def check_content(content: Mapping[str, Any]) -> None:
    """Look at every part from which a classifier is made.

    Raises:
        ContentError: a part has another type or shape, or a number that is none or out of range.
        KeyError: a part is missing.
    """
    labels = _labels(content)
    for name in ("sublinear", "at_least_one", "at_most_one"):
        _need(isinstance(content[name], bool), name, "不是真或假")
    _whole(content.get("title", 0), "title", 0, _MOST_TITLE)
    _whole(content["seed"], "seed", 0, 2**64 - 1)
    for kind in ("words", "characters"):
        for edge in _list(content["ranges"][kind], f"ranges.{kind}", 2):
            _whole(edge, f"ranges.{kind}", 0, _LONGEST)
    _words(content)
    _dictionary(content["dictionary"])
    features = _vocabulary(content["vocabulary"], "vocabulary")
    _weighting(content, features)
    _array(content["weights"], "weights", "f", (features, labels))
    _calibration(content, labels)
    _thresholds(content, labels)


def _labels(content: Mapping[str, Any]) -> int:
    """How many labels there are."""
    labels = _list(content["labels"], "labels")
    _need(bool(labels) and all(isinstance(x, str) and x for x in labels), "labels", "不是标签名")
    _need(len(set(labels)) == len(labels), "labels", "有重复")
    themes = _list(content["codebook"]["themes"], "codebook")
    for theme in themes:
        _need(isinstance(theme, Mapping), "codebook", "的主题不是对象")
        names = [theme.get(name) for name in ("id", "name_zh", "name_en")]
        _need(all(isinstance(name, str) for name in names), "codebook", "的主题没有名字")
    _need([theme["id"] for theme in themes] == labels, "codebook", "的主题与 labels 不符")
    return len(labels)


def _words(content: Mapping[str, Any]) -> None:
    words = _list(content["words"], "words")
    _need(all(isinstance(word, str) and word for word in words), "words", "不是词")
    for frequency in _list(content["frequencies"], "frequencies", len(words)):
        _whole(frequency, "frequencies", 1, _FREQUENT)
    for name in ("traditional", "simplified"):
        _need(isinstance(content[name], str), name, "不是文本")


def _dictionary(content: Mapping[str, Any]) -> None:
    entries = _vocabulary(content["entries"], "dictionary.entries")
    (words,) = _array(content["scores"], "dictionary.scores", "f", (None,))
    _need(words <= entries, "dictionary.scores", "比词条多")
    _array(content["solid"], "dictionary.solid", "b", (words,))
    _array(content["longer"], "dictionary.longer", "b", (entries,))
    characters = content["characters"]
    # Not a number is what a character has that is no word.
    _array(characters, "dictionary.characters", "f", (_BMP,), finite=False)
    _need(not np.isinf(characters).any(), "dictionary.characters", "有无穷大")
    _numbers([content["unknown"]], "dictionary.unknown", 1)
    _whole(content["longest"], "dictionary.longest", 1, _LONGEST)


def _vocabulary(content: Mapping[str, Any], name: str) -> int:
    """How many features a table of hashes has."""
    (features,) = _array(content["hashes"], f"{name}.hashes", "u", (None,))
    (slots,) = _array(content["numbers"], f"{name}.numbers", "i", (None,))
    _need(slots.bit_count() == 1, f"{name}.numbers", "的长度不是 2 的幂")
    _array(content["marks"], f"{name}.marks", "u", (slots,))
    (homeless,) = _array(content["homeless"], f"{name}.homeless", "i", (None,))
    _array(content["homeless_hashes"], f"{name}.homeless_hashes", "u", (homeless,))
    for part in ("numbers", "homeless"):
        places = content[part]
        fit = not len(places) or (places.min() >= 0 and places.max() < max(features, 1))
        _need(bool(fit), f"{name}.{part}", "指向没有的特征")
    return features


def _weighting(content: Mapping[str, Any], features: int) -> None:
    idf = content["idf"]
    _array(idf, "idf", "f", (features,))
    _need(not features or bool(idf.min() >= 0), "idf", "有负数")
    ends = _list(content["block_ends"], "block_ends")
    for end in ends:
        _whole(end, "block_ends", 0, features)
    _need(bool(ends) and ends == sorted(ends) and ends[-1] == features, "block_ends", "不合特征数")


def _calibration(content: Mapping[str, Any], labels: int) -> None:
    _numbers(content["intercepts"], "intercepts", labels)
    _need(min(_numbers(content["slopes"], "slopes", labels)) > 0, "slopes", "不都大于 0")
    _numbers(content["offsets"], "offsets", labels)
    for entry in _list(content["isotonic"], "isotonic"):
        label, margins, logits = _list(entry, "isotonic", 3)
        _whole(label, "isotonic", 0, labels - 1)
        knots = _numbers(margins, "isotonic")
        _need(bool(knots) and knots == sorted(knots), "isotonic", "的边距不是升序")
        values = _numbers(logits, "isotonic", len(knots))
        _need(values == sorted(values), "isotonic", "的对数几率有下降")


def _thresholds(content: Mapping[str, Any], labels: int) -> None:
    thresholds = _numbers(content["thresholds"], "thresholds", labels)
    for at, edges in zip(thresholds, _list(content["bands"], "bands", labels), strict=True):
        _need(0 <= at <= 1, "thresholds", f"有 {at}，不在 0 到 1 之间")
        low, high = _numbers(edges, "bands", 2)
        _need(0 <= low <= at <= high <= 1, "bands", f"有 {low} 到 {high}，不在阈值 {at} 的两边")


def _need(fine: bool, name: str, wrong: str) -> None:
    if not fine:
        raise ContentError(f"{name} {wrong}")


def _list(value: Any, name: str, length: int | None = None) -> list[Any]:
    _need(isinstance(value, list), name, "不是列表")
    _need(length is None or len(value) == length, name, f"有 {len(value)} 项，应有 {length} 项")
    return list(value)


def _whole(value: Any, name: str, low: int, high: int) -> None:
    _need(type(value) is int and low <= value <= high, name, f"不是 {low} 到 {high} 的整数")


def _numbers(values: Any, name: str, length: int | None = None) -> Sequence[float]:
    found = _list(values, name, length)
    _need(all(type(value) in (int, float) for value in found), name, "有不是数的项")
    # A whole number may be more than a float can hold.
    _need(all(abs(value) < float("inf") for value in found), name, "有无穷大或不是数（NaN）的项")
    return found


def _array(
    value: Any, name: str, kind: str, shape: tuple[int | None, ...], *, finite: bool = True
) -> tuple[int, ...]:
    """The shape of an array of numbers of a kind (`numpy.dtype.kind`); None is any length."""
    _need(isinstance(value, np.ndarray), name, "不是数组")
    array = np.asarray(value)
    _need(array.dtype.kind == kind, name, f"的类型是 {array.dtype}")
    fit = array.ndim == len(shape) and all(
        wanted in (None, found) for wanted, found in zip(shape, array.shape, strict=True)
    )
    _need(fit, name, f"的形状是 {array.shape}")
    if finite and kind == "f" and array.size:
        # The least and the greatest are not finite if any is not, and take no memory.
        ends = np.array([array.min(), array.max()])
        _need(bool(np.isfinite(ends).all()), name, "有无穷大或不是数（NaN）的项")
    return array.shape
