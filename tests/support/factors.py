"""A person's authenticator: the app on their phone, with the clock of the test."""

from __future__ import annotations

from typing import Any

import pyotp
from starlette.testclient import TestClient

from support.world import PASSWORD, Person, World


class Phone:
    """An authenticator that holds one secret."""

    def __init__(self, world: World, secret: str) -> None:
        self._world = world
        self._totp = pyotp.TOTP(secret)

    def code(self, *, steps: int = 0) -> str:
        """Return the code of now, or of some steps later."""
        return self._totp.at(self._world.clock.now // 1000 + 30 * steps)


def enrol(world: World, client: TestClient) -> tuple[Phone, list[str]]:
    """Set a second factor up as the portal does; returns the phone and the recovery codes."""
    begun = client.post("/v1/auth/totp/enrol")
    assert begun.status_code == 200, begun.text
    phone = Phone(world, begun.json()["secret"])
    confirmed = client.post("/v1/auth/totp/confirm", json={"code": phone.code()})
    assert confirmed.status_code == 200, confirmed.text
    world.clock.move(seconds=30)
    return phone, confirmed.json()["recovery_codes"]


def first_step(client: TestClient, person: Person, password: str = PASSWORD) -> str:
    """Send address and password; returns the challenge."""
    answer = client.post("/v1/auth/login", json={"email": person.email, "password": password})
    assert answer.status_code == 200, answer.text
    challenge: str = answer.json()["challenge"]
    return challenge


def second_step(client: TestClient, challenge: str, code: str) -> Any:
    """Send the challenge with a code."""
    return client.post("/v1/auth/totp/verify", json={"challenge": challenge, "code": code})
