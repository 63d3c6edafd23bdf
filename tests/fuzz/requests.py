"""Requests to begin with: one of each kind that the server answers, as bytes."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

Header = tuple[bytes, bytes]

TEXT = "网格员每天入户走访，把问题记进台账。"
PAGE = (
    f"当前位置：首页 > 志愿服务\n\n一、工作简报\n{TEXT}\n小区物业公司涨了物业费，业主都不同意。\n"
)

JSON = (b"content-type", b"application/json")
PLAIN = (b"content-type", b"text/plain")
NDJSON = (b"content-type", b"application/x-ndjson")


@dataclass(slots=True)
class Sent:
    """A request as it comes off the wire, in pieces.

    Attributes:
        leaves: whether the sender hangs up instead of sending the last piece.
    """

    method: str
    path: bytes
    query: bytes = b""
    headers: list[Header] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=lambda: [b""])
    leaves: bool = False


def post(path: str, content: Any, *headers: Header, query: bytes = b"") -> Sent:
    """A POST of JSON, or of bytes as they are."""
    body = (
        content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
    )
    return Sent("POST", path.encode(), query, list(headers or (JSON,)), [body])


def own() -> list[Sent]:
    """What our own routes are asked."""
    lines = [
        {"text": TEXT, "id": 1},
        {"text": "今年粮食再获丰收。"},
        {"id": [None], "text": TEXT * 5},
    ]
    stream = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode()
    return [
        post("/classify", {"text": TEXT}),
        post("/classify", {"text": TEXT, "evidence": True, "threshold": 0.5}),
        post("/classify", {"texts": [TEXT, "今年粮食再获丰收。"], "evidence": False}),
        post("/classify", {"texts": [TEXT] * 4, "threshold": {"grid_management": 0.25}}),
        post("/classify", {"document": PAGE, "evidence": True}),
        post("/classify", TEXT.encode(), PLAIN),
        post(
            "/classify", TEXT.encode("gb18030"), (b"content-type", b"text/plain; charset=gb18030")
        ),
        _upload("a.txt", PAGE.encode()),
        _upload("b.csv", f"标题,正文\n甲,{TEXT}\n乙,今年粮食再获丰收。\n".encode()),
        _upload("c.html", f"<html><body><h1>简报</h1><p>{TEXT * 4}</p></body></html>".encode()),
        post("/classify/stream", stream, NDJSON),
        post("/classify/stream", stream, NDJSON, query=b"evidence=true&threshold=0.5"),
        *(
            Sent("GET", path)
            for path in (b"/themes", b"/model", b"/models", b"/livez", b"/readyz", b"/openapi.json")
        ),
        post("/admin/models/0123456789ab/promote", b""),
        post("/admin/models/rollback", b""),
        post("/admin/models/reload", b""),
    ]


def _upload(name: str, content: bytes) -> Sent:
    part = f'--x\r\ncontent-disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = part.encode() + content + b"\r\n--x--\r\n"
    return post("/classify/file", body, (b"content-type", b"multipart/form-data; boundary=x"))


def described(openapi: dict[str, Any]) -> list[Sent]:
    """One request for each example of each route that a description tells of."""
    found = []
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            address = quote(path.replace("{", "").replace("}", "")).encode()
            content = operation.get("requestBody", {}).get("content", {})
            for kind, media in content.items():
                examples = [entry["value"] for entry in media.get("examples", {}).values()]
                for example in [*examples, *([media["example"]] if "example" in media else [])]:
                    body = (
                        example
                        if isinstance(example, str) and "json" not in kind.split("-")[0]
                        else json.dumps(example, ensure_ascii=False)
                    )
                    header = (b"content-type", kind.encode())
                    found.append(Sent(method.upper(), address, b"", [header], [body.encode()]))
            if not content:
                found.append(Sent(method.upper(), address))
    return found
