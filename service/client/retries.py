"""When to ask again, and after how long.

Again: when the server is busy (429, 503), and when the connection failed before an answer was
whole; what is repeated only asks, or names the state that it wants, so that twice does no harm (a
rollback is sent once). Never: after any other answer, and never after a time-out while the server
works, which would double its work.
"""

import secrets
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

BUSY = (429, 503)
"""Answers after which the same request may succeed later."""

FIRST = 0.2
"""Seconds before the first repetition; doubled after each."""

LONGEST = 10.0
"""Seconds between two attempts when the server does not say how long to wait."""

Outcome = httpx.Response | httpx.RequestError
"""What an attempt came to: an answer, or why there is none."""

# A generator of the operating system's: forked processes do not draw the same waits.
_RANDOM = secrets.SystemRandom()
_LOST = (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ConnectTimeout)


class Waits:
    """The waits between the attempts of one request: exponential, with jitter, bounded.

    Args:
        retries: how often to ask again, at least 0.
        patience: how many seconds all waits together may take. When the server asks for more
            than is left, there is no further attempt: asking earlier than told helps nobody.
    """

    def __init__(self, retries: int, patience: float) -> None:
        self._left = retries
        self._patience = patience
        self._step = FIRST

    def after(self, outcome: Outcome) -> float | None:
        """Seconds to wait before asking again; None when this outcome is the last."""
        if self._left == 0 or not _passing(outcome):
            return None
        told = retry_after(outcome) if isinstance(outcome, httpx.Response) else None
        # Jitter, also on top of what was told: not everyone comes back at the same moment.
        wait = (told or 0.0) + self._step * _RANDOM.uniform(0.5, 1.0)
        if wait > self._patience:
            return None
        self._left -= 1
        self._patience -= wait
        self._step = min(2 * self._step, LONGEST)
        return wait


def _passing(outcome: Outcome) -> bool:
    if isinstance(outcome, httpx.Response):
        return outcome.status_code in BUSY
    return isinstance(outcome, _LOST)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that a `Retry-After` header asks for, given as a number or as a date; else None."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
