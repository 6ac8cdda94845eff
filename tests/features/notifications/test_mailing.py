"""Mails about notifications: once each, never in quiet hours, together where they waited together."""

from __future__ import annotations

from typing import Any

import pytest

from ccmanage.accounts.values import ProfileChange
from ccmanage.adapters.outbound import OutboundClient
from ccmanage.core.clock import DAY
from ccmanage.core.money import NANO
from ccmanage.core.outbound import OutboundPolicy
from ccmanage.email.layout import Frame
from ccmanage.email.press import print_mail
from ccmanage.email.shipped import shipped_source
from ccmanage.notifications import rules
from ccmanage.notifications.catalogue import KINDS
from ccmanage.notifications.lists import Wishes
from ccmanage.notifications.mail_texts import words_of
from ccmanage.notifications.models import DigestKind, ThresholdKind
from ccmanage.notifications.service import Asker, NewThreshold
from ccmanage.notifications.tasks import WatchInstallation
from ccmanage.notifications.webhook_models import WebhookState
from ccmanage.notifications.webhooks import NewWebhook
from support.gateway import Gateway
from support.plans import gateway_for, spend
from support.receiver import receiving
from support.world import Person, World
from workers.registry import perform


@pytest.fixture
def ann(world: World) -> Person:
    ann = world.person("Ann")
    world.grant(ann.workspace, "100")
    return ann


def wish(world: World, person: Person, **wishes: Any) -> None:
    with world.scope() as scope:
        scope.notifications.wish(scope.accounts.by_number(person.account.id), Wishes(**wishes))


def thresholds(world: World, person: Person, *values: int, by_mail: bool = True) -> None:
    with world.scope() as scope:
        asker = Asker(person.workspace.id, person.account.id, True)
        for value in values:
            scope.thresholds.create(asker, NewThreshold(ThresholdKind.AMOUNT_LEFT, value * NANO, by_mail=by_mail))


def mails(world: World) -> list[tuple[str, dict[str, str]]]:
    """Tell and write all mails that are due; return all that were written."""
    while world.runtime.run(lambda scope: scope.teller.tell()):
        pass
    while world.runtime.run(lambda scope: scope.notification_mails.send_due()):
        pass
    with world.read() as scope:
        letters = scope.email.letters_of(world.rows("users", "1=1 ORDER BY id")[0]["id"])
    return [(letter.row.template, dict(letter.values)) for letter in letters]


def test_an_alert_is_written_at_once_and_once(world: World, ann: Person) -> None:
    thresholds(world, ann, 50)
    spend(gateway_for(world, ann), 60)
    [(template, values)] = mails(world)
    assert template == "alerts.threshold"
    assert (values["alert"], values["value"]) == ("50 credits left", "40 credits left")
    assert len(mails(world)) == 1


def test_in_the_reader_s_language(world: World, ann: Person) -> None:
    with world.scope() as scope:
        scope.accounts.update_profile(ann.account.id, ProfileChange(locale="zh"))
    thresholds(world, ann, 50)
    spend(gateway_for(world, ann), 60)
    [(_template, values)] = mails(world)
    assert values["alert"] == "剩余 50 积分"


def test_without_mail_if_nobody_wants_it(world: World, ann: Person) -> None:
    thresholds(world, ann, 50, by_mail=False)
    thresholds(world, ann, 40)
    wish(world, ann, mails=False)
    spend(gateway_for(world, ann), 60)
    assert mails(world) == []
    assert world.count("notifications", "mail_state <> 0") == 0


def test_quiet_hours_hold_it_back_and_what_waited_comes_together(world: World, ann: Person) -> None:
    wish(world, ann, quiet_from=6 * 60, quiet_to=9 * 60)  # it is seven o'clock
    thresholds(world, ann, 50, 40)
    gateway = gateway_for(world, ann)
    spend(gateway, 55)
    spend(gateway, 10)
    assert mails(world) == []
    world.clock.move(hours=2)
    [(template, values)] = mails(world)
    assert (template, values["count"]) == ("alerts.digest", "2")
    assert "50 credits left" in values["lines"]
    assert len(mails(world)) == 1


