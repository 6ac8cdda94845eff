"""What is posted is charged exactly once, and everything that a charge touches agrees."""

from __future__ import annotations

import pytest

from ccmanage.core.clock import DAY, to_rfc3339
from ccmanage.core.ids import KEY, encode_id
from ccmanage.core.money import NANO
from ccmanage.usage.inbox import NewBatch
from ccmanage.usage.models import EventFlag
from support.gateway import COST, Gateway, outcomes
from support.prices import add_flat_price
from support.world import World


@pytest.fixture
def gateway(world: World) -> Gateway:
    return Gateway.of(world)


def test_an_event_is_priced_charged_and_summed(world: World, gateway: Gateway) -> None:
    view = gateway.charge(gateway.event(project="site", session_id="s1"))
    assert outcomes(view) == ["inserted"]
    assert view.items[0].credits_nano == COST
    assert gateway.balance() == 100 * NANO - COST
    [entry] = world.rows("ledger", "kind = 2")
    assert (entry["amount_nano"], entry["balance_after_nano"]) == (-COST, 100 * NANO - COST)
    [rollup] = world.rows("rollups")
    assert (rollup["events"], rollup["input_tokens"], rollup["output_tokens"]) == (1, 1_000, 100)
    assert rollup["credits_nano"] == COST
    [whole] = world.rows("installation_rollups")
    assert whole["credits_nano"] == COST
    [event] = world.rows("events")
    assert bytes(event["session_label"]) == b"s1"
    assert bytes(world.rows("projects")[0]["label"]) == b"site"


def test_many_events_make_one_entry_a_workspace_and_grant(world: World, gateway: Gateway) -> None:
    gateway.post(*[gateway.event() for _ in range(30)])
    gateway.post(*[gateway.event() for _ in range(20)])
    gateway.settle()
    [entry] = world.rows("ledger", "kind = 2")
    assert entry["amount_nano"] == -50 * COST
    assert world.count("settlements") == 1


def test_the_same_event_again_is_a_duplicate(world: World, gateway: Gateway) -> None:
    event = gateway.event()
    gateway.charge(event)
    assert outcomes(gateway.charge(event)) == ["duplicate"]
    assert gateway.balance() == 100 * NANO - COST


def test_the_same_id_twice_in_a_post_is_charged_once(gateway: Gateway) -> None:
    event = gateway.event()
    other = {**event, "usage": {"input_tokens": 5}}
    view = gateway.charge(event, event, other)
    assert outcomes(view) == ["inserted", "duplicate", "conflict"]
    assert gateway.balance() == 100 * NANO - COST


def test_metadata_project_and_session_are_no_conflict(gateway: Gateway) -> None:
    event = gateway.event()
    gateway.charge(event)
    view = gateway.charge({**event, "metadata": {"request_id": "r"}, "project": "p", "session_id": "s"})
    assert outcomes(view) == ["duplicate"]


def test_another_payload_under_the_same_id_is_kept_in_quarantine(world: World, gateway: Gateway) -> None:
    event = gateway.event()
    gateway.charge(event)
    view = gateway.charge({**event, "usage": {"input_tokens": 999_999}})
    assert outcomes(view) == ["conflict"]
    assert view.items[0].code == "event.conflict"
    [row] = world.rows("quarantine")
    assert bytes(row["event_id"]).decode() == event["id"]
    assert gateway.balance() == 100 * NANO - COST


@pytest.mark.parametrize(("first", "second"), [("Ab", "aB"), ("Ab", "Ab "), ("é", "e\u0301"), ("ß", "ss")])
def test_ids_that_look_alike_are_different_events(gateway: Gateway, first: str, second: str) -> None:
    view = gateway.charge(gateway.event(id=first), gateway.event(id=second))
    assert outcomes(view) == ["inserted", "inserted"]
    assert [item.id for item in view.items] == [first, second]


def test_the_same_id_of_another_gateway_is_another_event(world: World, gateway: Gateway) -> None:
    event = gateway.event()
    gateway.charge(event)
    other = Gateway(world, gateway.person, gateway.api_key, id=world.gateway("second").gateway.id)
    assert outcomes(other.charge(event)) == ["inserted"]


def test_rejected_items_are_kept_and_do_not_block_their_neighbours(world: World, gateway: Gateway) -> None:
    bad = gateway.event(usage={"input_tokens": -1})
    view = gateway.charge(gateway.event(), bad, gateway.event())
    assert outcomes(view) == ["inserted", "quarantined", "inserted"]
    assert view.items[1].code == "event.tokens_negative"
    [row] = world.rows("quarantine")
    assert gateway.api_key not in str(row)


def test_a_post_without_events_is_settled(gateway: Gateway) -> None:
    view = gateway.charge()
    assert view.outcome is not None
    assert view.items == []


