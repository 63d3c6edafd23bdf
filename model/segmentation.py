"""Cutting normal text into words: jieba's dictionary, its HMM off, with the domain's own words.

`rjieba` (the same algorithm, compiled) does the work; `jieba` is the reference, and the fallback
where no build of rjieba exists. With the HMM off both give the same words; a test holds them to it.
Both are used as instances of our own: no default tokenizer is built, changed or shared.
"""

import importlib.machinery
import importlib.util
import logging
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

from model.errors import SegmenterError
from model.lattice import Lattice
from model.normalisation import Codes, NormalText, Offsets

Cut = Callable[[str], list[str]]

ENGINES = ("rjieba", "jieba")

_LATTICE_PAYS = 1 << 12
"""From so many characters on a lattice is faster than an engine."""


def load_segmenter(words: Mapping[str, int], engine: str | None = None) -> Cut:
    """A function that cuts one normal text into words; joined again they are the text.

    Args:
        words: domain words in normal form, each with its frequency (≥ 1) beside jieba's own.
        engine: `rjieba` or `jieba`; None takes the first that is installed.

    Raises:
        SegmenterError: the engine is not installed, or none is.
    """
    if engine is None:
        engine = next((name for name in ENGINES if importlib.util.find_spec(name)), None)
    if engine is None or importlib.util.find_spec(engine) is None:
        raise SegmenterError(
            f"没有可用的分词组件 {engine or 'rjieba / jieba'}，请重新安装 govtheme。"
        )
    return _rjieba(words) if engine == "rjieba" else _jieba(words)


def _rjieba(words: Mapping[str, int]) -> Cut:
    tokenizer = _rjieba_extension().Jieba()
    for word, frequency in words.items():
        tokenizer.add_word(word, frequency, None)
    cut = tokenizer.cut

    def cut_text(text: str) -> list[str]:
        tokens: list[str] = cut(text, False)
        return tokens

    return cut_text


def _rjieba_extension() -> ModuleType:
    """The compiled part of rjieba, without the package around it.

    Importing `rjieba` builds a default tokenizer, a second dictionary of 30 MB in every process
    that nobody here would use. A later `import rjieba` elsewhere finds this module and works.
    """
    name = "rjieba.rjieba"
    if name in sys.modules:
        return sys.modules[name]
    package = importlib.util.find_spec("rjieba")
    folders = (package.submodule_search_locations if package else None) or []
    for folder in folders:
        for suffix in importlib.machinery.EXTENSION_SUFFIXES:
            path = Path(folder) / f"rjieba{suffix}"
            if path.is_file():
                spec = importlib.util.spec_from_file_location(name, path)
                if spec is None or spec.loader is None:
                    continue
                extension = importlib.util.module_from_spec(spec)
                sys.modules[name] = extension
                spec.loader.exec_module(extension)
                return extension
    raise SegmenterError("分词组件 rjieba 的安装不完整，请重新安装 govtheme。")


def _jieba(words: Mapping[str, int]) -> Cut:
    with warnings.catch_warnings():
        # jieba 0.42.1 has invalid escape sequences and asks setuptools for its resources.
        warnings.simplefilter("ignore")
        import jieba
    # Importing jieba sets its logger to DEBUG and gives it a handler on stderr.
    logger = logging.getLogger("jieba")
    logger.setLevel(logging.WARNING)
    logger.handlers.clear()

    tokenizer = jieba.Tokenizer()
    # Read the dictionary itself: `initialize` would trust a cache file in the shared temp folder.
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    for word, frequency in words.items():
        tokenizer.add_word(word, frequency)

    def cut_text(text: str) -> list[str]:
        tokens: list[str] = tokenizer.lcut(text, HMM=False)
        return tokens

    return cut_text


def word_frequencies(words: Iterable[str]) -> dict[str, int]:
    """For each word the frequency that makes it win over the pieces that jieba would cut it into.

    The words are added one after the other in sorted order, so the answer does not hang on the
    order in which they are listed.
    """
    tokenizer = _rjieba_extension().Jieba()
    frequencies: dict[str, int] = {}
    for word in sorted(set(words)):
        frequency = int(tokenizer.suggest_freq(word))
        tokenizer.add_word(word, frequency, None)
        frequencies[word] = frequency
    return frequencies


def read_words(path: Path) -> list[str]:
    """The words of a word list: one a line; `#` begins a comment.

    Raises:
        SegmenterError: a word has white space in it, or is one character only.
    """
    words = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        word = line.partition("#")[0].strip()
        if not word:
            continue
        if len(word) < 2 or word.split() != [word]:
            raise SegmenterError(
                f"{path} 第 {number} 行：{word!r} 不是一个词（至少两个字，不含空格）。"
            )
        words.append(word)
    return words


class Segmenter:
    """Cuts batches into words: by a lattice, and little text or what is in doubt by an engine.

    Args:
        cut: an engine, see `load_segmenter`.
        lattice: of the same words; without one the engine cuts everything.
    """

    def __init__(self, cut: Cut, lattice: Lattice | None = None) -> None:
        self.cut = cut
        self._lattice = lattice

    def starts(self, normal: NormalText) -> Offsets:
        """Where the words of a batch begin, shape (words,).

        Raises:
            SegmenterError: the engine changed, lost or added characters.
        """
        if self._lattice is None or len(normal.codes) < _LATTICE_PAYS:
            return _starts(self.cut, normal.texts(), normal.codes)
        begins, doubtful = self._lattice.cut(normal)
        bounds = normal.bounds
        for text in doubtful:
            start, end = bounds[[text, text + 1]].tolist()
            begins[start:end] = False
            mine = _starts(self.cut, [normal.text[start:end]], normal.codes[start:end])
            begins[start + mine] = True
        return begins.nonzero()[0]


def _starts(cut: Cut, texts: Sequence[str], codes: Codes) -> Offsets:
    """Where the words of some texts begin, as an engine has it; there is no NUL in normal text.

    The words are put together again at once, with a NUL between: that costs half of measuring each,
    and lets them go while they are still in the cache.
    """
    joined = "\0".join(["\0".join(cut(text)) for text in texts if text])
    found = np.frombuffer(joined.encode("utf-32-le"), np.uint32)
    gaps = (found == 0).nonzero()[0]
    if len(found) - len(gaps) != len(codes):
        raise SegmenterError(
            f"分词结果与原文长度不符（{len(found) - len(gaps)} 与 {len(codes)}），请检查词典。"
        )
    starts = np.zeros(min(len(gaps) + 1, len(codes)), np.int64)
    np.subtract(gaps, np.arange(len(gaps)), out=starts[1:])
    return starts
