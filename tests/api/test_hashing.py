"""Hashes are bounded: how many at once, how many wait, and for how long."""

import asyncio
import threading

import pytest

from api.accounts.hashing import HashingRoom
from api.places import TooBusy


def test_whose_turn_does_not_come_is_turned_away_and_what_has_begun_is_finished() -> None:
    async def scenario() -> None:
        room, go_on = HashingRoom(at_once=1, patience_seconds=0.02), threading.Event()
        begun = asyncio.create_task(room.run(lambda: go_on.wait(10)))
        await asyncio.sleep(0)
        with pytest.raises(TooBusy):
            await room.run(lambda: True)
        go_on.set()
        assert await begun is True
        assert await room.run(lambda: "free again") == "free again"
        room.close()

    asyncio.run(scenario())


def test_too_many_are_turned_away_at_once() -> None:
    async def scenario() -> None:
        room, go_on = HashingRoom(at_once=1, waiting=2), threading.Event()
        inside = [asyncio.create_task(room.run(lambda: go_on.wait(10))) for _ in range(2)]
        await asyncio.sleep(0)
        assert room.is_full
        with pytest.raises(TooBusy):
            await room.run(lambda: True)
        go_on.set()
        assert await asyncio.gather(*inside) == [True, True]
        room.close()

    asyncio.run(scenario())
