"""Other tools' shapes, one module a protocol, thin, over the one call that our own routes make.

What they share: what a protocol is, its plain error body, and how its routes describe themselves.
Scores are calibrated probabilities of several labels at once and are never put through a softmax.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from service.errors import ServiceError
from service.inference import Inference
from service.requests import NOT_BLANK
from service.routes import errors
from service.settings import Settings

MODEL = "govtheme"
"""What the model is called where a protocol wants a name."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """A shape that some tool expects, below a prefix of its own.

    Attributes:
        prefix: where its addresses begin.
        router: makes its routes.
        error: the status and the body of an error.
    """

    prefix: str
    router: Callable[[Inference, Settings], APIRouter]
    error: Callable[[ServiceError], tuple[int, dict[str, Any]]]

    def covers(self, path: str) -> bool:
        """Whether an address belongs to this protocol."""
        return path == self.prefix or path.startswith(self.prefix + "/")


class PlainError(BaseModel):
    """The error body that most of the tools expect."""

    error: str


def plain_error(error: ServiceError) -> tuple[int, dict[str, Any]]:
    """Our own status and the message alone."""
    return error.status, {"error": error.message}


def described(body: type[BaseModel], *statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route's description says of its errors, whose body is the protocol's."""
    return {status: entry | {"model": body} for status, entry in errors(*statuses).items()}


def request_body(schema: dict[str, Any], example: Any) -> dict[str, Any]:
    """What a route's description says of its request."""
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def text_schema(settings: Settings) -> dict[str, Any]:
    """The JSON schema of one text, exact to the limits."""
    return {"type": "string", "pattern": NOT_BLANK, "maxLength": settings.max_characters}


def list_schema(items: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """The JSON schema of a list with one item a text, exact to the limits."""
    return {"type": "array", "items": items, "minItems": 1, "maxItems": settings.max_texts}


def object_schema(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """The JSON schema of an object with these fields and no others."""
    return {
        "type": "object",
        "properties": required | optional,
        "required": list(required),
        "additionalProperties": False,
    }
