"""Thresholds that a balance crosses: found in the transaction that moves it, told exactly once a period."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import event

from ccmanage.core.money import NANO
from ccmanage.notifications.errors import SharedNeedsManager, ThresholdExists, ThresholdNotFound
from ccmanage.notifications.models import Threshold, ThresholdKind
from ccmanage.notifications.rules import ALL_CROSSED, NOBODY
from ccmanage.notifications.service import Asker, NewThreshold, ThresholdChange
from ccmanage.packages.rules import Period, PeriodKind
from ccmanage.workspaces.models import MemberRole
from support.plans import assert_clean, gateway_for, publish, renew, spend, subscribed
from support.world import Person, World

AMOUNT, PERCENT = ThresholdKind.AMOUNT_LEFT, ThresholdKind.PERCENT_LEFT


def asker(person: Person, *, manages: bool = True) -> Asker:
    return Asker(person.workspace.id, person.account.id, manages)


def set_threshold(world: World, person: Person, kind: ThresholdKind, value: int, **options: bool) -> Threshold:
    with world.scope() as scope:
        return scope.thresholds.create(asker(person), NewThreshold(kind, value, **options))


def column(world: World, person: Person) -> int:
    [row] = world.rows("balances", f"workspace_id = {person.workspace.id}")
    return int(row["threshold_nano"])


def tell(world: World) -> None:
    while world.runtime.run(lambda scope: scope.teller.tell()):
        pass


def fired(world: World) -> list[tuple[int, int, int]]:
    rows = world.rows("alerts", "1=1 ORDER BY id")
    return [(row["kind"], row["value"], row["period"]) for row in rows]


class TestAmounts:
    def test_settlement_claims_what_it_crosses_once(self, world: World) -> None:
        ann = world.person()
        world.grant(ann.workspace, "100")
        gateway = gateway_for(world, ann)
        for value in (50, 20, 10):
            set_threshold(world, ann, AMOUNT, value * NANO)
        assert column(world, ann) == 50 * NANO
        spend(gateway, 49)
        assert fired(world) == []
        spend(gateway, 1)
        assert fired(world) == [(AMOUNT, 50 * NANO, 1)]
        assert column(world, ann) == 20 * NANO
        spend(gateway, 45)  # both at once
        assert fired(world)[1:] == [(AMOUNT, 20 * NANO, 1), (AMOUNT, 10 * NANO, 1)]
        assert column(world, ann) == ALL_CROSSED
        spend(gateway, 5)
        assert len(fired(world)) == 3
        assert_clean(world)

    def test_a_top_up_arms_it_again(self, world: World) -> None:
        ann = world.person()
        world.grant(ann.workspace, "30")
        gateway = gateway_for(world, ann)
        set_threshold(world, ann, AMOUNT, 10 * NANO)
        spend(gateway, 25)
        world.grant(ann.workspace, "1")
        assert column(world, ann) == ALL_CROSSED
        world.grant(ann.workspace, "20")
        assert column(world, ann) == 10 * NANO
        spend(gateway, 20)
        assert fired(world) == [(AMOUNT, 10 * NANO, 1), (AMOUNT, 10 * NANO, 2)]

    def test_credits_that_expire_cross_it_too(self, world: World) -> None:
        ann = world.person()
        world.grant(ann.workspace, "30", expires_at=world.clock.now_ms() + 60_000)
        set_threshold(world, ann, AMOUNT, 10 * NANO)
        world.clock.move(minutes=2)
        with world.scope() as scope:
            scope.credits.turn_due()
        assert fired(world) == [(AMOUNT, 10 * NANO, 1)]

    def test_below_it_already_it_waits_for_credits(self, world: World) -> None:
        ann = world.person()
        world.grant(ann.workspace, "5")
        gateway = gateway_for(world, ann)
        assert not set_threshold(world, ann, AMOUNT, 10 * NANO).armed
        spend(gateway, 2)
        assert fired(world) == []

    def test_changed_and_removed(self, world: World) -> None:
        ann = world.person()
        world.grant(ann.workspace, "100")
        row = set_threshold(world, ann, AMOUNT, 50 * NANO)
        with world.scope() as scope:
            scope.thresholds.change(asker(ann), row.public_id, ThresholdChange(value=20 * NANO))
        assert column(world, ann) == 20 * NANO
        with world.scope() as scope:
            scope.thresholds.remove(asker(ann), row.public_id)
        assert column(world, ann) == NOBODY

    def test_the_same_twice_and_another_s(self, world: World) -> None:
        ann, eve = world.person("Ann"), world.person("Eve")
        row = set_threshold(world, ann, AMOUNT, NANO)
        with pytest.raises(ThresholdExists):
            set_threshold(world, ann, AMOUNT, NANO)
        with pytest.raises(ThresholdNotFound), world.scope() as scope:
            scope.thresholds.remove(asker(eve), row.public_id)

    def test_nobody_who_wants_nothing_costs_a_statement(self, world: World) -> None:
        ann = world.person()
        world.grant(ann.workspace, "100")
        gateway = gateway_for(world, ann)
        spend(gateway, 1)
        seen: list[str] = []

        def note(_c: object, _k: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        event.listen(world.runtime.database.engine, "before_cursor_execute", note)
        spend(gateway, 1)
        assert seen
        assert not [text for text in seen if "alert" in text]


class TestPercents:
    def test_they_follow_the_subscription_s_grant(self, world: World) -> None:
        ann, _view = subscribed(world, allowance_nano=100 * NANO, period=Period(PeriodKind.DAY, 1))
        gateway = gateway_for(world, ann)
        set_threshold(world, ann, PERCENT, 20)
        assert column(world, ann) == 20 * NANO
        spend(gateway, 80)
        assert fired(world) == [(PERCENT, 20, 1)]
        world.clock.move(days=1)
        renew(world)
        assert column(world, ann) == 20 * NANO
        spend(gateway, 85)
        assert fired(world) == [(PERCENT, 20, 1), (PERCENT, 20, 2)]
        assert_clean(world)

    def test_a_change_of_plan_converts_them(self, world: World) -> None:
        ann, view = subscribed(world, allowance_nano=100 * NANO, period=Period(PeriodKind.DAY, 1))
        set_threshold(world, ann, PERCENT, 50)
        bigger = publish(world, name="Bigger", allowance_nano=1_000 * NANO, period=Period(PeriodKind.DAY, 1))
        with world.scope() as scope:
            [row] = world.rows("subscriptions")
            scope.session.connection().exec_driver_sql(
                f"UPDATE subscriptions SET pending_version_id = {bigger.version.id} WHERE id = {row['id']}"
            )
        world.clock.move(days=1)
        renew(world)
        assert column(world, ann) == 500 * NANO
        assert view.version.terms.allowance_nano == 100 * NANO


class TestTelling:
    def test_shared_ones_are_told_to_managers_own_ones_to_oneself(self, world: World) -> None:
        ann, ben, eva = world.person("Ann"), world.person("Ben"), world.person("Eva")
        team = world.shared(ann)
        world.join(team, ben, MemberRole.MANAGER)
        world.join(team, eva, MemberRole.VIEWER)
        world.grant(team, "100")
        with world.scope() as scope:
            scope.thresholds.create(Asker(team.id, ann.account.id, True), NewThreshold(AMOUNT, 50 * NANO, shared=True))
            scope.thresholds.create(Asker(team.id, eva.account.id, False), NewThreshold(AMOUNT, 50 * NANO))
        with pytest.raises(SharedNeedsManager), world.scope() as scope:
            scope.thresholds.create(Asker(team.id, eva.account.id, False), NewThreshold(AMOUNT, NANO, shared=True))
        issued = world.key(ann, workspace=team)
        gateway = gateway_for(world, ann)
        gateway.api_key = issued.secret
        spend(gateway, 60)
        tell(world)
        tell(world)  # a second time changes nothing
        told = {row["id"]: [] for row in world.rows("happenings") if bytes(row["kind"]) == b"alert.fired"}
        for row in world.rows("notifications", "1=1 ORDER BY user_id"):
            if row["happening_id"] in told:
                told[row["happening_id"]].append(row["user_id"])
        assert sorted(told.values()) == sorted([[ann.account.id, ben.account.id], [eva.account.id]])

    def test_two_workers_at_once_tell_each_once(self, mysql_world: World) -> None:
        world = mysql_world
        ann = world.person()
        world.grant(ann.workspace, "100")
        gateway = gateway_for(world, ann)
        for value in range(1, 11):
            set_threshold(world, ann, AMOUNT, value * NANO)
        spend(gateway, 100)
        assert world.count("alerts") == 10
        barrier = threading.Barrier(4)

        def work() -> None:
            barrier.wait()
            for _ in range(3):
                tell(world)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert world.count("happenings", "kind = 'alert.fired'") == 10
        pairs = [(row["user_id"], row["happening_id"]) for row in world.rows("notifications")]
        assert len(set(pairs)) == len(pairs)
        assert world.count("happenings", "state = 0") == 0

    def test_a_worker_killed_while_telling_tells_nothing_and_the_next_one_all(self, world: World) -> None:
        ann = world.person()
        world.grant(ann.workspace, "100")
        gateway = gateway_for(world, ann)
        set_threshold(world, ann, AMOUNT, 50 * NANO)
        spend(gateway, 60)
        tell(world)
        before = world.count("notifications")
        spend(gateway, 1)

        class Killed(BaseException):
            pass

        def die() -> None:
            with world.scope() as scope:
                scope.teller.tell()
                raise Killed

        set_threshold(world, ann, AMOUNT, 30 * NANO)
        spend(gateway, 10)
        with pytest.raises(Killed):
            die()
        assert world.count("notifications") == before
        tell(world)
        tell(world)
        assert world.count("notifications") == before + 1
