"""The rate of a key: bursts, refusal, recovery, and one budget for forked workers."""

import os
import time

from service.rates import RateLimiter


def test_a_burst_of_ten_seconds_is_allowed_and_no_more() -> None:
    limiter = RateLimiter()
    granted = sum(limiter.spend("a", 60) == 0 for _ in range(30))
    assert granted == 10
    assert limiter.spend("b", 60) == 0


def test_the_wait_that_is_told_is_enough() -> None:
    limiter = RateLimiter()
    rate = 60_000
    while (seconds := limiter.spend("a", rate)) == 0:
        pass
    assert seconds == 1
    time.sleep(seconds)
    assert limiter.spend("a", rate) == 0


def test_one_request_always_fits() -> None:
    limiter = RateLimiter()
    assert limiter.spend("a", 1) == 0
    assert 50 <= limiter.spend("a", 1) <= 60


def test_forked_workers_share_the_budget() -> None:
    limiter = RateLimiter()
    if child := os.fork():
        os.waitpid(child, 0)
    else:
        while limiter.spend("a", 60) == 0:
            pass
        os._exit(0)
    assert limiter.spend("a", 60) > 0
