"""Sending, against a real SMTP server: once, as what was promised, later or never as the server says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ccmanage.email import sending
from ccmanage.email.catalogue import TEMPLATES
from ccmanage.email.models import EmailState
from ccmanage.email.rules import GIVE_UP_MS
from ccmanage.email.service import Recipient
from support.mailserver import MailServer
from support.world import World


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def mails(database_url: str, server: MailServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(sending, "_LONGEST_PAUSE_SECONDS", 0.0)
    world = World(database_url, smtp_url=server.url, mail_from="robot@cc.example.com")
    from support.databases import empty, hurry

    (hurry if world.is_sqlite else empty)(world.runtime.database.engine)
    yield world
    world.close()


def post(world: World, number: int = 1, template: str = "accounts.verify", **values: str) -> None:
    to = Recipient(f"ann{number}@example.com", name="Ann", language="en")
    with world.scope() as scope:
        given = {**TEMPLATES[template].samples, **values}
        scope.email.post(template, to=to, values=given, dedupe_key=f"k{number}")


def states(world: World) -> list[tuple[int, str]]:
    return [(row["state"], row["error_code"]) for row in world.rows("emails")]


def test_a_mail_arrives_once_as_promised(mails: World, server: MailServer) -> None:
    with mails.scope() as scope:
        from ccmanage.settings.service import Change

        scope.settings.change([Change("mail.from_name", "Firma, “Ä” GmbH", 0), Change("mail.footer", "Berlin", 0)])
    post(mails)
    assert mails.runtime.mailer.run() is False
    assert mails.runtime.mailer.run() is False
    (mail,) = server.received
    assert (mail.sender, mail.recipients) == ("robot@cc.example.com", ["ann1@example.com"])
    message = mail.message
    assert message["To"] == "ann1@example.com"
    assert message["From"].addresses[0].display_name == "Firma, “Ä” GmbH"
    assert message["Subject"] == "Confirm your mail address"
    assert message["Message-ID"] == mails.rows("emails")[0]["message_id"]
    assert message["List-Unsubscribe"] is None
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert TEMPLATES["accounts.verify"].samples["link"] in text.get_content()
    assert "Berlin" in html.get_content()
    (row,) = mails.rows("emails")
    assert (row["state"], row["tries"], row["sent_at"]) == (EmailState.SENT, 1, mails.clock.now)


def test_many_share_a_connection(mails: World, server: MailServer) -> None:
    for number in range(45):
        post(mails, number)
    assert mails.runtime.mailer.run() is False
    assert len(server.received) == 45
    assert server.connections == 1


def test_a_notification_can_be_stopped_with_one_click(mails: World, server: MailServer) -> None:
    post(mails, template="alerts.threshold")
    mails.runtime.mailer.run()
    message = server.received[0].message
    link = str(message["List-Unsubscribe"]).strip("<>")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    client = mails.client()
    path = link.removeprefix(mails.settings.public_url)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = client.post(path, content="List-Unsubscribe=One-Click", headers=form)
    assert (answer.status_code, answer.json()) == (200, {"template": "alerts.threshold"})
    with mails.read() as scope:
        assert scope.email.stopped("ann1@example.com") == ["alerts.threshold"]
    opened = client.get(path, follow_redirects=False)
    assert (opened.status_code, opened.headers["location"]) == (
        303,
        f"{mails.settings.public_url}/stop-mails?{path.partition('?')[2]}",
    )
    for wrong in (path[:-2] + "xx", "/v1/mail/stop?t=AAAA", "/v1/mail/stop?t=é"):
        assert client.post(wrong).status_code == 404


def test_headers_cannot_be_broken_out_of(mails: World, server: MailServer) -> None:
    post(mails, template="accounts.invited", inviter="Eve\r\nBcc: victim@example.com\r\n\r\nhello")
    mails.runtime.mailer.run()
    (mail,) = server.received
    assert mail.recipients == ["ann1@example.com"]
    assert mail.message["Bcc"] is None
    assert "Bcc: victim" in mail.message["Subject"]


@pytest.mark.parametrize(
    ("at", "said", "after"),
    [
        ("at_recipient", "550 5.1.1 no such user", (EmailState.FAILED, "smtp_550")),
        ("at_recipient", "451 4.7.1 greylisted", (EmailState.PENDING, "smtp_451")),
        ("at_data", "554 5.7.1 spam", (EmailState.FAILED, "smtp_554")),
        ("at_data", "452 4.3.1 full", (EmailState.PENDING, "smtp_452")),
    ],
)
def test_what_the_server_says_of_one_mail_concerns_that_mail(
    mails: World, server: MailServer, at: str, said: str, after: tuple[int, str]
) -> None:
    getattr(server.script, at).append(said)
    post(mails, 1)
    post(mails, 2)
    mails.runtime.mailer.run()
    assert states(mails) == [after, (EmailState.SENT, "")]
    refused = mails.count("email_suppressions")
    assert refused == (1 if at == "at_recipient" and after[0] == EmailState.FAILED else 0)
    with mails.read() as scope:
        from ccmanage.core.pagination import PageRequest

        assert scope.email.page(PageRequest()).items[1].error == said.partition(" ")[2]


def test_what_is_put_off_again_and_again_fails_after_a_day(mails: World, server: MailServer) -> None:
    server.script.at_recipient = ["451 later"] * 100
    post(mails)
    start, pauses = mails.clock.now, []
    while mails.rows("emails")[0]["state"] == EmailState.PENDING:
        mails.runtime.mailer.run()
        row = mails.rows("emails")[0]
        if row["state"] == EmailState.PENDING:
            pauses.append(row["next_attempt_at"] - mails.clock.now)
            mails.clock.now = row["next_attempt_at"]
    assert states(mails) == [(EmailState.FAILED, "smtp_451")]
    assert GIVE_UP_MS <= mails.clock.now - start < GIVE_UP_MS * 1.2
    assert pauses == sorted(pauses), "each pause is at least as long as the one before"
    assert len(pauses) < 25, "no storm of tries"


def test_an_edited_template_that_cannot_be_used_is_passed_over_and_shown(mails: World, server: MailServer) -> None:
    with mails.scope() as scope:
        scope.email_templates.save("accounts.verify", "en", 0, "Subject: Ours\n\nGo: {{ link }}")
    post(mails, 1)
    mails.runtime.mailer.run()
    assert server.received[0].message["Subject"] == "Ours"
    assert mails.rows("emails")[0]["template_version"] == 1
    bomb = b"Subject: x\n\n{% for a in range(999999999) %}{% for b in range(999999999) %}x{% endfor %}{% endfor %}"
    with mails.scope() as scope:
        scope.session.connection().exec_driver_sql(
            f"UPDATE email_template_versions SET source = x'{bomb.hex()}' WHERE version = 1"
        )
    post(mails, 2)
    mails.runtime.mailer.run()
    assert server.received[1].message["Subject"] == "Confirm your mail address"
    assert mails.rows("emails")[1]["template_version"] == 0
    client = mails.client(mails.person("Boss", admin=True))
    assert client.get("/v1/admin/mail-system").json() == {
        "mode": "smtp", "sender": "robot@cc.example.com", "broken_templates": 1,
    }  # fmt: skip
    shown = client.get("/v1/admin/email-templates").json()["items"]
    assert [(one["name"], one["language"]) for one in shown if one["broken_at"]] == [("accounts.verify", "en")]


def test_without_a_mail_server_mails_wait(sqlite_world: World) -> None:
    """Except in the embedded mode, whose portal shows them."""
    post(sqlite_world)
    assert sqlite_world.runtime.mailer.run() is False
    assert states(sqlite_world) == [(EmailState.KEPT, "")]
    outside = World(sqlite_world.settings.database_url, embedded=False)
    try:
        post(outside, 2)
        assert outside.runtime.mailer.run() is False
        assert states(outside)[1] == (EmailState.PENDING, "")
    finally:
        outside.close()


def test_two_processes_never_send_the_same_mail(mails: World, server: MailServer) -> None:
    post(mails)
    with mails.scope() as scope:
        (claimed,) = scope.outgoing.claim(5, sending.LEASE_MS)
        assert list(scope.outgoing.claim(5, sending.LEASE_MS)) == []
    mails.runtime.mailer.run()
    assert server.received == []
    mails.clock.move(minutes=6)
    mails.runtime.mailer.run()
    assert len(server.received) == 1
    with mails.scope() as scope:
        from ccmanage.email.transport import Delivery, Verdict

        scope.outgoing.mark(claimed, Delivery(Verdict.REFUSED, "smtp_550"), failures=1, is_broken=False)
    assert states(mails) == [(EmailState.SENT, "")], "whoever lost the claim has nothing to say"


def test_a_mail_that_is_cancelled_on_its_way_stays_cancelled(mails: World, server: MailServer) -> None:
    post(mails)
    with mails.scope() as scope:
        scope.outgoing.claim(5, sending.LEASE_MS)
        scope.email.erase_person(0, "ann1@example.com")
    mails.clock.move(minutes=6)
    mails.runtime.mailer.run()
    assert server.received == []
    assert states(mails) == [(EmailState.CANCELLED, "")]
