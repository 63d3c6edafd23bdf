"""Tensors of the Open Inference Protocol, in JSON and in its binary extension.

In the extension a JSON head is followed by the tensors' bytes; the header
`Inference-Header-Content-Length` says where the head ends. A string is its length in four bytes,
little-endian, and its UTF-8; a float is eight bytes, little-endian.
"""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
from starlette.responses import Response

from service.errors import BadBodyError, BadRequestError
from service.routes import json_answer

HEAD_LENGTH = "inference-header-content-length"
BINARY = "application/octet-stream"

_LENGTH = struct.Struct("<I")
_CONTENT_TYPES = ("str", "np")
"""What MLServer's clients say of strings that stand there as they are."""

Tensor = dict[str, Any]


def split_head(body: bytes, length: str | None) -> tuple[bytes, bytes]:
    """The JSON head of a body and the bytes after it.

    Raises:
        BadBodyError: the header gives no length, or one beyond the body's end.
    """
    if length is None:
        return body, b""
    if not (length.isascii() and length.isdecimal()) or int(length) > len(body):
        raise BadBodyError("Inference-Header-Content-Length 应是 JSON 部分的字节数")
    return body[: int(length)], body[int(length) :]


def texts_of(
    shape: Sequence[int], data: Any, parameters: dict[str, Any], binary: bytes
) -> list[str]:
    """The strings of a BYTES tensor of shape [n] or [n, 1].

    Args:
        data: the strings in JSON, flat or nested; None when they came in binary.
        parameters: the tensor's.
        binary: what followed the JSON head; empty without the extension.

    Raises:
        BadBodyError: the binary form is broken.
        BadRequestError: the shape is another one, or does not fit the data.
    """
    kind = parameters.get("content_type", "str")
    if kind not in _CONTENT_TYPES:
        raise BadRequestError(
            f"content_type 应是 {' 或 '.join(_CONTENT_TYPES)}", ["inputs.0.parameters.content_type"]
        )
    if not (len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)):
        raise BadRequestError("shape 应是 [n] 或 [n, 1]，n 是段数", ["inputs.0.shape"])
    size = parameters.get("binary_data_size")
    if size is None and not binary:
        texts = _flat(data)
    elif data is None and type(size) is int and size == len(binary):
        texts = _strings(binary)
    else:
        raise BadBodyError("binary_data_size 与 JSON 之后的字节数不符，或同时给了 data")
    if len(texts) != shape[0]:
        raise BadRequestError(
            f"data 里有 {len(texts)} 段文字，与 shape 不符", ["inputs.0.shape", "inputs.0.data"]
        )
    return texts


def _flat(data: Any) -> list[str]:
    items = data if isinstance(data, list) else [None]
    texts = [item[0] if isinstance(item, list) and len(item) == 1 else item for item in items]
    strings_only = [text for text in texts if isinstance(text, str)]
    if len(strings_only) < len(texts):
        raise BadRequestError("data 应是文本的列表", ["inputs.0.data"])
    return strings_only


def _strings(binary: bytes) -> list[str]:
    texts = []
    begin = 0
    while begin < len(binary):
        start = begin + _LENGTH.size
        if start > len(binary):
            raise BadBodyError("二进制的文本不完整")
        begin = start + _LENGTH.unpack_from(binary, start - _LENGTH.size)[0]
        if begin > len(binary):
            raise BadBodyError("二进制的文本不完整")
        try:
            texts.append(binary[start:begin].decode())
        except UnicodeDecodeError as error:
            raise BadBodyError("二进制的文本应是 UTF-8 编码") from error
    return texts


def strings(name: str, values: Sequence[str]) -> Tensor:
    """A BYTES tensor of shape [n]."""
    return {
        "name": name,
        "shape": [len(values)],
        "datatype": "BYTES",
        "parameters": {"content_type": "str"},
        "data": list(values),
    }


def floats(name: str, rows: Sequence[Sequence[float]], columns: Sequence[str]) -> Tensor:
    """An FP64 tensor of shape [n, columns], row by row; its parameters name the columns."""
    return {
        "name": name,
        "shape": [len(rows), len(columns)],
        "datatype": "FP64",
        "parameters": {"columns": ";".join(columns)},
        "data": [value for row in rows for value in row],
    }


def tensor_answer(head: dict[str, Any], binary: Sequence[bool]) -> Response:
    """An answer whose `outputs` are in binary where that was asked for.

    Args:
        binary: for each output, whether it goes after the JSON head.
    """
    if not any(binary):
        return json_answer(head)
    pieces = []
    for tensor, apart in zip(head["outputs"], binary, strict=True):
        if apart:
            piece = _packed(tensor["datatype"], tensor.pop("data"))
            tensor["parameters"]["binary_data_size"] = len(piece)
            pieces.append(piece)
    first = orjson.dumps(head)
    return Response(
        b"".join([first, *pieces]), media_type=BINARY, headers={HEAD_LENGTH: str(len(first))}
    )


def _packed(datatype: str, data: Sequence[Any]) -> bytes:
    if datatype == "FP64":
        return np.asarray(data, "<f8").tobytes()
    encoded = [value.encode() for value in data]
    return b"".join(_LENGTH.pack(len(value)) + value for value in encoded)
