"""How many requests are answered at once, and how many may wait for their turn."""

import asyncio
from collections import deque

from service.errors import OverloadedError


class Admission:
    """Places for requests, handed out in the order of arrival.

    Args:
        places: requests that are answered at once, ≥ 1.
        queue: requests that may wait beyond those, ≥ 0.
    """

    def __init__(self, places: int, queue: int) -> None:
        self._free = places
        self._queue = queue
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Take a place, at once or in turn.

        Raises:
            OverloadedError: the queue is full.
        """
        if self._free:
            self._free -= 1
            return
        if len(self._waiting) >= self._queue:
            raise OverloadedError("服务正忙，排队的请求已满，请稍后再试")
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._waiting.remove(turn)
            else:
                # The place came in the same moment: somebody else can have it.
                self.leave()
            raise

    def leave(self) -> None:
        """Give a place back, or straight to whoever has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
