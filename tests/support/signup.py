"""What tests of registering and of links in mails share."""

import re
from typing import Any

from sqlalchemy import select
from starlette.testclient import TestClient

from ccmanage.email.models import Email
from ccmanage.settings.service import Change
from support.world import PASSWORD, World

BETTER = "a much better one"
NEW = {"email": "Ann@Example.com", "name": "Ann", "password": PASSWORD, "locale": "zh", "time_zone": "Asia/Shanghai"}


def settings(world: World, setting: Any, value: Any) -> None:
    with world.scope() as scope:
        revision = next(view.revision for view in scope.settings.all() if view.setting is setting)
        scope.settings.change([Change(setting.name, value, revision)])
    world.clock.move(seconds=3)


def work(world: World) -> None:
    """Do what a worker does."""
    assert world.runtime.answerer.run(should_stop=lambda: False) is False


def mails(world: World, template: str = "") -> list[tuple[str, str, dict[str, str]]]:
    """Return template, address and values of the mails in the outbox, the oldest first."""
    with world.read() as scope:
        letters = [scope.email.opened(row) for row in scope.session.scalars(select(Email).order_by(Email.id))]
    found = [(letter.row.template, letter.address, dict(letter.values)) for letter in letters]
    return [mail for mail in found if not template or mail[0] == template]


def token_of(world: World, template: str) -> str:
    """Return the token in the latest mail of a kind."""
    link = mails(world, template)[-1][2]["link"]
    found = re.fullmatch(r"http://testserver/[a-z-]+#t=([\w-]{43,})", link)
    assert found, link
    return found[1]


def register(world: World, **fields: Any) -> Any:
    answer = world.client().post("/v1/auth/register", json={**NEW, **fields})
    work(world)
    return answer


def login(client: TestClient, email: str, password: str = PASSWORD) -> Any:
    return client.post("/v1/auth/login", json={"email": email, "password": password})


def verified(world: World, **fields: Any) -> None:
    register(world, **fields)
    token = token_of(world, "accounts.verify")
    assert world.client().post("/v1/auth/verify-email", json={"token": token}).status_code == 204
