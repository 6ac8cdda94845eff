"""Retention: what is older than the settings allow goes, step by step, and the books still prove what is left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import REGISTRY

from ccmanage.accounts.models import Role
from ccmanage.accounts.tasks import ForgetStale
from ccmanage.accounts.values import NewAccount
from ccmanage.audit.tasks import SealAudit
from ccmanage.bootstrap.retaining import days_of, marks_of
from ccmanage.core.clock import DAY
from ccmanage.core.errors import DomainError
from ccmanage.core.retaining import Taken
from ccmanage.email.catalogue import TEMPLATES
from ccmanage.email.service import Recipient
from ccmanage.email.tasks import SendMail
from ccmanage.privacy.retention import Retainer, Rule
from ccmanage.privacy.tasks import ApplyRetention, BuildExports, EraseDue
from ccmanage.settings import retention
from ccmanage.settings.service import Change
from ccmanage.usage.retention import UsageRetention
from support.books import assert_books_clean, audit_in_chunks
from support.gateway import Gateway, outcomes
from support.lived import WAITING_MODEL, Lived, live
from support.prices import add_flat_price
from support.world import World
from workers.registry import perform


def apply(world: World) -> None:
    perform(world.runtime, ApplyRetention())


def audit(world: World) -> None:
    """Audit as the timetable does: retention takes only what an audit has proven."""
    report = assert_books_clean(world.runtime.database, world.clock)
    with world.scope() as scope:
        scope.books.store(report)


def keep(world: World, **days: int) -> None:
    """Set for how many days kinds of data are kept."""
    with world.scope() as scope:
        scope.settings.change([Change(f"retention.{name}_days", value, 0) for name, value in days.items()])


def sums(world: World) -> list[list[dict[str, Any]]]:
    """Return what must not change whatever retention takes."""
    rollups = [{**row, "sealed": 0} for row in world.rows("rollups")]
    tables = ("ledger", "grants", "balances", "settlements", "installation_rollups")
    return [rollups, *(world.rows(table) for table in tables)]


@pytest.fixture
def old(world: World) -> Lived:
    """An installation to which everything happened, four hundred days ago, and something yesterday."""
    lived = live(world)
    lived.ann.settle()
    world.clock.move(days=400)
    lived.ann.charge(lived.ann.event(project="fresh"))
    world.clock.move(days=1)
    return lived


def test_old_calls_go_and_the_books_still_prove(world: World, old: Lived) -> None:
    audit(world)
    before, calls = sums(world), world.count("events")
    unpriced = world.count("events", "settlement_id = 0")
    apply(world)
    # What was charged yesterday, and what waits for a price for ever.
    assert world.count("events", "settlement_id > 0") == 1
    assert world.count("events", "settlement_id = 0") == unpriced > 0
    assert world.count("archived_event_keys") == calls - 1 - unpriced
    assert sums(world) == before
    assert world.count("rollups", "sealed = 0") >= 1
    report = assert_books_clean(world.runtime.database, world.clock)
    assert report.checked["events"] == sum(row["events"] for row in world.rows("settlements"))
    assert audit_in_chunks(world.runtime.database, world.clock, 3).is_clean
    # Whoever goes on from the last audit finds nothing either.
    assert audit_in_chunks(world.runtime.database, world.clock, 2, full=False).is_clean


def test_an_id_that_went_is_never_charged_again(world: World) -> None:
    ann = Gateway.of(world)
    event = ann.event()
    ann.charge(event)
    world.clock.move(days=397)
    audit(world)
    apply(world)
    assert world.count("events") == 0
    balance = ann.balance()
    again = {**event, "time": ann.event()["time"]}
    assert outcomes(ann.charge(again)) == ["conflict"]
    assert (ann.balance(), world.count("events")) == (balance, 0)
    assert_books_clean(world.runtime.database, world.clock)


def test_a_price_that_comes_late_adds_to_sums_that_stand_on_their_own(world: World, old: Lived) -> None:
    audit(world)
    apply(world)
    add_flat_price(world, WAITING_MODEL, world.clock.now_ms() - 500 * DAY, input="1", output="1")
    assert world.runtime.charge_late_prices() >= 1
    assert_books_clean(world.runtime.database, world.clock)


def test_what_no_audit_has_proven_stays(world: World, old: Lived) -> None:
    calls = world.count("events")
    apply(world)
    assert world.count("events") == calls
    assert world.count("batch_outcomes", "outcomes IS NOT NULL") == world.count("batch_outcomes")
    audit(world)
    apply(world)
    assert world.count("events") < calls


def test_each_step_is_a_few_settlements_and_goes_on_where_the_last_ended(
    world: World, old: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit(world)
    monkeypatch.setattr("ccmanage.usage.retention._EVENTS", 1)
    steps = 0

    def should_stop() -> bool:
        nonlocal steps
        steps += 1
        return steps > 12

    # As a worker that is stopped again and again: whoever comes next goes on.
    runs = 1
    while world.runtime.retainer.run(should_stop=should_stop):
        assert audit_in_chunks(world.runtime.database, world.clock, 5).is_clean
        runs, steps = runs + 1, 0
    assert runs > 2
    [mark] = world.rows("retention_marks", "name = 'events'")
    assert mark["removed"] == world.count("archived_event_keys") > 0
    assert world.count("events", "settlement_id > 0") == 1
    assert_books_clean(world.runtime.database, world.clock)


def test_a_step_that_fails_leaves_all_of_it_and_stops_no_other(
    world: World, old: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit(world)
    calls = world.count("events")

    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("ccmanage.usage.retention.seal_rollups", breaks)
        apply(world)
    assert (world.count("events"), world.count("archived_event_keys")) == (calls, 0)
    assert world.count("quarantine", "body IS NOT NULL") == 0
    assert_books_clean(world.runtime.database, world.clock)
    apply(world)
    assert world.count("events") < calls


def test_posts_are_forgotten_item_by_item_and_their_counts_stay(world: World) -> None:
    ann = Gateway.of(world)
    first = ann.charge(ann.event(), ann.event(api_key="ccm_" + "x" * 40))
    world.clock.move(days=29)
    audit(world)
    apply(world)
    assert len(ann.batch(first.batch.public_id).items) == 2
    world.clock.move(days=2)
    waits = ann.post(ann.event())
    audit(world)
    apply(world)
    view = ann.batch(first.batch.public_id)
    assert view.outcome is not None
    assert (view.items, view.outcome.inserted, view.outcome.quarantined) == ([], 1, 1)
    [row] = world.rows("quarantine")
    assert (row["body"], bytes(row["detail"]), row["count"]) == (None, b"", 1)
    with pytest.raises(DomainError, match="cannot be posted anew"), world.scope() as scope:
        scope.quarantine.redrive(bytes(row["public_id"]), key_id=None)
    ann.settle()
    assert len(ann.batch(waits).items) == 1
    assert_books_clean(world.runtime.database, world.clock)


def test_what_is_posted_again_can_be_dealt_with_again(world: World) -> None:
    ann = Gateway.of(world)
    event = ann.event(api_key="ccm_" + "x" * 40)
    ann.charge(event)
    world.clock.move(days=31)
    apply(world)
    ann.charge(event)
    [row] = world.rows("quarantine")
    assert row["body"]
    assert row["count"] == 2
    world.clock.move(days=31)
    apply(world)
    assert world.rows("quarantine")[0]["body"] is None


def test_the_log_is_cut_at_a_seal_and_still_proves(world: World) -> None:
    for _ in range(3):
        world.gateway("g")
        perform(world.runtime, SealAudit())
        world.clock.move(days=300)
    keep(world, audit=500)
    perform(world.runtime, SealAudit())
    apply(world)
    assert [bool(row["cut_at"]) for row in world.rows("audit_seals", "1=1 ORDER BY id")] == [True, True, False, False]
    assert world.count("audit_details") == world.count("audit_log") == 2
    assert_books_clean(world.runtime.database, world.clock)


def test_mails_lose_their_text_and_then_go(world: World) -> None:
    to, template = Recipient("ann@example.com", name="Ann"), "accounts.verify"
    with world.scope() as scope:
        scope.email.post(template, to=to, values=TEMPLATES[template].samples, dedupe_key="k1")
    perform(world.runtime, SendMail())
    world.clock.move(days=31)
    apply(world)
    [mail] = world.rows("emails")
    # Without a mail server it waits: what waits keeps its text.
    is_over = mail["state"] not in (0, 1)
    assert is_over == world.is_sqlite
    with world.scope() as scope:
        scope.email.get(bytes(mail["public_id"])).row.state = 3
    apply(world)
    [mail] = world.rows("emails")
    assert (bytes(mail["address_sealed"]), bytes(mail["values_sealed"])) == (b"", b"")
    world.clock.move(days=334)
    apply(world)
    assert world.count("emails") == 1
    world.clock.move(days=1)
    apply(world)
    assert world.count("emails") == 0
    assert_books_clean(world.runtime.database, world.clock)


def test_sign_ins_and_answers_go_by_their_setting(world: World) -> None:
    ann = world.person("Ann")
    browser = world.browser(ann)
    browser.post("/v1/keys", json={"name": "laptop"}, headers={"Idempotency-Key": "one-of-a-kind"})
    browser.post("/v1/me/privacy/export")
    perform(world.runtime, BuildExports())
    world.clock.move(days=91)
    perform(world.runtime, BuildExports())
    perform(world.runtime, ForgetStale())
    apply(world)
    assert world.count("idempotency_records") == 0
    assert (world.count("sessions"), world.count("data_exports")) == (1, 0)
    keep(world, sign_ins=10)
    perform(world.runtime, ForgetStale())
    assert world.count("sessions") == 0


def test_accounts_that_nobody_confirmed_end(world: World) -> None:
    ann = world.person("Ann")
    new = NewAccount(email="never@example.com", name="Never", password_hash=None, role=Role.USER, is_verified=False)
    with world.scope() as scope:
        never = scope.accounts.create(new)
        boss = scope.accounts.create(replace(new, email="boss@example.com", role=Role.ADMIN))
    world.clock.move(days=29)
    apply(world)
    assert world.count("erasures") == 0
    world.clock.move(days=2)
    apply(world)
    apply(world)
    assert [row["user_id"] for row in world.rows("erasures")] == [never.id]
    perform(world.runtime, EraseDue())
    states = {row["id"]: row["state"] for row in world.rows("users")}
    erased = {number for number, state in states.items() if state == states[never.id]}
    assert erased == {never.id}
    assert not erased & {ann.account.id, boss.id}
    with world.scope() as scope:
        assert scope.accounts.find_by_email("never@example.com") is None
    assert_books_clean(world.runtime.database, world.clock)


def test_it_tells_what_went(world: World, old: Lived) -> None:
    def removed(kind: str) -> float:
        return REGISTRY.get_sample_value("ccmanage_retention_removed_total", {"kind": kind}) or 0.0

    audit(world)
    before = removed("events")
    apply(world)
    [mark] = world.rows("retention_marks", "name = 'events'")
    assert removed("events") - before == mark["removed"] == world.count("archived_event_keys")


def test_one_kind_does_not_keep_another_waiting(world: World) -> None:
    order: list[str] = []

    def step(name: str, left: int) -> Rule[Any]:
        def take(_scope: Any, _before: int, mark: int) -> Taken:
            order.append(name)
            return Taken(1, mark + 1, more=mark + 1 < left)

        return Rule(name, retention.EVENTS, take)

    retainer = Retainer(world.scope, [step("long", 3), step("short", 1)], world.clock, days_of, marks_of)
    assert retainer.run() is False
    assert order == ["long", "short", "long", "long"]


def test_nothing_is_taken_from_an_empty_installation(world: World) -> None:
    with world.scope() as scope:
        assert UsageRetention(scope.session).take_events(1, 0, 100) == Taken(0, 0, more=False)
    apply(world)
    assert world.count("retention_marks", "removed <> 0") == 0
