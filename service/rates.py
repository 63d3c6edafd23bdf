"""How often a key may ask: one budget for all workers of a server.

The generic cell rate algorithm (ITU-T I.371): a key has one number, the time at which its budget
would be full again. The numbers lie in memory that the workers share since before they were forked.
"""

import hashlib
import math
import mmap
import time

_SLOTS = 1 << 16
_BURST_SECONDS = 10.0


class RateLimiter:
    """Counts requests by key; make it before the workers are forked.

    A key may spend what ten seconds allow at once, and always at least one request. Two names share
    a budget with a chance of 1 in 65,536. There is no lock, which a worker could die with: two
    workers that count in the same microsecond may count one request, and a limit can bear that.
    """

    def __init__(self) -> None:
        self._full_at = memoryview(mmap.mmap(-1, _SLOTS * 8)).cast("d")

    def spend(self, name: str, a_minute: int) -> int:
        """Spend one request of a key's budget.

        Args:
            name: the key's name.
            a_minute: its rate, requests a minute, ≥ 1.

        Returns:
            0 when the request may go on, else in how many seconds to try again, ≥ 1.
        """
        cost = 60.0 / a_minute
        burst = max(_BURST_SECONDS, cost)
        slot = int.from_bytes(hashlib.sha256(name.encode()).digest()[:2])
        now = time.monotonic()
        full_at = max(self._full_at[slot], now) + cost
        if full_at - now > burst:
            return math.ceil(full_at - now - burst)
        self._full_at[slot] = full_at
        return 0
