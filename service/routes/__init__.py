"""Our own routes, one module a group; what they share is how they describe themselves."""

from typing import Annotated, Any

import orjson
from fastapi import Query
from starlette.responses import Response

from service.requests import ErrorResponse, Probability

WithEvidence = Annotated[bool, Query(description="是否给出依据")]
OneThreshold = Annotated[Probability | None, Query(description="代替模型自带的阈值")]

_MEANINGS = {
    400: "请求体不是 JSON，或编码不对",
    401: "没有密钥，或密钥不对",
    403: "密钥没有这个权限",
    404: "没有这个模型",
    408: "请求体没有及时到齐",
    409: "模型不能使用",
    413: "请求体太大",
    415: "Content-Type 或 Content-Encoding 不对",
    422: "字段不对，文字为空或太长",
    429: "请求太频繁；Retry-After 说明多少秒后再试",
    503: "还没有模型，或服务正忙；Retry-After 说明多少秒后再试",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route's description says of its errors; keys and overload can befall all."""
    everywhere = {401, 403, 429, 503}
    return {
        status: {"model": ErrorResponse, "description": _MEANINGS[status]}
        for status in sorted(everywhere.union(statuses))
    }


def json_answer(content: Any, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(orjson.dumps(content), status, media_type="application/json")
