"""Reading the body of a request: size, content type, encoding, shape."""

from email.message import Message
from typing import Any

import orjson
from fastapi import Request
from pydantic import ValidationError

from model.encodings import decode
from model.errors import DecodingError
from service.errors import BadBodyError, BadRequestError, BodyTooLargeError, WrongTypeError
from service.requests import ClassifyRequest
from service.settings import Settings

_SHOWN_FIELDS = 10


async def read_request(request: Request, settings: Settings) -> ClassifyRequest:
    """The request that a body holds, with every text within its limits.

    Raises:
        BodyTooLargeError, WrongTypeError, BadBodyError, BadRequestError: as their names say.
    """
    kind, charset = _content_type(request)
    body = await _read(request, settings.max_body)
    if kind == "text/plain":
        wanted = ClassifyRequest(text=_decoded(body, charset))
    else:
        wanted = _validated(_parsed(body, charset))
    _check(wanted, settings)
    return wanted


def _content_type(request: Request) -> tuple[str, str | None]:
    header = Message()
    header["content-type"] = request.headers.get("content-type", "application/json")
    kind = header.get_content_type()
    if kind not in ("application/json", "text/plain"):
        raise WrongTypeError(
            f"Content-Type 应是 application/json 或 text/plain，收到的是 {kind[:80]}"
        )
    charset = header.get_param("charset")
    return kind, charset if isinstance(charset, str) else None


async def _read(request: Request, most: int) -> bytes:
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > most:
            raise BodyTooLargeError(f"请求体超过 {most} 字节的上限，请分批发送")
    return bytes(chunks)


def _decoded(body: bytes, charset: str | None) -> str:
    try:
        return decode(body, charset or "utf-8")
    except LookupError as error:
        raise WrongTypeError(f"不认识的 charset：{(charset or '')[:40]!r}") from error
    except DecodingError as error:
        raise BadBodyError(
            f"请求体不是 {charset or 'utf-8'} 编码：第 {error.position} 字节无法解码。"
            "请在 Content-Type 里注明编码，如 text/plain; charset=gb18030"
        ) from error


def _parsed(body: bytes, charset: str | None) -> Any:
    if charset is not None and charset.lower().replace("_", "-") not in ("utf-8", "utf8"):
        body = _decoded(body, charset).encode("utf-8", "surrogatepass")
    if not body.strip():
        raise BadBodyError("请求体是空的")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadBodyError(
            f"请求体不是 UTF-8 编码的 JSON：第 {error.pos} 字符处有误。"
            "其他编码请在 Content-Type 里注明，如 application/json; charset=gb18030"
        ) from error


def _validated(content: Any) -> ClassifyRequest:
    if not isinstance(content, dict):
        raise BadRequestError("请求体应是一个 JSON 对象 {…}")
    try:
        return ClassifyRequest.model_validate(content)
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
    "string_type": "应是文本",
    "bool_type": "应是 true 或 false",
    "list_type": "应是文本的列表",
    "float_type": "应是 0 到 1 的数",
    "dict_type": "应是 {主题: 数}",
    "greater_than_equal": "不能小于 0",
    "less_than_equal": "不能大于 1",
}


def _check(wanted: ClassifyRequest, settings: Settings) -> None:
    given = [name for name in ("text", "texts", "document") if getattr(wanted, name) is not None]
    if len(given) != 1:
        raise BadRequestError(
            "text、texts、document 必须给出其中一个，而且只给一个", given or ["text"]
        )
    if wanted.texts is not None:
        if not wanted.texts:
            raise BadRequestError("texts 是空的", ["texts"])
        if len(wanted.texts) > settings.max_texts:
            raise BadRequestError(
                f"texts 有 {len(wanted.texts)} 段，一次最多 {settings.max_texts} 段", ["texts"]
            )
    named = [("text", wanted.text)] if wanted.text is not None else []
    named += [(f"texts.{i}", text) for i, text in enumerate(wanted.texts or [])]
    for name, text in named:
        if len(text) > settings.max_characters:
            raise BadRequestError(
                f"{name} 有 {len(text)} 个字，一段最多 {settings.max_characters} 个；"
                "整页请用 document",
                [name],
            )
    for name, text in [*named, *([("document", wanted.document)] if wanted.document else [])]:
        if not text.strip():
            raise BadRequestError(f"{name} 是空的", [name])
    if wanted.document == "":
        raise BadRequestError("document 是空的", ["document"])
