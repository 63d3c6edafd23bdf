"""What can go wrong between bytes and labels.

UserError                 its message says what to do; the base of the other packages' errors too
└── ModelError
    ├── DecodingError     bytes that are text in none of the known encodings
    ├── CodebookError     a codebook file that does not say what a theme is
    ├── LabelError        a label that the codebook does not know
    ├── SegmenterError    a dictionary that the segmenter cannot use
    └── ArtifactError     a trained model that must not or cannot be used
        ├── NoModelError        the store is empty, or names a version that is not there
        └── UntrustedError      the file holds something that only code could have put there
"""

from collections.abc import Iterable
from pathlib import Path


class UserError(Exception):
    """An error whose message is written for the user; the command line shows it and exits 1."""


class ModelError(UserError):
    """The base of every error that `model` raises on purpose."""


class DecodingError(ModelError):
    """The bytes are not text in any encoding that is tried.

    `position` is the byte offset (from 0) at which the most hopeful encoding gave up.
    """

    def __init__(self, position: int, length: int) -> None:
        self.position = position
        self.length = length
        super().__init__(
            f"不是 UTF-8、GB18030 或 Big5 文本：第 {position} 字节（共 {length} 字节）无法解码。"
            "请在原软件中另存为 UTF-8 文本后重试。"
        )


class CodebookError(ModelError):
    """A codebook file has the wrong shape."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"编码手册 {path} 有误：{reason}")


class LabelError(ModelError):
    """A label is neither an id, a number nor a name of the codebook."""

    def __init__(self, label: str, known: Iterable[str]) -> None:
        self.label = label
        super().__init__(f"未知标签 {label[:40]!r}；可用的标签：{'、'.join(known)}")


class SegmenterError(ModelError):
    """A word list or dictionary cannot be used."""


class ArtifactError(ModelError):
    """An artifact cannot be used; the message says which file, why, and what to do."""

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(f"模型 {path} 不能使用：{reason}")


class NoModelError(ArtifactError):
    """There is no such model in the store."""


class UntrustedError(ArtifactError):
    """The file asks for a class or function that no artifact of ours holds."""
