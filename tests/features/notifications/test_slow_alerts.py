"""What only the timetable finds: run-outs, expensive days, and what administrators must know."""

from __future__ import annotations

import threading

from ccmanage.core.money import NANO
from ccmanage.core.outbound import OutboundPolicy
from ccmanage.core.pagination import PageRequest
from ccmanage.notifications.models import ThresholdKind
from ccmanage.notifications.service import Asker, NewThreshold
from ccmanage.notifications.tasks import FindSlowAlerts, WatchInstallation
from ccmanage.notifications.webhooks import NewWebhook
from ccmanage.packages.rules import Period, PeriodKind
from support.gateway import Gateway
from support.plans import gateway_for, renew, spend, subscribed
from support.world import Person, World
from workers.registry import perform

RUN_OUT, DAILY = ThresholdKind.RUN_OUT, ThresholdKind.SPEND_PER_DAY


def set_threshold(world: World, person: Person, kind: ThresholdKind, value: int, zone: str = "UTC") -> None:
    with world.scope() as scope:
        asker = Asker(person.workspace.id, person.account.id, True, zone)
        scope.thresholds.create(asker, NewThreshold(kind, value))


def look(world: World) -> int:
    perform(world.runtime, FindSlowAlerts())
    return world.count("alerts")


class TestRunOut:
    def test_it_fires_once_and_again_only_after_credits_came(self, world: World) -> None:
        ann = world.person()
        world.grant(ann.workspace, "100")
        gateway = gateway_for(world, ann)
        set_threshold(world, ann, RUN_OUT, 5)
        assert look(world) == 0
        spend(gateway, 35)  # 5 a day over a week: 65 last for 13 days
        assert look(world) == 0
        spend(gateway, 35)  # 10 a day: 30 last for 3
        assert look(world) == 1
        assert look(world) == 1
        [alert] = world.rows("alerts")
        assert (alert["found_nano"], alert["runs_out_at"]) == (30 * NANO, world.clock.now + 3 * 86_400_000)
        world.grant(ann.workspace, "1")
        assert look(world) == 2

    def test_a_reset_that_comes_first_keeps_it_silent(self, world: World) -> None:
        ann, _view = subscribed(world, allowance_nano=100 * NANO, period=Period(PeriodKind.DAY, 1))
        gateway = gateway_for(world, ann)
        set_threshold(world, ann, RUN_OUT, 30)
        spend(gateway, 70)  # lasts for three days, but tomorrow there is more
        assert look(world) == 0
        spend(gateway, 29)
        assert look(world) == 1

    def test_two_workers_claim_it_once(self, mysql_world: World) -> None:
        world = mysql_world
        ann = world.person()
        world.grant(ann.workspace, "100")
        gateway = gateway_for(world, ann)
        for days in range(5, 15):
            set_threshold(world, ann, RUN_OUT, days)
        spend(gateway, 80)
        barrier = threading.Barrier(4)

        def work() -> None:
            barrier.wait()
            look(world)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert look(world) == 10


class TestDays:
    def test_once_a_day_of_the_reader_s_zone(self, world: World) -> None:
        ann = world.person()
        world.grant(ann.workspace, "100")
        gateway = gateway_for(world, ann)
        set_threshold(world, ann, DAILY, 10 * NANO, "Asia/Shanghai")
        spend(gateway, 9)
        assert look(world) == 0
        spend(gateway, 1)
        assert look(world) == 1
        spend(gateway, 5)
        assert look(world) == 1
        world.clock.move(hours=10)  # another day in Shanghai, the same in London
        assert look(world) == 1
        spend(gateway, 10)
        assert look(world) == 2


class TestInstallation:
    def told(self, world: World, boss: Person) -> list[str]:
        perform(world.runtime, WatchInstallation())
        while world.runtime.run(lambda scope: scope.teller.tell()):
            pass
        with world.read() as scope:
            lines = scope.notifications.page(boss.account.id, PageRequest()).items
        return sorted(bytes(line.happening.kind).decode() for line in lines)

    def test_a_gateway_that_falls_silent_is_told_once_a_silence(self, world: World) -> None:
        boss = world.person("Boss", admin=True)
        gateway = Gateway.of(world)
        gateway.charge(gateway.event())
        assert self.told(world, boss) == []
        world.clock.move(hours=2)
        assert self.told(world, boss) == ["gateway.silent"]
        assert self.told(world, boss) == ["gateway.silent"]
        gateway.charge(gateway.event())
        assert self.told(world, boss) == ["gateway.silent"]
        world.clock.move(hours=2)
        assert self.told(world, boss) == ["gateway.silent"] * 2

    def test_models_without_a_price(self, world: World) -> None:
        boss = world.person("Boss", admin=True)
        gateway = Gateway.of(world)
        gateway.charge(gateway.event(model="nobody-knows"))
        assert self.told(world, boss) == ["prices.missing"]
        assert self.told(world, boss) == ["prices.missing"]

    def test_a_quarantine_that_grows(self, world: World) -> None:
        boss = world.person("Boss", admin=True)
        gateway = Gateway.of(world)
        gateway.charge(*[gateway.event(api_key="ccm_" + f"{n:042d}") for n in range(9)])
        assert self.told(world, boss) == []
        gateway.charge(gateway.event(api_key="ccm_" + "9" * 42))
        assert self.told(world, boss) == ["quarantine.grown"]

    def test_an_inbox_that_is_not_settled(self, world: World) -> None:
        boss = world.person("Boss", admin=True)
        gateway = Gateway.of(world)
        gateway.post(gateway.event())
        world.clock.move(minutes=6)
        assert self.told(world, boss) == ["inbox.delayed"]
        gateway.settle()
        assert self.told(world, boss) == ["inbox.delayed"]


def test_subscriptions_are_told_as_they_turn(world: World) -> None:
    ann, _view = subscribed(world, allowance_nano=100 * NANO, period=Period(PeriodKind.DAY, 1))
    kinds = lambda: [bytes(row["kind"]).decode() for row in world.rows("happenings", "1=1 ORDER BY id")]  # noqa: E731
    assert kinds() == ["subscription.started"]
    world.clock.move(days=1)
    renew(world)
    assert kinds() == ["subscription.started"]  # renewals are told to webhooks only, and there is none
    world.runtime.outbound_policy = OutboundPolicy(["localhost:1"])
    with world.scope() as scope:
        scope.webhooks.create(ann.workspace.id, ann.account.id, NewWebhook("robot", "http://localhost:1/"))
    world.clock.move(days=1)
    renew(world)
    assert kinds() == ["subscription.started", "subscription.renewed"]
