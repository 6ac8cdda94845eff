"""An installation to which everything has happened that moves the books, in little time."""

from __future__ import annotations

from dataclasses import dataclass

from ccmanage.core.clock import DAY, HOUR
from ccmanage.core.money import parse_credits
from ccmanage.credits.models import Grant, Origin
from ccmanage.credits.service import NewGrant
from support.gateway import Gateway
from support.prices import add_flat_price
from support.world import World

CACHED = {
    "input_tokens": 10,
    "output_tokens": 500,
    "cache_read_input_tokens": 20_000,
    "cache_creation_input_tokens": 3_000,
    "cache_creation": {"ephemeral_5m_input_tokens": 1_000, "ephemeral_1h_input_tokens": 2_000},
    "server_tool_use": {"web_search_requests": 2},
}
LATE_MODEL = "mystery-1"
WAITING_MODEL = "mystery-2"


@dataclass(frozen=True)
class Lived:
    """The installation and its two gateways; Ann's has credits, Bob's makes debts."""

    world: World
    ann: Gateway
    bob: Gateway


def live(world: World) -> Lived:
    """Let everything happen."""
    ann = Gateway.of(world, credits="0.02")
    bob = Gateway.of(world, credits=None, name="Bob")
    lived = Lived(world, ann, bob)
    _spend(lived)
    _post_what_is_wrong(lived)
    _price_late(lived)
    _let_grants_go(lived)
    for number in range(3):
        world.clock.move(hours=7)
        bob.post(bob.event(project=f"project-{number}"), bob.event(status="error"))
        ann.charge(ann.event(usage=CACHED, project="site"))
    ann.post(ann.event())
    return lived


def _spend(lived: Lived) -> None:
    """Burn grants in order, fall into debt, repay it."""
    world, ann, bob = lived.world, lived.ann, lived.bob
    soon = world.clock.now_ms() + HOUR
    world.grant(ann.person.workspace, "0.01", origin=Origin.SUBSCRIPTION, expires_at=soon)
    ann.post(*[ann.event() for _ in range(6)])
    bob.post(*[bob.event() for _ in range(3)])
    ann.settle()
    ann.charge(*[ann.event() for _ in range(4)])
    world.clock.move(minutes=20)
    world.grant(ann.person.workspace, "5")
    world.grant(bob.person.workspace, "0.001")
    ann.charge(ann.event(), ann.event(usage=CACHED))


def _post_what_is_wrong(lived: Lived) -> None:
    """Duplicates, conflicts, rejections, unknown keys, one of which is posted anew, and nothing at all."""
    world, ann, bob = lived.world, lived.ann, lived.bob
    event = ann.event()
    ann.charge(event, event)
    ann.charge(event, {**event, "usage": {"input_tokens": 7}})
    ann.charge(ann.event(model=None), ann.event(), ann.event(usage={"input_tokens": -1}))
    ann.charge(ann.event(api_key="ccm_" + "x" * 40))
    bob.charge(bob.event(api_key="ccm_" + "y" * 40), bob.event())
    ann.charge()
    unknown = [row for row in world.rows("quarantine") if bytes(row["code"]) == b"key.unknown"]
    [row] = [row for row in unknown if row["gateway_id"] == ann.id]
    [key] = world.rows("api_keys", f"id = {ann.key_id}")
    with world.scope() as scope:
        scope.quarantine.redrive(bytes(row["public_id"]), key_id=bytes(key["public_id"]))
    ann.settle()


def _price_late(lived: Lived) -> None:
    """Events without a price, of which some get theirs."""
    world, ann, bob = lived.world, lived.ann, lived.bob
    ann.charge(ann.event(model=LATE_MODEL), ann.event(), ann.event(model=WAITING_MODEL))
    bob.charge(*[bob.event(model=LATE_MODEL, project="late") for _ in range(3)])
    add_flat_price(world, LATE_MODEL, world.clock.now_ms() - DAY, input="2", output="8")
    assert world.runtime.charge_late_prices() == 4


def _let_grants_go(lived: Lived) -> None:
    """Grants that expire, wait for their time, are taken away before and after it."""
    world, ann = lived.world, lived.ann
    now = world.clock.now_ms()
    workspace = ann.person.workspace.id

    def grant(credits: str, **options: int) -> Grant:
        with world.scope() as scope:
            return scope.credits.grant(workspace, NewGrant(parse_credits(credits), **options), "for the test")

    grant("1", expires_at=now + HOUR)
    grant("2", effective_at=now + HOUR // 2)
    grant("3", effective_at=now + 30 * DAY)
    for public_id in (grant("4").public_id, grant("5", effective_at=now + DAY).public_id):
        with world.scope() as scope:
            scope.credits.void(workspace, public_id, "for the test")
    world.clock.move(hours=2)
    with world.scope() as scope:
        assert scope.credits.turn_due() == 1
