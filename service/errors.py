"""What can go wrong between a user and a model, and the one error body of our own routes.

ServiceError          knows its HTTP status and its type
├── BadBodyError          400  broken JSON, or bytes in no known encoding
├── BodyTooLargeError     413  more bytes than a request may have
├── WrongTypeError        415  neither JSON nor plain text
├── BadRequestError       422  readable, but not what the route takes
└── NotReadyError         503  there is no model to answer with
"""

from collections.abc import Sequence
from typing import Any


class ServiceError(Exception):
    """The base of every error that a route raises on purpose."""

    status = 500
    type = "internal"

    def __init__(self, message: str, fields: Sequence[str] = ()) -> None:
        self.message = message
        self.fields = list(fields)
        super().__init__(message)


class BadBodyError(ServiceError):
    """The body cannot be read."""

    status = 400
    type = "bad_body"


class BodyTooLargeError(ServiceError):
    """The body is larger than a request may be."""

    status = 413
    type = "body_too_large"


class WrongTypeError(ServiceError):
    """The content type is not one that the route takes."""

    status = 415
    type = "wrong_content_type"


class BadRequestError(ServiceError):
    """The body has the wrong shape, or a text is empty or too long."""

    status = 422
    type = "invalid_request"


class NotReadyError(ServiceError):
    """There is no model yet."""

    status = 503
    type = "no_model"


def error_body(status: int, type_: str, message: str, fields: Sequence[str] = ()) -> dict[str, Any]:
    """The JSON of an error. Its four keys are part of the contract: none may go or change."""
    return {"error": {"status": status, "type": type_, "message": message, "fields": list(fields)}}
