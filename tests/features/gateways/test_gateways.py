"""Gateways: their tokens open exactly what they shall, for exactly as long."""

import pytest

from ccmanage.core.errors import InvalidInput
from ccmanage.core.ids import new_id
from ccmanage.core.pagination import PageRequest
from ccmanage.core.security import new_secret
from ccmanage.gateways.errors import GatewayNotFound, GatewayRevoked, TokenRefused
from ccmanage.gateways.models import GatewayState
from ccmanage.gateways.service import GatewayIdentity
from support.world import World


def authenticate(world: World, token: str) -> GatewayIdentity:
    with world.read() as scope:
        return scope.gateways.authenticate(token)


def refused(world: World, token: str) -> bool:
    try:
        authenticate(world, token)
    except TokenRefused:
        return True
    return False


def test_a_token_tells_which_gateway_speaks(world: World) -> None:
    issued = world.gateway("proxy", scopes=["usage:write"])
    identity = authenticate(world, issued.token)
    assert (identity.id, identity.scopes) == (issued.gateway.id, frozenset({"usage:write"}))


def test_the_token_is_stored_nowhere(world: World) -> None:
    issued = world.gateway()
    dump = repr([world.rows(table) for table in ("gateways", "gateway_tokens", "audit_log", "audit_details")])
    assert issued.token not in dump
    assert issued.token[4:40] not in dump


@pytest.mark.parametrize(
    "forge",
    [
        lambda _: "",
        lambda token: token[:-1],
        lambda token: token.swapcase(),
        lambda token: token + " ",
        lambda token: "ccm_" + token[4:],
        lambda _: new_secret("ccg_"),
        lambda _: "' OR '1'='1",
        lambda _: "ccg_" + "%" * 42,
        lambda _: "ccg_" + "ä" * 42,
    ],
)
def test_other_texts_are_refused(world: World, forge) -> None:  # type: ignore[no-untyped-def]
    assert refused(world, forge(world.gateway().token))


def test_rotation_overlaps_and_then_the_old_token_ends(world: World) -> None:
    old = world.gateway()
    with world.scope() as scope:
        new = scope.gateways.rotate(old.gateway.public_id, 3600)
    assert new.gateway.rotating_until == world.clock.now + 3_600_000
    assert new.gateway.last_four == new.token[-4:]
    assert not refused(world, old.token)
    assert not refused(world, new.token)
    world.clock.move(hours=1)
    assert refused(world, old.token)
    assert not refused(world, new.token)
    with world.read() as scope:
        assert scope.gateways.get(old.gateway.public_id).rotating_until is None


def test_rotation_without_overlap_ends_the_old_token_at_once(world: World) -> None:
    old = world.gateway()
    with world.scope() as scope:
        scope.gateways.rotate(old.gateway.public_id, 0)
    assert refused(world, old.token)


def test_a_second_rotation_does_not_prolong_the_first_token(world: World) -> None:
    first = world.gateway()
    with world.scope() as scope:
        scope.gateways.rotate(first.gateway.public_id, 60)
    with world.scope() as scope:
        scope.gateways.rotate(first.gateway.public_id, 3600)
    world.clock.move(minutes=1)
    assert refused(world, first.token)


def test_revocation_is_final(world: World) -> None:
    issued = world.gateway()
    for _ in range(2):
        with world.scope() as scope:
            assert scope.gateways.revoke(issued.gateway.public_id).state is GatewayState.REVOKED
    assert refused(world, issued.token)
    with world.scope() as scope, pytest.raises(GatewayRevoked):
        scope.gateways.rotate(issued.gateway.public_id, 0)
    assert world.count("audit_log", "action = 'gateways.revoke'") == 1


@pytest.mark.parametrize("scopes", [[], ["usage:read"], ["usage:write", "everything"]])
def test_unknown_scopes_are_refused(sqlite_world: World, scopes: list[str]) -> None:
    with sqlite_world.scope() as scope, pytest.raises(InvalidInput):
        scope.gateways.create("proxy", scopes)


@pytest.mark.parametrize("seconds", [-1, 604_801])
def test_an_overlap_is_at_most_a_week(sqlite_world: World, seconds: int) -> None:
    issued = sqlite_world.gateway()
    with sqlite_world.scope() as scope, pytest.raises(InvalidInput):
        scope.gateways.rotate(issued.gateway.public_id, seconds)


def test_gateways_are_paged_and_unknown_ones_not_found(world: World) -> None:
    for number in range(3):
        world.gateway(f"g{number}")
    with world.read() as scope:
        first = scope.gateways.page(PageRequest(2))
        rest = scope.gateways.page(PageRequest(2, first.next_cursor))
        assert [view.name for view in [*first.items, *rest.items]] == ["g2", "g1", "g0"]
        with pytest.raises(GatewayNotFound):
            scope.gateways.get(new_id())
