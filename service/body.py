"""Reading the body of a request: size, time, compression, content type, encoding, shape."""

import json
import re
import zlib
from collections.abc import Sequence
from email.message import Message
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from model.encodings import decode
from model.errors import DecodingError
from service.errors import (
    BadBodyError,
    BadRequestError,
    BodyTooLargeError,
    ClientGoneError,
    EmptyTextError,
    TextTooLongError,
    TooManyTextsError,
    WrongTypeError,
)
from service.exchange import Exchange
from service.requests import ClassifyRequest
from service.settings import Settings

_SHOWN_FIELDS = 10
_LENGTH_DIGITS = 18
_JSON = "application/json"
_PLAIN = "text/plain"

Shape = TypeVar("Shape", bound=BaseModel)


async def read_request(request: Request, settings: Settings) -> ClassifyRequest:
    """The request to `POST /classify` that a body holds, with every text within its limits.

    Raises:
        ServiceError: the body is too large, too slow, of the wrong type, or says something else.
    """
    kind, charset = content_type(request, (_JSON, _PLAIN))
    body = await read_body(request, settings)
    if kind == _PLAIN:
        wanted = ClassifyRequest(text=decoded(body, charset))
    else:
        wanted = shaped(parsed(body, charset), ClassifyRequest)
    _check(wanted, settings)
    return wanted


async def read_json(request: Request, settings: Settings) -> Any:
    """The JSON value that a body holds, for routes with a shape of their own.

    Raises:
        ServiceError: as `read_request`, but for the shape.
    """
    _, charset = content_type(request, (_JSON,))
    return parsed(await read_body(request, settings), charset)


def content_type(request: Request, known: tuple[str, ...]) -> tuple[str, str | None]:
    """The media type of a body, and the charset that its header names.

    Raises:
        WrongTypeError: the type is not one of those known.
    """
    given = Exchange.of(request).content_type or known[0]
    if given in known:
        return given, None
    header = Message()
    header["content-type"] = given
    kind = header.get_content_type()
    if kind not in known:
        raise WrongTypeError(f"Content-Type 应是 {' 或 '.join(known)}，收到的是 {kind[:80]}")
    charset = header.get_param("charset")
    return kind, charset if isinstance(charset, str) else None


async def read_chunk(request: Request) -> tuple[bytes, bool]:
    """The next piece of a body, and whether more will come.

    Raises:
        ClientGoneError: the sender has hung up.
    """
    exchange = Exchange.of(request)
    exchange.receiving()
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientGoneError
    more = message.get("more_body", False)
    if not more:
        exchange.received()
    return message.get("body", b""), more


async def read_body(request: Request, settings: Settings, most: int | None = None) -> bytes:
    """A whole body, unpacked if it was compressed.

    Args:
        most: how many bytes it may have, packed and unpacked; None for what the settings say.

    Raises:
        BodyTooLargeError: it has more; nothing more of it is read.
        WrongTypeError: it is compressed in a way that is not known.
        BadBodyError: it cannot be unpacked.
        ClientGoneError: as `read_chunk`.
    """
    exchange = Exchange.of(request)
    most = settings.max_body if most is None else most
    length = exchange.content_length
    # As digits first: a number of thousands of them cannot even be read.
    if len(length) > _LENGTH_DIGITS or (length.isdecimal() and int(length) > most):
        raise _too_large(most)
    encoding = exchange.content_encoding or "identity"
    if encoding not in ("identity", "gzip", "deflate"):
        raise WrongTypeError(f"Content-Encoding 应是 gzip 或 deflate，收到的是 {encoding[:40]}")
    body, more = await read_chunk(request)
    pieces = [body]
    size = len(body)
    while more and size <= most:
        body, more = await read_chunk(request)
        pieces.append(body)
        size += len(body)
    if size > most:
        raise _too_large(most)
    whole = b"".join(pieces)
    return whole if encoding == "identity" else _unpacked(whole, encoding, most)


def _too_large(most: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"请求体超过 {most} 字节的上限，请分批发送")


def _unpacked(body: bytes, encoding: str, most: int) -> bytes:
    # zlib's sign for a gzip header, a zlib header, and none: "deflate" is sent both ways.
    formats = (31,) if encoding == "gzip" else (15, -15)
    for position, format_ in enumerate(formats, 1):
        unpacker = zlib.decompressobj(format_)
        try:
            content = unpacker.decompress(body, most + 1)
        except zlib.error as error:
            if position < len(formats):
                continue
            raise BadBodyError(f"请求体不是 {encoding} 压缩的数据") from error
        if len(content) > most:
            raise _too_large(most)
        if not unpacker.eof or unpacker.unused_data:
            raise BadBodyError(f"请求体的 {encoding} 数据不完整，或后面还有别的内容")
        return content
    raise AssertionError(encoding)


