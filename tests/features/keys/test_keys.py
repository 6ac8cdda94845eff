"""API keys: shown once, rotated with overlap, revoked for good, seen by those who may."""

import pytest
from sqlalchemy import event

from ccmanage.core.errors import InvalidInput
from ccmanage.core.ids import new_id
from ccmanage.core.pagination import PageRequest
from ccmanage.keys import service as keys
from ccmanage.keys.errors import KeyLimitReached, KeyNotActive, KeyNotFound
from ccmanage.keys.lookup import find_keys
from ccmanage.keys.service import Keyring
from ccmanage.workspaces.models import MemberRole
from support.world import World


def found(world: World, secret: str) -> object:
    with world.read() as scope:
        return find_keys(scope.session.connection(), [world.runtime.digester.digest(secret)])


def test_the_secret_is_stored_nowhere_and_shown_in_parts(world: World) -> None:
    issued = world.key(world.person("Ann"))
    dump = repr([world.rows(table) for table in ("api_keys", "api_key_secrets", "audit_log", "audit_details")])
    assert issued.secret not in dump
    assert issued.secret[8:40] not in dump
    assert issued.secret.startswith(issued.key.prefix)
    assert issued.secret.endswith(issued.key.last_four)


def test_secrets_differ_only_by_what_is_random(world: World) -> None:
    ann = world.person("Ann")
    secrets = {world.key(ann).secret for _ in range(20)}
    assert len(secrets) == 20
    assert {len(secret) for secret in secrets} == {46}


def test_a_page_takes_the_same_queries_however_long_it_is(world: World) -> None:
    ann = world.person("Ann")
    statements: list[str] = []
    event.listen(
        world.runtime.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]), named=False
    )

    def queries(limit: int) -> int:
        statements.clear()
        with world.read() as scope:
            page = scope.keys.page(Keyring(ann.workspace.id), PageRequest(limit))
            assert len(page.items) == limit
        return len(statements)

    for number in range(12):
        world.key(ann, f"key {number}")
    assert queries(2) == queries(12)


def test_keys_are_paged_newest_first(world: World) -> None:
    ann = world.person("Ann")
    for number in range(5):
        world.key(ann, f"key {number}")
    with world.read() as scope:
        first = scope.keys.page(Keyring(ann.workspace.id), PageRequest(3))
        rest = scope.keys.page(Keyring(ann.workspace.id), PageRequest(3, first.next_cursor))
    assert [key.name for key in [*first.items, *rest.items]] == [f"key {n}" for n in (4, 3, 2, 1, 0)]


def test_a_member_holds_only_own_keys_a_manager_all(world: World) -> None:
    ann, bob = world.person("Ann"), world.person("Bob")
    team = world.shared(ann)
    world.join(team, bob, MemberRole.MEMBER)
    hers, his = world.key(ann, "hers", workspace=team), world.key(bob, "his", workspace=team)
    own, whole = Keyring(team.id, bob.account.id), Keyring(team.id)
    with world.scope() as scope:
        assert [key.name for key in scope.keys.page(own, PageRequest()).items] == ["his"]
        assert [key.name for key in scope.keys.page(whole, PageRequest()).items] == ["his", "hers"]
        for deed in (
            lambda: scope.keys.get(own, hers.key.public_id),
            lambda: scope.keys.change(own, hers.key.public_id, name="mine"),
            lambda: scope.keys.rotate(own, hers.key.public_id, 0),
            lambda: scope.keys.revoke(own, hers.key.public_id),
            lambda: scope.keys.get(Keyring(bob.workspace.id), his.key.public_id),
        ):
            with pytest.raises(KeyNotFound):
                deed()
        assert scope.keys.revoke(own, his.key.public_id).state == "revoked"


def test_rotation_overlaps(world: World) -> None:
    ann = world.person("Ann")
    old = world.key(ann)
    with world.scope() as scope:
        new = scope.keys.rotate(Keyring(ann.workspace.id), old.key.public_id, 3600)
    assert new.key.id == old.key.id
    assert new.key.last_four == new.secret[-4:]
    assert new.key.rotating_until == world.clock.now + 3_600_000
    assert found(world, old.secret)
    assert found(world, new.secret)
    world.clock.move(hours=2)
    with world.read() as scope:
        assert scope.keys.get(Keyring(ann.workspace.id), old.key.public_id).rotating_until is None


def test_a_revoked_key_is_still_found_so_that_late_usage_is_charged(world: World) -> None:
    ann = world.person("Ann")
    issued = world.key(ann)
    for _ in range(2):
        with world.scope() as scope:
            assert scope.keys.revoke(Keyring(ann.workspace.id), issued.key.public_id).state == "revoked"
    assert found(world, issued.secret)
    assert world.count("audit_log", "action = 'keys.revoke'") == 1
    with world.scope() as scope, pytest.raises(KeyNotActive):
        scope.keys.rotate(Keyring(ann.workspace.id), issued.key.public_id, 0)


def test_expiry_is_set_moved_and_taken_away(world: World) -> None:
    ann = world.person("Ann")
    ring = Keyring(ann.workspace.id)
    with world.scope() as scope:
        issued = scope.keys.issue(ann.workspace.id, ann.account.id, "k", expires_at=world.clock.now + 1_000)
    world.clock.move(seconds=1)
    with world.scope() as scope:
        assert scope.keys.get(ring, issued.key.public_id).state == "expired"
        with pytest.raises(KeyNotActive):
            scope.keys.rotate(ring, issued.key.public_id, 0)
        assert scope.keys.change(ring, issued.key.public_id, name="renamed").expires_at is not None
        assert scope.keys.change(ring, issued.key.public_id, expires_at=None).state == "active"


@pytest.mark.parametrize("offset", [-1, 0, 4000 * 86_400_000])
def test_an_expiry_lies_ahead_within_reason(sqlite_world: World, offset: int) -> None:
    ann = sqlite_world.person("Ann")
    with sqlite_world.scope() as scope, pytest.raises(InvalidInput):
        scope.keys.issue(ann.workspace.id, ann.account.id, "k", expires_at=sqlite_world.clock.now + offset)


def test_active_keys_are_limited(sqlite_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MAX_ACTIVE_KEYS", 2)
    ann = sqlite_world.person("Ann")
    first = sqlite_world.key(ann)
    sqlite_world.key(ann)
    with pytest.raises(KeyLimitReached):
        sqlite_world.key(ann)
    with sqlite_world.scope() as scope:
        scope.keys.revoke(Keyring(ann.workspace.id), first.key.public_id)
    sqlite_world.key(ann)


def test_an_unknown_key_is_not_found(sqlite_world: World) -> None:
    with sqlite_world.read() as scope:
        with pytest.raises(KeyNotFound):
            scope.keys.get(Keyring(1), new_id())
        with pytest.raises(KeyNotFound):
            scope.keys.known(new_id())
