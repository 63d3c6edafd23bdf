"""What a reader gives: entries whose labels are not understood yet, and what it came upon.

It knows how columns are called; what a label means is the business of `training.corpus`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from training.errors import Problem

TEXT_COLUMNS = ("text", "正文", "文本", "内容", "段落", "content")
LABEL_COLUMNS = ("labels", "label", "标签", "主题", "类别", "分类")


@dataclass(frozen=True, slots=True)
class Entry:
    """A row as a file has it.

    Attributes:
        file, line: where it stands; the line (row, task) counts from 1.
        text, labels: as written, of any type.
        fields: all other columns.
    """

    file: str
    line: int
    text: Any
    labels: Any
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading came upon besides entries.

    Attributes:
        problems: what is wrong; nothing is used as long as there is one.
        notes: what was left out or changed as it should be, in words for the user.
    """

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def wrong(self, file: object, line: int, reason: str) -> None:
        """Note a problem; line 0 is the whole file."""
        self.problems.append(Problem(str(file), line, reason))

    def note(self, file: object, what: str) -> None:
        """Note something that the user should know and need not mend."""
        self.notes.append(f"{file}：{what}")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns hold the text and the labels; None tries the usual names."""

    text: str | None = None
    labels: str | None = None

    def text_in(self, names: Collection[str]) -> str | None:
        """The name of the text column among these; None when there is none."""
        return _first([self.text] if self.text else TEXT_COLUMNS, names)

    def labels_in(self, names: Collection[str]) -> str | None:
        """The name of the label column among these; None when there is none."""
        return _first([self.labels] if self.labels else LABEL_COLUMNS, names)

    def missing(self, names: Collection[str]) -> list[str]:
        """A reason for each of the two columns that is not among these names."""
        have = "、".join(str(name) for name in names if name) or "无"
        wanted = (
            ("文本", self.text_in(names), self.text, TEXT_COLUMNS, "--text-column"),
            ("标签", self.labels_in(names), self.labels, LABEL_COLUMNS, "--label-column"),
        )
        return [
            f"没有{what}列（{given or '、'.join(usual)}）；有的列：{have}。可用 {option} 指出"
            for what, found, given, usual, option in wanted
            if found is None
        ]

    def entry(self, file: str, line: int, fields: Mapping[str, Any]) -> Entry:
        """The entry in a row that has both columns."""
        text, labels = self.text_in(fields), self.labels_in(fields)
        rest = {name: value for name, value in fields.items() if name not in (text, labels)}
        return Entry(file, line, fields[text or ""], fields[labels or ""], rest)


def _first(wanted: Collection[str], names: Collection[str]) -> str | None:
    return next((name for name in wanted if name in names), None)