def test_a_daily_summary_comes_at_its_hour(world: World, ann: Person) -> None:
    wish(world, ann, digest=DigestKind.DAILY, digest_at=18 * 60)
    thresholds(world, ann, 50, 40, 30)
    spend(gateway_for(world, ann), 80)
    assert mails(world) == []
    world.clock.move(hours=11)
    [(template, values)] = mails(world)
    assert (template, values["count"]) == ("alerts.digest", "3")


def test_something_of_the_installation_is_written_to_administrators_as_such(world: World) -> None:
    boss = world.person("Boss", admin=True)
    gateway = Gateway.of(world)
    gateway.charge(*[gateway.event(api_key="ccm_" + f"{n:042d}") for n in range(10)])
    perform(world.runtime, WatchInstallation())
    [(template, values)] = mails(world)
    assert (template, values["workspace"]) == ("alerts.threshold", "")
    printed = print_mail(template, shipped_source(template, "en"), values, Frame("Firma", "https://cc", "en"))
    assert printed.subject == "Firma: The quarantine grows"
    assert "because you are an administrator of Firma" in printed.text
    assert "workspace" not in printed.text
    assert boss.account.id


def test_a_webhook_that_failed_for_days_is_switched_off_and_a_mail_says_so(world: World, ann: Person) -> None:
    with receiving() as receiver:
        receiver.status = 500
        world.runtime.outbound_policy = OutboundPolicy([receiver.host])
        world.runtime.sender = OutboundClient(world.runtime.outbound_policy, seconds=2)
        with world.scope() as scope:
            scope.webhooks.create(ann.workspace.id, ann.account.id, NewWebhook("To the chat", receiver.url))
        started = world.clock.now
        world.key(ann)
        days = 0
        while world.rows("webhooks")[0]["state"] == WebhookState.ACTIVE:
            assert mails(world) == [], "failing is no news yet"
            world.runtime.deliverer.run()
            world.clock.move(hours=12)
            world.key(ann)  # there is always something new to tell
            days = (world.clock.now - started) // DAY
            assert days < 10
        assert days == rules.DISABLE_AFTER_MS // DAY
        posts = len(receiver.posts)
        [(template, values)] = mails(world)
        assert template == "webhooks.disabled"
        assert (values["webhook"], values["workspace"]) == ("To the chat", ann.workspace.name)
        assert int(values["failures"]) == world.count("webhook_attempts") > 9
        assert values["link"].endswith("/webhooks")
        world.key(ann)
        world.clock.move(days=1)
        assert len(mails(world)) == 1
        world.runtime.deliverer.run()
        assert len(receiver.posts) == posts, "it is left in peace"


def test_wishes_that_change_move_what_waits(world: World, ann: Person) -> None:
    wish(world, ann, digest=DigestKind.WEEKLY)
    thresholds(world, ann, 50)
    spend(gateway_for(world, ann), 60)
    assert mails(world) == []
    wish(world, ann)
    assert len(mails(world)) == 1


def test_a_worker_that_dies_while_writing_writes_nothing(world: World, ann: Person) -> None:
    thresholds(world, ann, 50)
    spend(gateway_for(world, ann), 60)
    world.runtime.run(lambda scope: scope.teller.tell())

    class Killed(BaseException):
        pass

    def die() -> None:
        with world.scope() as scope:
            scope.notification_mails.send_due()
            raise Killed

    with pytest.raises(Killed):
        die()
    assert world.count("emails") == 0
    assert len(mails(world)) == 1


@pytest.mark.parametrize("language", ["en", "zh", "xx"])
@pytest.mark.parametrize("kind", sorted(name for name, kind in KINDS.items() if kind.mails))
def test_every_kind_that_is_mailed_has_words(kind: str, language: str) -> None:
    words = words_of(kind, {"threshold": "run_out", "value": "3", "models": ["a", "b"], "name": "x"}, language)
    assert words.title != kind
    assert "{" not in words.title + words.limit + words.value
    assert words.line
