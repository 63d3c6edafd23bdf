"""The log of a server: a JSON object a line, on standard error, and never a user's text."""

import sys
from datetime import UTC, datetime
from typing import Any

import orjson


def log(level: str, event: str, **fields: Any) -> None:
    """Write one line: time, level, what happened, and plain values that describe it."""
    line = orjson.dumps(
        {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": level,
            "event": event,
            **fields,
        },
        default=str,
    )
    # One write a line, so that lines of several workers do not mix.
    sys.stderr.buffer.write(line + b"\n")
    sys.stderr.buffer.flush()
