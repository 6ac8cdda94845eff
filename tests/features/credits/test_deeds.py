"""What an administrator does to credits that were given: expire, void, reverse. Nothing is changed, all is added."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ccmanage.core.clock import DAY
from ccmanage.core.errors import InvalidInput
from ccmanage.core.money import NANO
from ccmanage.credits.errors import EntryNotFound, GrantIsOver, GrantNotFound, NotReversible, ReversedAlready
from ccmanage.credits.models import EntryKind, GrantState
from ccmanage.credits.service import NewGrant
from support.books import assert_books_clean
from support.gateway import COST, Gateway
from support.plans import assign, balance, publish, renew
from support.world import World


@pytest.fixture(autouse=True)
def books(world: World) -> Iterator[None]:
    """Prove the books after each deed."""
    yield
    assert_books_clean(world.runtime.database, world.clock)


def give(world: World, workspace_id: int, credits: int, **options: int) -> bytes:
    with world.scope() as scope:
        return scope.credits.grant(workspace_id, NewGrant(credits * NANO, **options), "for the test").public_id  # type: ignore[arg-type]


def reverse(world: World, workspace_id: int, seq: int, expires_at: int = 0) -> list[tuple[EntryKind, int, int]]:
    with world.scope() as scope:
        written = scope.credits.reverse(workspace_id, seq, "a mistake", expires_at)
        return [(EntryKind(one.kind), one.amount_nano, one.ref_id) for one in written]


def last(world: World, workspace_id: int) -> int:
    return max(row["seq"] for row in world.rows("ledger", f"workspace_id = {workspace_id}"))


def test_a_grant_expires_at_once_with_an_entry_and_a_reason(world: World) -> None:
    ann = world.person("Ann").workspace
    grant = give(world, ann.id, 10)
    with world.scope() as scope:
        row = scope.credits.expire(ann.id, grant, "the project is over")
        assert (row.state, row.remaining_nano) == (GrantState.EXPIRED, 0)
    assert balance(world, ann) == (0, 0)
    assert world.rows("ledger", "1=1 ORDER BY seq")[-1]["kind"] == EntryKind.EXPIRY
    assert world.count("audit_log", "action = 'credits.expire'") == 1
    with world.scope() as scope, pytest.raises(GrantIsOver):
        scope.credits.expire(ann.id, grant, "again")
    bob = world.person("Bob").workspace
    with world.scope() as scope, pytest.raises(GrantNotFound):
        scope.credits.expire(bob.id, grant, "of somebody else")


def test_a_grant_that_has_not_started_expires_without_an_entry(world: World) -> None:
    ann = world.person("Ann").workspace
    grant = give(world, ann.id, 10, effective_at=world.clock.now + DAY)
    with world.scope() as scope:
        assert scope.credits.expire(ann.id, grant, "not needed").state == GrantState.EXPIRED
    assert world.count("ledger") == 0


def test_an_allowance_that_was_expired_by_hand_leaves_nothing_for_its_renewal(world: World) -> None:
    ann = world.person("Ann")
    view = assign(world, ann.workspace, publish(world))
    with world.scope() as scope:
        [grant] = scope.credits.standing(ann.workspace.id).grants
        scope.credits.expire(ann.workspace.id, grant.public_id, "paused by hand")
    world.clock.now = view.standing.period_end_at
    renew(world)
    assert balance(world, ann.workspace) == (100 * NANO, 0)


def test_a_grant_that_was_spent_in_part_is_taken_back_whole(world: World) -> None:
    gateway = Gateway.of(world, credits="1")
    gateway.charge(gateway.event())
    workspace = gateway.person.workspace
    assert reverse(world, workspace.id, 1) == [(EntryKind.REVERSAL, COST - NANO, 1), (EntryKind.REVERSAL, -COST, 1)]
    assert balance(world, workspace) == (-COST, COST)
    with pytest.raises(ReversedAlready):
        reverse(world, workspace.id, 1)
    assert world.count("audit_log", "action = 'credits.reverse'") == 1


def test_other_grants_pay_for_what_was_spent_of_a_reversed_one(world: World) -> None:
    gateway = Gateway.of(world, credits="1")
    gateway.charge(gateway.event())
    workspace = gateway.person.workspace
    give(world, workspace.id, 5)
    reverse(world, workspace.id, 1)
    assert balance(world, workspace) == (5 * NANO - COST, 0)


def test_usage_that_was_charged_wrongly_comes_back_and_ends_with_its_grant(world: World) -> None:
    gateway = Gateway.of(world, credits=None)
    workspace, end = gateway.person.workspace, world.clock.now + 9 * DAY
    give(world, workspace.id, 1, expires_at=end)
    gateway.charge(gateway.event())
    assert reverse(world, workspace.id, 2) == [(EntryKind.REVERSAL, COST, 2)]
    assert balance(world, workspace) == (NANO, 0)
    grants = world.rows("grants", "1=1 ORDER BY id")
    assert [(row["amount_nano"], row["expires_at"]) for row in grants] == [(NANO, end), (COST, end)]


def test_what_is_given_back_repays_debt_first(world: World) -> None:
    gateway = Gateway.of(world, credits=None)
    gateway.charge(gateway.event())
    gateway.charge(gateway.event())
    workspace = gateway.person.workspace
    assert balance(world, workspace) == (-2 * COST, 2 * COST)
    reverse(world, workspace.id, 1)
    assert balance(world, workspace) == (-COST, COST)


def test_a_void_is_reversed_with_an_end_of_ones_own(world: World) -> None:
    ann = world.person("Ann").workspace
    grant = give(world, ann.id, 3)
    with world.scope() as scope:
        scope.credits.void(ann.id, grant, "too soon")
    with pytest.raises(InvalidInput):
        reverse(world, ann.id, 2, world.clock.now)
    reverse(world, ann.id, 2, world.clock.now + DAY)
    assert balance(world, ann) == (3 * NANO, 0)
    world.clock.move(days=2)
    with world.scope() as scope:
        scope.credits.turn_due()
    assert balance(world, ann) == (0, 0)


def test_pairs_and_reversals_are_not_reversed_and_nothing_is_nothing(world: World) -> None:
    gateway = Gateway.of(world, credits=None)
    gateway.charge(gateway.event())
    workspace = gateway.person.workspace
    give(world, workspace.id, 1)
    for seq in (3, 4):
        with pytest.raises(NotReversible):
            reverse(world, workspace.id, seq)
    reverse(world, workspace.id, 1)
    with pytest.raises(NotReversible):
        reverse(world, workspace.id, last(world, workspace.id))
    with pytest.raises(EntryNotFound):
        reverse(world, workspace.id, 99)


def test_over_http_with_a_reason(world: World) -> None:
    ann, client = world.person("Ann"), world.client(world.person("Boss", admin=True))
    address = f"/v1/admin/workspaces/{ann.workspace_id}"
    first = client.post(f"{address}/grants", json={"credits": "2", "reason": "hello"}).json()
    gone = client.post(f"{address}/grants/{first['id']}/expire", json={"reason": "over"})
    assert (gone.status_code, gone.json()["state"]) == (200, "expired")
    answer = client.post(f"{address}/ledger/2/reverse", json={"reason": "not over after all"})
    assert answer.status_code == 200, answer.text
    [entry] = answer.json()["items"]
    assert (entry["kind"], entry["amount"]) == ("reversal", "2")
    assert entry["reference"] == {"kind": "entry", "id": "2"}
    again = client.post(f"{address}/ledger/2/reverse", json={"reason": "again"})
    assert (again.status_code, again.json()["code"]) == (409, "ledger.reversed_already")
    assert client.post(f"{address}/ledger/1/reverse", json={"reason": ""}).status_code == 422
