"""TLS to the mail server, from the start and by STARTTLS: the certificate is checked before anything is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ccmanage.adapters.smtp import SmtpTransport
from ccmanage.cli import doctor
from ccmanage.core.crypto import KeyRing
from ccmanage.email import sending
from ccmanage.email.catalogue import TEMPLATES
from ccmanage.email.models import EmailState
from ccmanage.email.service import Recipient
from support.certificates import Authority
from support.databases import empty, hurry
from support.mailserver import MailServer, Security
from support.world import World

# The server warns that it takes a password without STARTTLS; it speaks TLS from the start there.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
IMPLICIT = pytest.mark.parametrize("implicit", [True, False], ids=["smtps", "starttls"])


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def mails(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world that sends to whatever server `send` names."""
    monkeypatch.setattr(sending, "_LONGEST_PAUSE_SECONDS", 0.0)
    world = World(database_url, smtp_url="smtp://localhost:1", mail_from="robot@cc.example.com")
    (hurry if world.is_sqlite else empty)(world.runtime.database.engine)
    yield world
    world.close()


def send(world: World, url: str) -> dict[str, Any]:
    """Send one mail there; returns its row."""
    mailer = world.runtime.mailer
    mailer.close()
    mailer._transport = SmtpTransport(url, timeout_seconds=5)
    with world.scope() as scope:
        values = TEMPLATES["accounts.verify"].samples
        scope.email.post("accounts.verify", to=Recipient("ann@example.com"), values=values, dedupe_key="k")
    mailer.run()
    [row] = world.rows("emails")
    return dict(row)


def words(world: World, row: dict[str, Any]) -> str:
    """Return the words of the error, as the portal shows them."""
    ring: KeyRing = world.runtime.ring
    return ring.decrypt(row["error_sealed"], f"emails.error:{bytes(row['public_id']).hex()}")


@IMPLICIT
def test_a_mail_travels_encrypted_and_signed_in(mails: World, authority: Authority, implicit: bool) -> None:
    security = Security(authority.context("localhost"), implicit)
    with MailServer(security=security) as server:
        row = send(mails, f"{server.url}?ca={authority.file}")
        assert (row["state"], row["error_code"]) == (EmailState.SENT, "")
        assert server.wait_for(1, seconds=5)
    assert security.seen == [(b"robot", b"correct horse")]


@IMPLICIT
def test_a_wrong_password_is_said_and_the_mail_waits(mails: World, authority: Authority, implicit: bool) -> None:
    security = Security(authority.context("localhost"), implicit)
    with MailServer(security=security) as server:
        url = f"{server.url}?ca={authority.file}".replace("correct", "incorrect")
        row = send(mails, url)
        assert (row["state"], row["error_code"]) == (EmailState.PENDING, "smtp_535")
        state, text = doctor._mail(mails.settings.model_copy(update={"smtp_url": url}))
        assert (state, "user and password" in text) == (doctor.State.WRONG, True)
    assert server.received == []
    assert b"incorrect horse" in {password for _user, password in security.seen}


BAD = {
    "another name": ("mail.example.org", timedelta(days=1), True, "not valid for 'localhost'"),
    "over": ("localhost", -timedelta(hours=1), True, "expired"),
    "an authority that nobody knows": ("localhost", timedelta(days=1), False, "unable to get local issuer"),
}


@IMPLICIT
@pytest.mark.parametrize("fault", BAD)
def test_a_certificate_that_is_wrong_lets_the_mail_wait(
    mails: World, authority: Authority, fault: str, implicit: bool
) -> None:
    name, ends_in, known, reason = BAD[fault]
    security = Security(authority.context(name, ends_in=ends_in), implicit)
    with MailServer(security=security) as server:
        url = f"{server.url}?ca={authority.file}" if known else server.url
        row = send(mails, url)
        assert (row["state"], row["error_code"]) == (EmailState.PENDING, "smtp_certificate")
        assert row["next_attempt_at"] > mails.clock.now
        assert reason in words(mails, row)
        assert "certificate is not trusted" in words(mails, row)
        state, text = doctor._mail(mails.settings.model_copy(update={"smtp_url": url}))
        assert state is doctor.State.WRONG
        assert f"localhost:{server.port} smtp_certificate" in text
        assert reason in text
        assert "correct" not in text
        mended = Security(authority.context("localhost"), implicit)
    assert (server.received, security.seen) == ([], []), "nothing was said, the password least of all"
    with MailServer(security=mended) as server:
        mails.clock.move(minutes=5)
        row = send(mails, f"{server.url}?ca={authority.file}")
        assert (row["state"], row["error_code"]) == (EmailState.SENT, "")


def test_what_does_not_fit_is_named(mails: World, authority: Authority) -> None:
    with MailServer() as plain:
        assert send(mails, f"smtps://localhost:{plain.port}")["error_code"] == "smtp_tls"
        mails.clock.move(minutes=5)
        assert send(mails, f"smtp+starttls://localhost:{plain.port}")["error_code"] == "smtp_unfit"
        mails.clock.move(minutes=5)
        row = send(mails, f"smtps://localhost:{plain.port}?ca={authority.file}.gone")
        assert row["error_code"] == "smtp_authority"
        assert "authority.pem.gone" in words(mails, row)
        state, text = doctor._mail(mails.settings.model_copy(update={"smtp_url": f"smtps://localhost:{plain.port}"}))
        assert (state, "port 465 is for smtps" in text) == (doctor.State.WRONG, True)
    assert plain.received == []
