"""What can go wrong with a file, and the entry that it leaves in the list of rejected files.

ReadingError            the reason why a file, a member or a row is not read
├── LimitError          it is larger than a limit allows; names the setting
└── MissingError        the library of its format is not installed
"""

from dataclasses import dataclass

from model.errors import UserError


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file, a member of an archive, or a part of either that was not scored, and why."""

    doc: str
    reason: str


class ReadingError(UserError):
    """Something cannot be read; the message is the reason that the list of rejected files gives."""


class LimitError(ReadingError):
    """A limit was passed.

    Args:
        what: what was counted, with its unit, such as `文件有 {} 字节`.
        was: how much there was.
        limit: how much there may be.
        setting: the field of `Settings` that holds the limit.
    """

    def __init__(self, what: str, was: int, limit: int, setting: str) -> None:
        self.setting = setting
        super().__init__(
            f"{what.format(was)}，超过上限 {limit}（由 GOVTHEME_{setting.upper()} 设定）"
        )


class MissingError(ReadingError):
    """A library of the extra `archive` is not installed."""

    def __init__(self, what: str) -> None:
        super().__init__(f"读 {what} 需要另装：pip install 'govtheme[archive]'")
