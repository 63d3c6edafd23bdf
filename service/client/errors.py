"""What can go wrong between a program and the server.

ClientError               the base; its message says what to do, and never holds a user's text
├── BadTextError          a text that no request can carry; nothing was sent
├── NoConnectionError     no answer came: refused, broken off, or too late
├── BadAnswerError        an answer came, but not one of govtheme's
└── AnswerError           the server said no: `status`, `type`, `message`, `fields`
    ├── KeyRefusedError   401, 403: no key, a wrong one, or one that may not do this
    └── BusyError         429, 503: try later; `retry_after` says when, where the server said so
"""

from collections.abc import Sequence

from model.errors import UserError


class ClientError(UserError):
    """The base of every error that the client raises on purpose."""


class BadTextError(ClientError):
    """A text holds half of a surrogate pair, which UTF-8 cannot carry.

    `position` is the text's place in what was given, from 0.
    """

    def __init__(self, position: int) -> None:
        self.position = position
        super().__init__(f"第 {position + 1} 段含有不成对的代理字符，无法编码为 UTF-8，没有发送。")


class NoConnectionError(ClientError):
    """No answer came, also after the retries."""

    def __init__(self, address: str, reason: str) -> None:
        self.address = address
        super().__init__(f"{address} 没有应答（{reason}）。请检查地址，以及服务是否在运行。")


class BadAnswerError(ClientError):
    """The answer is not one that govtheme gives; perhaps something else listens there."""

    def __init__(self, address: str, status: int) -> None:
        self.address = address
        self.status = status
        super().__init__(f"{address} 的回答（{status}）不是 govtheme 的格式。请检查地址和版本。")


class AnswerError(ClientError):
    """The server refused, and said why.

    `fields` names the fields at fault; a text of many is `texts.N`, N its place in all that was
    given, from 0. `type` is `http_error` when what answered was not govtheme itself.
    """

    def __init__(self, status: int, type_: str, message: str, fields: Sequence[str] = ()) -> None:
        self.status = status
        self.type = type_
        self.message = message
        self.fields = tuple(fields)
        where = f"（{'、'.join(self.fields)}）" if self.fields else ""
        super().__init__(f"服务器回答 {status}：{message}{where}")


class KeyRefusedError(AnswerError):
    """The key is missing, unknown, or not allowed to do this."""


class BusyError(AnswerError):
    """The server cannot answer now. `retry_after` is in seconds; None when it did not say."""

    retry_after: float | None = None
