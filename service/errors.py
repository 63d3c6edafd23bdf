"""What can go wrong between a user and a model, and the one error body of our own routes.

ServiceError              knows its HTTP status and its type
├── BadBodyError              400  broken JSON, or bytes in no known encoding
├── UnauthorizedError         401  no key, or none that is known
├── ForbiddenError            403  the key may not do this
├── SlowSenderError           408  the body did not come in time
├── NotFoundError             404  no such model
├── ConflictError             409  a model that cannot be served
├── BodyTooLargeError         413  more bytes than a request may have
├── WrongTypeError            415  neither JSON nor plain text
├── BadRequestError           422  readable, but not what the route takes
│   ├── EmptyTextError            there is no text, or only blanks
│   ├── TextTooLongError          a text has more characters than one may have
│   └── TooManyTextsError         more texts than a request may have
├── TooManyRequestsError      429  a key's rate is used up; knows when to try again
├── NotReadyError             503  there is no model to answer with
├── OverloadedError           503  the queue is full; knows when to try again
└── TimeLimitError            503  the request took too long
"""

from collections.abc import Sequence
from typing import Any


class ServiceError(Exception):
    """The base of every error that a route raises on purpose.

    Attributes:
        message: what a person reads.
        fields: the fields of the request that are at fault.
        retry_after: in how many seconds it is worth trying again; None where it is not.
    """

    status = 500
    type = "internal"
    retry_after: int | None = None

    def __init__(self, message: str, fields: Sequence[str] = ()) -> None:
        self.message = message
        self.fields = list(fields)
        super().__init__(message)


class BadBodyError(ServiceError):
    """The body cannot be read."""

    status = 400
    type = "bad_body"


class UnauthorizedError(ServiceError):
    """There is no key, or it is not known."""

    status = 401
    type = "unauthorized"


class ForbiddenError(ServiceError):
    """The key is known, but may not do this."""

    status = 403
    type = "forbidden"


class NotFoundError(ServiceError):
    """What is asked for is not there."""

    status = 404
    type = "not_found"


class SlowSenderError(ServiceError):
    """The rest of the request did not come in time."""

    status = 408
    type = "slow_sender"


class ConflictError(ServiceError):
    """What is asked for does not fit the state of the store of models."""

    status = 409
    type = "conflict"


class BodyTooLargeError(ServiceError):
    """The body is larger than a request may be."""

    status = 413
    type = "body_too_large"


class WrongTypeError(ServiceError):
    """The content type or encoding is not one that the route takes."""

    status = 415
    type = "wrong_content_type"


class BadRequestError(ServiceError):
    """The body has the wrong shape, or a text is empty or too long."""

    status = 422
    type = "invalid_request"


class EmptyTextError(BadRequestError):
    """There is no text, or one of blanks only."""


class TextTooLongError(BadRequestError):
    """A text has more characters than one may have."""


class TooManyTextsError(BadRequestError):
    """There are more texts than a request may have."""


class TooManyRequestsError(ServiceError):
    """A key has used up its rate."""

    status = 429
    type = "too_many_requests"

    def __init__(self, message: str, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class NotReadyError(ServiceError):
    """There is no model yet."""

    status = 503
    type = "no_model"


class OverloadedError(ServiceError):
    """More requests are waiting than may wait."""

    status = 503
    type = "overloaded"
    retry_after = 1


class TimeLimitError(ServiceError):
    """The request took longer than one may."""

    status = 503
    type = "time_limit"
    retry_after = 5


class ClientGoneError(Exception):
    """Whoever asked has hung up: there is nobody to answer."""


def error_body(status: int, type_: str, message: str, fields: Sequence[str] = ()) -> dict[str, Any]:
    """The JSON of an error. Its four keys are part of the contract: none may go or change."""
    return {"error": {"status": status, "type": type_, "message": message, "fields": list(fields)}}