def test_an_unknown_key_is_quarantined_and_can_be_assigned(world: World, gateway: Gateway) -> None:
    event = gateway.event(api_key="ccm_unknown")
    view = gateway.charge(event)
    assert (outcomes(view), view.items[0].code) == (["quarantined"], "key.unknown")
    [row] = world.rows("quarantine")
    [key] = world.rows("api_keys")
    with world.scope() as scope:
        scope.quarantine.redrive(row["public_id"], key_id=key["public_id"])
    gateway.settle()
    assert gateway.balance() == 100 * NANO - COST
    # The gateway posts it again, still with the unknown key: it is the event that was charged.
    assert outcomes(gateway.charge(event)) == ["duplicate"]


def test_what_fails_again_after_a_redrive_is_open_again(world: World, gateway: Gateway) -> None:
    gateway.charge(gateway.event(api_key="ccm_unknown"))
    with world.scope() as scope:
        scope.quarantine.redrive(world.rows("quarantine")[0]["public_id"], key_id=None)
    gateway.settle()
    [row] = world.rows("quarantine")
    assert (row["state"], row["count"]) == (0, 2)


def test_repeating_nonsense_adds_no_rows(world: World, gateway: Gateway) -> None:
    bad = gateway.event(usage={"input_tokens": -1})
    for _ in range(3):
        gateway.charge(bad)
    [row] = world.rows("quarantine")
    assert row["count"] == 3


def test_a_key_id_does_as_well_as_the_key(world: World, gateway: Gateway) -> None:
    [key] = world.rows("api_keys")
    event = gateway.event(key_id=encode_id(KEY, key["public_id"]))
    del event["api_key"]
    assert outcomes(gateway.charge(event)) == ["inserted"]


def test_usage_of_a_revoked_key_is_charged_and_flagged(world: World, gateway: Gateway) -> None:
    before = gateway.event()
    world.clock.move(minutes=1)
    with world.scope() as scope:
        scope.session.connection().exec_driver_sql(
            f"UPDATE api_keys SET revoked_at = {world.clock.now_ms()}, state = 1"
        )
    world.clock.move(minutes=1)
    assert outcomes(gateway.charge(before, gateway.event())) == ["inserted", "inserted"]
    assert [row["flags"] for row in world.rows("events", "1=1 ORDER BY event_at")] == [0, EventFlag.KEY_REVOKED]
    assert gateway.balance() == 100 * NANO - 2 * COST


def test_settling_never_refuses_and_the_next_grant_repays(world: World) -> None:
    poor = Gateway.of(world, credits=None, name="Bob")
    poor.charge(poor.event())
    assert poor.balance() == -COST
    assert world.rows("balances", f"workspace_id = {poor.person.workspace.id}")[0]["debt_nano"] == COST
    world.grant(poor.person.workspace, "1")
    [grant] = world.rows("grants", f"workspace_id = {poor.person.workspace.id}")
    assert grant["remaining_nano"] == NANO - COST
    assert poor.balance() == NANO - COST


def test_an_expired_grant_never_burns_even_unswept(world: World, gateway: Gateway) -> None:
    now = world.clock.now_ms()
    world.grant(gateway.person.workspace, "5", expires_at=now + DAY, priority=1)
    world.clock.move(days=2)
    gateway.charge(gateway.event())
    assert gateway.balance() == 100 * NANO - COST
    kinds = [row["kind"] for row in world.rows("ledger", "1=1 ORDER BY seq")]
    assert kinds == [1, 1, 3, 2]


def test_a_scheduled_grant_burns_from_its_instant_on(world: World) -> None:
    gateway = Gateway.of(world, credits=None)
    world.grant(gateway.person.workspace, "5", effective_at=world.clock.now_ms() + DAY)
    assert gateway.balance() == 0
    world.clock.move(days=1)
    gateway.charge(gateway.event())
    assert gateway.balance() == 5 * NANO - COST


def test_an_unknown_model_is_kept_unpriced_and_charged_when_a_price_comes(world: World, gateway: Gateway) -> None:
    view = gateway.charge(gateway.event(model="house-model-1"), gateway.event())
    assert outcomes(view) == ["unpriced", "inserted"]
    assert view.outcome is not None
    assert (view.outcome.inserted, view.outcome.unpriced) == (2, 1)
    assert gateway.balance() == 100 * NANO - COST
    assert world.runtime.charge_late_prices() == 0
    add_flat_price(world, "house-model-1", world.clock.now_ms() - DAY, input="2", output="4")
    assert world.runtime.charge_late_prices() == 1
    assert world.runtime.charge_late_prices() == 0
    # 1,000 input at 2 and 100 output at 4 credits a million.
    assert gateway.balance() == 100 * NANO - COST - 2_400_000
    # What the batch was told does not change later.
    assert gateway.batch(view.batch.public_id).outcome.unpriced == 1  # type: ignore[union-attr]


