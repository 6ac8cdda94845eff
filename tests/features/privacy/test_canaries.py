"""Nothing personal and no secret stands in the clear in the database, in Redis or in the logs.

Canaries go in through the real API, in every place where one can be typed or is handed out; then everything that was
stored or logged is searched for them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import select
from starlette.testclient import TestClient

from ccmanage.accounts.settings import REGISTRATION_MODE
from ccmanage.audit.tasks import SealAudit
from ccmanage.core.outbound import OutboundPolicy
from ccmanage.email.models import Email
from ccmanage.email.tasks import SendMail
from ccmanage.privacy.tasks import BuildExports
from ccmanage.settings.service import Change
from ccmanage.tables import metadata
from support.books import assert_books_clean
from support.factors import enrol
from support.gateway import USAGE
from support.prices import add_flat_price
from support.servers import RedisServer
from support.world import ORIGIN, World
from workers.registry import perform

ADDRESS, OTHER_ADDRESS = "zanzibar@quokka.example", "marzipan@quokka.example"
NAME, PASSWORD, TYPO = "Wombat Quetzalcoatl", "correct axolotl battery", "mistyped pangolin battery"
HOOK, NETWORK, DEVICE, PROMPT = "https://hooks.narwhal.example/in?key=tamarin", "203.0.113.77", "Aardvark/7", "capybara"
# In the clear by decision: labels that people and clients choose for things, and nothing else.
LABELS = {
    "okapi-laptop": {("api_keys", "name")},
    "kinkajou-project": {("projects", "label")},
    "serval-session": {("events", "session_label")},
    "dugong-token": {("access_tokens", "name")},
}


@pytest.fixture
def world(database_url: str, world: World, private_redis: RedisServer) -> Iterator[World]:
    """The emptied world again, with a Redis."""
    other = World(database_url, redis_url=private_redis.url)
    other.runtime.outbound_policy = OutboundPolicy(["hooks.narwhal.example"])
    yield other
    other.close()


def said(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def tokens_in_mails(world: World) -> set[str]:
    """Return every secret that a mail carried in a link."""
    with world.read() as scope:
        letters = [scope.email.opened(row) for row in scope.session.scalars(select(Email))]
        links = [letter.values.get("link", "") for letter in letters]
    return {link.partition("#t=")[2] for link in links} - {""}


def registered(world: World) -> TestClient:
    """Let the person register, confirm the address and sign in; once with a mistyped password."""
    with world.scope() as scope:
        scope.settings.change([Change(REGISTRATION_MODE.name, "open", 0)])
    world.clock.move(seconds=3)
    stranger = world.client(address=NETWORK)
    new = {"email": ADDRESS, "name": NAME, "password": PASSWORD, "locale": "en", "time_zone": "UTC"}
    said(stranger.post("/v1/auth/register", json=new), 202)
    world.runtime.answerer.run(should_stop=lambda: False)
    [token] = tokens_in_mails(world)
    said(stranger.post("/v1/auth/verify-email", json={"token": token}), 204)
    said(stranger.post("/v1/auth/login", json={"email": ADDRESS, "password": TYPO}), 401)
    said(stranger.post("/v1/auth/password/forgot", json={"email": ADDRESS}), 202)
    world.runtime.answerer.run(should_stop=lambda: False)
    browser = world.client(address=NETWORK)
    browser.headers["User-Agent"] = f"Mozilla/5.0 {DEVICE}"
    said(browser.post("/v1/auth/login", json={"email": ADDRESS, "password": PASSWORD}))
    browser.headers |= {"Origin": ORIGIN, "X-CSRF-Token": browser.cookies["ccm_csrf"]}
    return browser


def used(world: World, api_key: str) -> set[str]:
    """Verify and post usage through a gateway, some of it wrong, and settle; returns the gateway's secret."""
    admin = world.client(world.person("Boss", admin=True))
    token: str = said(
        admin.post("/v1/admin/gateways", json={"name": "proxy", "scopes": ["usage:write", "keys:verify"]}), 201
    )["token"]
    add_flat_price(world, "claude-sonnet-4-5", 0, input="3", output="15")
    machine = world.client()
    machine.headers["Authorization"] = f"Bearer {token}"
    said(machine.post("/v1/keys/verify", json={"api_key": api_key}))
    said(machine.post("/v1/keys/verify", json={"api_key": "ccm_" + "hyrax" * 8}))
    event = {
        "id": "m1",
        "time": "2026-11-23T06:59:00Z",
        "api_key": api_key,
        "model": "claude-sonnet-4-5",
        "usage": USAGE,
    }
    more = {"project": "kinkajou-project", "session_id": "serval-session", "messages": [{"content": PROMPT}]}
    stranger = {**event, "id": "m2", "api_key": "ccm_" + "hyrax" * 8, "prompt": PROMPT}
    broken = {**event, "id": "m3", "usage": {"input_tokens": -1}, "completion": PROMPT}
    said(machine.post("/v1/events", json=[{**event, **more}, stranger, broken]), 202)
    world.runtime.settler.run_pending()
    # What an administrator searches for is typed into an address line.
    said(admin.get("/v1/admin/users", params={"email": ADDRESS}))
    said(admin.get("/v1/admin/emails", params={"address": ADDRESS}))
    return {token}


