"""Places and the queue: order, refusal, and waiters that give up."""

import asyncio

import pytest

from service.admission import Admission
from service.errors import OverloadedError


def test_places_are_handed_out_in_the_order_of_arrival() -> None:
    async def run() -> list[int]:
        admission, order = Admission(1, 5), []

        async def work(number: int) -> None:
            await admission.enter()
            await asyncio.sleep(0)
            order.append(number)
            admission.leave()

        await asyncio.gather(*(work(number) for number in range(6)))
        return order

    assert asyncio.run(run()) == list(range(6))


def test_a_full_queue_refuses() -> None:
    async def run() -> None:
        admission = Admission(1, 1)
        await admission.enter()
        waiting = asyncio.create_task(admission.enter())
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError):
            await admission.enter()
        admission.leave()
        await waiting
        admission.leave()
        await admission.enter()

    asyncio.run(run())


@pytest.mark.parametrize("given", [False, True], ids=["still waiting", "just given a place"])
def test_no_place_is_lost_when_a_waiter_gives_up(given: bool) -> None:
    async def run() -> None:
        admission = Admission(1, 2)
        await admission.enter()
        impatient = asyncio.create_task(admission.enter())
        patient = asyncio.create_task(admission.enter())
        await asyncio.sleep(0)
        if given:
            admission.leave()
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        if not given:
            admission.leave()
        await asyncio.wait_for(patient, 1)
        admission.leave()
        await asyncio.wait_for(admission.enter(), 1)

    asyncio.run(run())