def test_the_price_is_the_one_of_the_events_time(world: World, gateway: Gateway) -> None:
    now = world.clock.now_ms()
    add_flat_price(world, "house-*", now - 10 * DAY, input="2", output="4")
    add_flat_price(world, "house-*", now - DAY, input="20", output="40")
    old = gateway.event(model="house-1", time=to_rfc3339(now - 2 * DAY))
    new = gateway.event(model="house-1")
    view = gateway.charge(old, new)
    assert [item.credits_nano for item in view.items] == [2_400_000, 24_000_000]


def test_an_event_beyond_all_bounds_is_quarantined(world: World, gateway: Gateway) -> None:
    add_flat_price(world, "dear", world.clock.now_ms() - DAY, input="999999", output="1")
    view = gateway.charge(gateway.event(model="dear", usage={"input_tokens": 1_000_000_000}), gateway.event())
    assert outcomes(view) == ["quarantined", "inserted"]
    assert view.items[0].code == "event.cost_out_of_range"


def test_a_balance_at_its_bound_takes_no_more_and_others_go_on(world: World, gateway: Gateway) -> None:
    other = Gateway.of(world, name="Bob")
    low = -4 * 10**18 + COST
    number = gateway.person.workspace.id
    with world.scope() as scope:
        scope.session.connection().exec_driver_sql(
            f"UPDATE balances SET balance_nano = {low} WHERE workspace_id = {number}"
        )
    gateway.post(gateway.event(), gateway.event())
    public_id = other.post(other.event())
    gateway.settle()
    assert outcomes(other.batch(public_id)) == ["inserted"]
    assert {bytes(row["code"]) for row in world.rows("quarantine")} == {b"credits.balance_out_of_range"}
    with world.scope() as scope:
        scope.session.connection().exec_driver_sql(
            f"UPDATE balances SET balance_nano = {100 * NANO} WHERE workspace_id = {number}"
        )


def test_a_batch_that_cannot_be_read_is_quarantined_whole(gateway: Gateway) -> None:
    def spoil(batch: NewBatch) -> None:
        batch.payload = b"\xc1nonsense"

    broken = gateway.post(gateway.event(), gateway.event(), edit=spoil)
    whole = gateway.post(gateway.event())
    gateway.settle()
    assert outcomes(gateway.batch(broken)) == ["quarantined", "quarantined"]
    assert outcomes(gateway.batch(whole)) == ["inserted"]


def test_a_poison_event_is_found_and_the_rest_is_charged(
    world: World, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours on one row: bisected in memory, quarantined in the transaction that settles the others."""
    from ccmanage.usage import settlement

    real = settlement.write_plan

    def trip(connection, plan, settlement_id, now) -> None:  # type: ignore[no-untyped-def]
        if any(row[1] == b"poison" for row in plan.events):
            raise ValueError("this row cannot be written")
        real(connection, plan, settlement_id, now)

    monkeypatch.setattr(settlement, "write_plan", trip)
    events = [gateway.event() for _ in range(49)]
    events.insert(17, gateway.event(id="poison"))
    view = gateway.charge(*events)
    assert outcomes(view).count("inserted") == 49
    assert view.items[17].code == "event.poison"
    assert world.count("settlements") == 1
    assert gateway.balance() == 100 * NANO - 49 * COST


def test_a_key_tells_when_it_was_last_used(world: World, gateway: Gateway) -> None:
    event = gateway.event()
    gateway.charge(event)
    [key] = world.rows("api_keys")
    assert to_rfc3339(key["last_used_at"]) == event["time"]


def test_labels_beyond_the_cap_are_counted_together(world: World, gateway: Gateway, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from ccmanage.usage import lookup

    monkeypatch.setattr(lookup, "MAX_PROJECTS", 2)
    gateway.charge(*[gateway.event(project=name) for name in ("a", "b", "c", "d")])
    gateway.charge(gateway.event(project="e"))
    assert sorted(bytes(row["label"]) for row in world.rows("projects")) == [b"a", b"b", b"other"]
    [other] = world.rows("projects", f"label = x'{b'other'.hex()}'")
    assert sum(row["events"] for row in world.rows("rollups", f"project_id = {other['id']}")) == 3


def test_a_row_that_a_key_refuses_for_ever_is_poison_too(
    world: World, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unique violation is retried, because it may be a race; one that stays must not stop the lane."""
    from ccmanage.usage import settlement

    real = settlement.write_plan

    def twice(connection, plan, settlement_id, now) -> None:  # type: ignore[no-untyped-def]
        real(connection, plan, settlement_id, now)
        twins = [row for row in plan.events if row[1] == b"twin"]
        if twins:
            writing._EVENTS.run(connection, twins)

    from ccmanage.usage import writing

    monkeypatch.setattr(settlement, "write_plan", twice)
    view = gateway.charge(gateway.event(), gateway.event(id="twin"), gateway.event())
    assert outcomes(view) == ["inserted", "quarantined", "inserted"]
