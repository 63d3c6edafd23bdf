"""What can go wrong between a labelled corpus and an artifact.

TrainingError
├── CorpusError      rows that are not what a corpus holds; carries every problem that was found
└── TooLittleError   the corpus is in order, but nothing can be learnt from it
"""

from collections.abc import Sequence
from dataclasses import dataclass

from model.errors import UserError

_SHOWN = 20


class TrainingError(UserError):
    """The base of every error that `training` raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a corpus: in which file, on which line (0: all of it), what."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.file} 第 {self.line} 行：{self.reason}"
            if self.line
            else f"{self.file}：{self.reason}"
        )


class CorpusError(TrainingError):
    """The corpus cannot be used as it is. Nothing was dropped: every problem is listed."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        shown = "\n".join(f"  {problem}" for problem in self.problems[:_SHOWN])
        more = len(self.problems) - _SHOWN
        super().__init__(
            f"语料有 {len(self.problems)} 处问题，请改正后重试：\n{shown}"
            + (
                f"\n  …… 另有 {more} 处（govtheme corpus check 列出全部，可加 > 文件）"
                if more > 0
                else ""
            )
        )


class TooLittleError(TrainingError):
    """There is not enough in the corpus to learn from."""