def lived(world: World) -> set[str]:
    """Let a person do everything that leaves something of them behind; returns all canaries."""
    browser = registered(world)
    said(browser.post("/v1/auth/step-up", json={"password": PASSWORD}))
    enrolled = said(browser.post("/v1/auth/totp/enrol"))
    _phone, codes = enrol(world, browser)
    again = {"Idempotency-Key": "once"}
    key = said(browser.post("/v1/keys", json={"name": "okapi-laptop"}, headers=again), 201)["secret"]
    said(browser.patch("/v1/me", json={"name": NAME + " II"}, headers={"Idempotency-Key": "twice"}))
    said(browser.post("/v1/me/address", json={"email": OTHER_ADDRESS}), 202)
    world.runtime.answerer.run(should_stop=lambda: False)
    hook = said(browser.post("/v1/webhooks", json={"name": "ops", "url": HOOK, "events": ["key.created"]}), 201)[
        "secret"
    ]
    access = {"name": "dugong-token", "scopes": ["read"], "expires_at": "2026-12-01T00:00:00Z"}
    script = said(browser.post("/v1/me/tokens", json=access), 201)["secret"]
    said(browser.put("/v1/me/privacy/consents/product_news", json={"given": True}), 204)
    said(browser.post("/v1/me/privacy/export"), 202)
    secrets = used(world, key)
    for task in (SendMail(), BuildExports(), SealAudit()):
        perform(world.runtime, task)
    sessions = {value for name, value in browser.cookies.items()}
    typed = {ADDRESS, OTHER_ADDRESS, NAME, PASSWORD, TYPO, HOOK, NETWORK, DEVICE, PROMPT, "hyrax"}
    handed = {key, hook, script, enrolled["secret"], *codes, *sessions, *secrets, *tokens_in_mails(world)}
    assert len(handed) > 15
    # Halves too: an address in another order, a secret without its prefix.
    return typed | handed | {part for word in (ADDRESS, NAME) for part in word.replace("@", " ").split()} | {hook[6:]}


def stored(world: World) -> dict[tuple[str, str], bytes]:
    """Return all that the database holds, by table and column, and the very file if it is one."""
    found: dict[tuple[str, str], bytes] = {}
    for table in metadata.tables:
        for row in world.rows(table):
            for column, value in row.items():
                raw = bytes(value) if isinstance(value, bytes | bytearray) else str(value).encode()
                found[table, column] = found.get((table, column), b"") + b"\n" + raw
    return found


def files_of(world: World) -> bytes:
    """Return the database's own files, with what was deleted and not yet overwritten."""
    path = Path(world.settings.database_url.removeprefix("sqlite:///"))
    return b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))


def in_redis(server: RedisServer) -> bytes:
    """Return every key of Redis with its value."""
    client = redis.Redis.from_url(server.url)
    read = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        b"stream": client.xrange,
    }
    return b"\n".join(key + repr(read[client.type(key)](key)).encode() for key in client.scan_iter())


def test_nothing_that_people_typed_or_were_handed_is_found_in_the_clear(
    world: World, private_redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    for logger in ("ccmanage", "api", "workers"):
        caplog.set_level(logging.DEBUG, logger=logger)
    canaries = {canary.encode() for canary in lived(world)}
    tables = stored(world)
    assert {place for place, raw in tables.items() if any(canary in raw for canary in canaries)} == set()
    for label, places in LABELS.items():
        assert {place for place, raw in tables.items() if label.encode() in raw} == places
    memory = in_redis(private_redis)
    assert memory, "verify and the throttle leave something"
    assert {canary for canary in canaries if canary in memory} == set()
    logged = (caplog.text + repr([record.__dict__ for record in caplog.records])).encode()
    assert len(caplog.records) > 5
    assert {canary for canary in canaries if canary in logged} == set()
    if world.is_sqlite:
        assert {canary for canary in canaries if canary in files_of(world)} == set()
    assert_books_clean(world.runtime.database, world.clock)