def decoded(body: bytes, charset: str | None) -> str:
    """Text in the charset that a header named, UTF-8 without one.

    Raises:
        WrongTypeError: there is no such charset.
        BadBodyError: the bytes are not of that charset; says where.
    """
    try:
        return decode(body, charset or "utf-8")
    except LookupError as error:
        raise WrongTypeError(f"不认识的 charset：{(charset or '')[:40]!r}") from error
    except DecodingError as error:
        raise BadBodyError(
            f"请求体不是 {charset or 'utf-8'} 编码：第 {error.position} 字节无法解码。"
            "请在 Content-Type 里注明编码，如 text/plain; charset=gb18030"
        ) from error


def parsed(body: bytes, charset: str | None = None) -> Any:
    """The value of a JSON text.

    NaN, lone surrogates, values nested more than about a thousand deep, and an object that names a
    key twice are no JSON here.

    Raises:
        BadBodyError: it is no JSON; says where.
    """
    if charset is not None and charset.lower().replace("_", "-") not in ("utf-8", "utf8"):
        body = decoded(body, charset).encode("utf-8", "surrogatepass")
    if not body.strip():
        raise BadBodyError("请求体是空的")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadBodyError(
            f"请求体不是 UTF-8 编码的 JSON：第 {error.pos} 字符处有误。"
            "其他编码请在 Content-Type 里注明，如 application/json; charset=gb18030"
        ) from error
    try:
        # As many keys written as read: none was written twice. Else the exact, slower look decides.
        if len(_KEY.findall(body)) != _keys(value):
            json.loads(body, object_pairs_hook=_unique)
    except RecursionError as error:
        raise BadBodyError("请求体的 JSON 嵌套太深") from error
    return value


_KEY = re.compile(rb'"\s*:')


def _keys(value: Any) -> int:
    """How many keys a JSON value has in all."""
    if isinstance(value, dict):
        return len(value) + sum(_keys(v) for v in value.values() if isinstance(v, dict | list))
    if isinstance(value, list):
        return sum(_keys(v) for v in value if isinstance(v, dict | list))
    return 0


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise BadBodyError("请求体有误：同一个对象里有重复的字段")
    return value


def shaped(content: Any, shape: type[Shape]) -> Shape:
    """A JSON value as the schema that it should have.

    Raises:
        BadRequestError: it has another shape; names the fields.
    """
    if not isinstance(content, dict):
        raise BadRequestError("请求体应是一个 JSON 对象 {…}")
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        fields = [_field(fault["loc"]) for fault in faults]
        reasons = {
            field: _THRESHOLD if field == "threshold" else _REASONS.get(fault["type"], fault["msg"])
            for field, fault in zip(fields, faults, strict=True)
        }
        shown = "；".join(f"{field}：{why}" for field, why in list(reasons.items())[:_SHOWN_FIELDS])
        raise BadRequestError(f"请求有误：{shown}", list(reasons)) from error


def _field(place: tuple[int | str, ...]) -> str:
    """The name of a field as the user wrote it; alternatives of a schema are not his concern."""
    return "threshold" if place[0] == "threshold" else ".".join(map(str, place))[:80]


_THRESHOLD = "应是 0 到 1 的数，或 {主题: 数}"
_REASONS = {
    "extra_forbidden": "没有这个字段",
    "missing": "缺少这个字段",
    "string_type": "应是文本",
    "bool_type": "应是 true 或 false",
    "list_type": "应是列表 […]",
    "int_type": "应是整数",
    "float_type": "应是数",
    "dict_type": "应是对象 {…}",
    "model_type": "应是对象 {…}",
    "literal_error": "不是可用的值",
    "greater_than_equal": "太小",
    "less_than_equal": "太大",
}


def _check(wanted: ClassifyRequest, settings: Settings) -> None:
    given = [name for name in ("text", "texts", "document") if getattr(wanted, name) is not None]
    if len(given) != 1:
        raise BadRequestError(
            "text、texts、document 必须给出其中一个，而且只给一个", given or ["text"]
        )
    if wanted.texts is not None:
        check_texts([(f"texts.{i}", text) for i, text in enumerate(wanted.texts)], settings)
    elif wanted.text is not None:
        check_texts([("text", wanted.text)], settings)
    elif wanted.document is not None and not wanted.document.strip():
        raise EmptyTextError("document 是空的", ["document"])


def check_texts(named: Sequence[tuple[str, str]], settings: Settings, field: str = "texts") -> None:
    """Hold texts to the limits of the settings.

    Args:
        named: each text after the name of its field.
        field: the name of the field that holds them all.

    Raises:
        EmptyTextError, TextTooLongError, TooManyTextsError: says which, and the limit.
    """
    if not named:
        raise EmptyTextError(f"{field} 是空的", [field])
    if len(named) > settings.max_texts:
        raise TooManyTextsError(
            f"{field} 有 {len(named)} 段，一次最多 {settings.max_texts} 段", [field]
        )
    for name, text in named:
        if len(text) > settings.max_characters:
            raise TextTooLongError(
                f"{name} 有 {len(text)} 个字，一段最多 {settings.max_characters} 个；"
                "整页请用 POST /classify 的 document",
                [name],
            )
        if not text.strip():
            raise EmptyTextError(f"{name} 是空的", [name])
