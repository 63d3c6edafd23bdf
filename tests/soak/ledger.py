"""What was sent and what came of it."""

import time
from collections import Counter

KILL_SECONDS = 1.0
"""So long after a worker was killed may connections to it be found broken."""


class Ledger:
    """Counts answers, and keeps what was wrong.

    Attributes:
        answered: answers by route and status, as the server's own figures have them.
        texts: how many texts were classified.
        kinds: requests by kind.
        faults: what was wrong, in words.
        waits: seconds of each answer by kind.
    """

    def __init__(self) -> None:
        self.answered: Counter[tuple[str, int]] = Counter()
        self.texts = 0
        self.kinds: Counter[str] = Counter()
        self.faults: list[str] = []
        self.waits: dict[str, list[float]] = {}
        self.lost = 0
        self._kills: list[float] = []
        self.stopping = float("inf")

    def count(self, kind: str, route: str, status: int, texts: int = 0) -> None:
        """Note an answer."""
        self.kinds[kind] += 1
        self.answered[route, status] += 1
        self.texts += texts

    def took(self, kind: str, seconds: float) -> None:
        """Note how long a request took."""
        self.waits.setdefault(kind, []).append(seconds)

    def killed(self) -> None:
        """A worker is killed now."""
        self._kills.append(time.monotonic())

    def broken(self, kind: str, began: float, error: Exception) -> None:
        """Note a connection that broke: a fault, unless a worker was killed or the end is near."""
        ended = time.monotonic()
        if ended >= self.stopping or any(
            began - KILL_SECONDS <= kill <= ended for kill in self._kills
        ):
            self.lost += 1
        else:
            self.fault(kind, f"{type(error).__name__}: {error}")

    def fault(self, kind: str, what: str) -> None:
        """Note that something was wrong."""
        self.faults.append(f"{time.strftime('%H:%M:%S')} {kind}: {what}")
