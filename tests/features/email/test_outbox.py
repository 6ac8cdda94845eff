"""The outbox: a row in the deed's transaction, once for each reason, encrypted, forgettable."""

from __future__ import annotations

from typing import Any

import pytest

from ccmanage.core.clock import DAY
from ccmanage.core.errors import DomainError
from ccmanage.core.pagination import PageRequest
from ccmanage.core.retaining import Taken
from ccmanage.email.catalogue import TEMPLATES
from ccmanage.email.models import EmailState, EmailSuppression
from ccmanage.email.service import Recipient
from ccmanage.email.tasks import SendMail
from support.world import World

ANN = Recipient("ann@example.com", name="Ann", user_id=7, language="zh", zone="Europe/Berlin")


def post(
    world: World, template: str = "accounts.verify", *, to: Recipient = ANN, key: str = "k1", **values: str
) -> bytes:
    with world.scope() as scope:
        given = {**TEMPLATES[template].samples, **values}
        return scope.email.post(template, to=to, values=given, dedupe_key=key)


def test_a_mail_is_written_with_the_deed_or_not_at_all(world: World) -> None:
    with pytest.raises(ZeroDivisionError), world.scope() as scope:  # noqa: PT012 - the deed is the block
        scope.email.post("workspaces.removed", to=ANN, values={"workspace": "Data"}, dedupe_key="k")
        raise ZeroDivisionError
    assert world.rows("emails") == []
    assert world.queue.take() == []
    post(world)
    assert world.queue.take() == [SendMail()]
    (row,) = world.rows("emails")
    assert (row["state"], row["language"], row["user_id"]) == (EmailState.PENDING, "zh", 7)
    assert row["message_id"].endswith("@localhost>")


def test_one_mail_for_one_reason(world: World) -> None:
    first, second, other = post(world), post(world), post(world, key="k2")
    assert first == second != other
    assert world.count("emails") == 2


def test_nothing_of_a_mail_can_be_read_in_the_database(world: World) -> None:
    post(world, link="https://cc.example.com/verify#t=secret-token")
    stored = str(world.rows("emails"))
    for word in ("ann@example.com", "secret-token", "Ann"):
        assert word not in stored
    with world.read() as scope:
        letter = scope.email.page(PageRequest()).items[0]
    assert (letter.address, letter.values["name"]) == ("ann@example.com", "Ann")
    assert letter.values["link"].endswith("secret-token")


def test_mails_are_found_by_the_exact_address(world: World) -> None:
    post(world)
    post(world, to=Recipient("eve@example.com"), key="k2")
    with world.read() as scope:
        found = scope.email.page(PageRequest(), address=" ANN@example.com").items
        assert [letter.address for letter in found] == ["ann@example.com"]
        assert scope.email.page(PageRequest(), address="example.com").items == []
        assert len(scope.email.page(PageRequest(), states=(EmailState.SENT,)).items) == 0
        assert len(scope.email.page(PageRequest(), template="accounts.verify").items) == 2


@pytest.mark.parametrize(
    "address",
    [
        "a@x.com, evil@y.com",
        "a@x.com\r\nBcc: evil@y.com",
        "a@x.com>",
        "Ann <a@x.com>",
        '"a b"@x.com',
        "a b@x.com",
        "a@x.com\x00",
        "@x.com",
        "a@",
        "a" * 65 + "@x.com",
        "a@" + "x" * 260,
    ],
)
def test_an_address_is_exactly_one(world: World, address: str) -> None:
    with pytest.raises(DomainError) as refused:
        post(world, to=Recipient(address))
    assert refused.value.code == "emails.bad_address"
    assert world.rows("emails") == []


def test_values_are_those_that_the_template_declares(world: World) -> None:
    with pytest.raises(ValueError, match="takes"), world.scope() as scope:
        scope.email.post("accounts.verify", to=ANN, values={"link": "x"}, dedupe_key="k")


def test_an_address_that_refused_mail_gets_none(world: World) -> None:
    with world.scope() as scope:
        index = scope.email.index(ANN.address)
        scope.session.add(EmailSuppression(address_index=index, error_code="smtp_550", email_id=1, at=1))
    world.queue.take()
    public_id = post(world)
    (row,) = world.rows("emails")
    assert (row["state"], row["error_code"]) == (EmailState.SUPPRESSED, "smtp_550")
    assert world.queue.take() == []
    with world.scope() as scope:
        scope.email.send_again(public_id)
    assert world.rows("emails")[0]["state"] == EmailState.PENDING
    assert world.rows("email_suppressions") == []


def test_notifications_can_be_stopped_and_service_mails_cannot(world: World) -> None:
    with world.scope() as scope:
        for template in ("alerts.threshold", "accounts.reset"):
            scope.email.want(ANN.address, template, wanted=False)
        assert scope.email.stopped(ANN.address) == ["alerts.threshold"]
    post(world, "alerts.threshold", key="a")
    post(world, "accounts.reset", key="b")
    post(world, "alerts.digest", key="c")
    states = [(row["template"], row["state"], row["error_code"]) for row in world.rows("emails")]
    assert states == [
        ("alerts.threshold", EmailState.SUPPRESSED, "opted_out"),
        ("accounts.reset", EmailState.PENDING, ""),
        ("alerts.digest", EmailState.PENDING, ""),
    ]
    with world.scope() as scope:
        scope.email.want(ANN.address, "alerts.threshold", wanted=True)
        assert scope.email.stopped(ANN.address) == []


def test_an_erased_person_gets_nothing_and_leaves_nothing(world: World) -> None:
    post(world)
    post(world, "alerts.threshold", key="k2")
    post(world, "accounts.invited", key="k3", to=Recipient(ANN.address))
    with world.scope() as scope:
        scope.email.want(ANN.address, "alerts.threshold", wanted=False)
        assert scope.email.erase_person(7, ANN.address) == 3
    for row in world.rows("emails"):
        assert row["state"] == EmailState.CANCELLED
        assert not any(row["address_index"])
        assert row["address_sealed"] == row["values_sealed"] == b""
    assert world.rows("email_opt_outs") == []
    with world.read() as scope:
        assert scope.email.page(PageRequest()).items[0].address == ""


def test_old_texts_are_forgotten_before_the_records(world: World) -> None:
    public_id = post(world)
    post(world, key="waits")
    with world.scope() as scope:
        row: Any = scope.email.get(public_id).row
        row.state = EmailState.SENT
    now = world.clock.move(days=31)
    with world.scope() as scope:
        assert scope.email.forget_bodies(now, 0) == Taken(1, now - 30 * DAY, more=False)
    with pytest.raises(DomainError) as refused, world.scope() as scope:
        scope.email.send_again(public_id)
    assert refused.value.code == "emails.body_forgotten"
    with world.scope() as scope:
        assert scope.email.forget(now, 0) == Taken(1, 0, more=False)
    assert [row["dedupe_key"] for row in world.rows("emails")] == [b"waits"], "what waits is not forgotten"
