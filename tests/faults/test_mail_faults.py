"""Faults of mail (rows 28-32): a server that is away, hangs, drops or refuses; a worker that dies in between."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccmanage.adapters import smtp
from ccmanage.adapters.smtp import SmtpTransport
from ccmanage.email import sending
from ccmanage.email.catalogue import TEMPLATES
from ccmanage.email.models import EmailState
from ccmanage.email.service import Recipient
from support.databases import empty, hurry
from support.mailserver import MailServer
from support.server_process import free_port
from support.world import World

pytestmark = pytest.mark.faults


def opened(database_url: str, smtp_url: str) -> World:
    world = World(database_url, smtp_url=smtp_url, mail_from="robot@cc.example.com")
    (hurry if world.is_sqlite else empty)(world.runtime.database.engine)
    world.runtime.mailer._transport = SmtpTransport(smtp_url, timeout_seconds=1.0)
    return world


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_LONGEST_PAUSE_SECONDS", 0.0)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


def post(world: World, count: int = 1) -> None:
    with world.scope() as scope:
        for number in range(count):
            scope.email.post(
                "accounts.verify",
                to=Recipient(f"ann{number}@example.com"),
                values=dict(TEMPLATES["accounts.verify"].samples),
                dedupe_key=f"k{number}",
            )


@pytest.mark.usefixtures("impatient")
def test_28_a_server_that_is_away_for_an_hour(database_url: str) -> None:
    port = free_port()
    world = opened(database_url, f"smtp://127.0.0.1:{port}")
    try:
        post(world, 30)
        end, runs = world.clock.now + 3_600_000, 0
        while world.clock.now < end:
            world.runtime.mailer.run()
            world.clock.move(seconds=30)
            runs += 1
        rows = world.rows("emails")
        assert {row["state"] for row in rows} == {EmailState.PENDING}
        assert sum(row["tries"] for row in rows) < 30 + runs + 20, "one mail is tried at a time"
        assert max(row["next_attempt_at"] for row in rows) - world.clock.now <= 6 * 60_000
        with MailServer(port) as server:
            for _ in range(14):
                world.runtime.mailer.run()
                world.clock.move(seconds=30)
            assert len(server.received) == 30, "all are out within ten minutes"
            assert len(set(server.ids())) == 30
    finally:
        world.close()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("deed", ["hang", "drop"])
def test_29_a_server_that_takes_a_mail_and_says_nothing(database_url: str, server: MailServer, deed: str) -> None:
    world = opened(database_url, server.url)
    try:
        server.script.after_data.append(deed)
        post(world, 2)
        started = time.monotonic()
        world.runtime.mailer.run()
        assert time.monotonic() - started < 10
        first = world.rows("emails")[0]
        assert first["state"] == EmailState.PENDING
        assert first["error_code"] in ("smtp_timeout", "smtp_disconnected")
        for _ in range(4):
            world.clock.move(minutes=1)
            world.runtime.mailer.run()
        assert {row["state"] for row in world.rows("emails")} == {EmailState.SENT}
        assert len(server.received) == 3
        assert len(set(server.ids())) == 2, "the duplicate is the same message"
    finally:
        world.close()


@pytest.mark.usefixtures("impatient")
def test_30_a_server_that_closes_is_left_in_peace(database_url: str, server: MailServer) -> None:
    world = opened(database_url, server.url)
    try:
        server.script.at_recipient = ["421 4.3.2 shutting down"] * 3
        post(world, 10)
        world.runtime.mailer.run()
        assert server.connections == 1, "the others are not tried"
        tried = [row for row in world.rows("emails") if row["error_code"]]
        assert [(row["state"], row["error_code"]) for row in tried] == [(EmailState.PENDING, "smtp_421")]
        for _ in range(6):
            world.clock.move(minutes=1)
            world.runtime.mailer.run()
        assert len(server.received) == 10
        assert world.rows("email_suppressions") == []
    finally:
        world.close()


def test_30_while_the_server_is_down_nothing_is_tried_for_a_pause(sqlite_world: World) -> None:
    world = opened(sqlite_world.settings.database_url, f"smtp://127.0.0.1:{free_port()}")
    try:
        post(world, 5)
        world.runtime.mailer.run()
        world.clock.move(minutes=10)
        for _ in range(20):
            world.runtime.mailer.run()
        assert sum(1 for row in world.rows("emails") if row["error_code"]) == 1
    finally:
        world.close()


CHILD = """
import sys
from support.world import World
world = World(sys.argv[1], smtp_url=sys.argv[2], mail_from="robot@cc.example.com")
world.runtime.mailer.run()
"""


def test_31_a_worker_that_dies_between_the_yes_and_the_mark(database_url: str, server: MailServer) -> None:
    world = opened(database_url, server.url)
    try:
        post(world)
        root = Path(__file__).parents[2]
        died = subprocess.run(
            [sys.executable, "-c", CHILD, database_url, server.url],
            env={**os.environ, "CCMANAGE_FAIL": "email.before_mark", "PYTHONPATH": f"{root / 'tests'}:{root}"},
            cwd=root,
            check=False,
            timeout=60,
        )
        assert died.returncode == -9
        assert len(server.received) == 1
        assert world.rows("emails")[0]["state"] == EmailState.SENDING
        world.runtime.mailer.run()
        assert len(server.received) == 1, "the claim holds"
        world.clock.move(minutes=6)
        world.runtime.mailer.run()
        assert world.rows("emails")[0]["state"] == EmailState.SENT
        assert len(server.received) == 2, "one duplicate at most"
        assert len(set(server.ids())) == 1
    finally:
        world.close()


def test_a_password_is_never_sent_in_the_clear_where_tls_was_asked_for(server: MailServer) -> None:
    transport = SmtpTransport(server.url.replace("smtp://", "smtp+starttls://ann:secret@"), timeout_seconds=2)
    try:
        with pytest.raises(smtp.SMTPException):
            transport.greet()
    finally:
        transport.close()
    assert "secret" not in repr(transport.address)
