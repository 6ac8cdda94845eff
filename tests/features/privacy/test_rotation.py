"""All that is encrypted comes under the first key, while everything goes on; then the old key may go."""

from __future__ import annotations

from ccmanage.core.crypto import KeyRing, decode_secret
from ccmanage.privacy.rotation import rotate, waiting
from support.world import World

NEW = "n" * 40


def test_everything_is_rewrapped_and_reads_the_same(world: World) -> None:
    ann = world.person("Ann")
    world.client(ann, address="198.51.100.7").put("/v1/me/privacy/consents/product_news", json={"given": True})
    old = [decode_secret(secret) for secret in world.settings.encryption_keys]
    ring = KeyRing([decode_secret(NEW), *old])
    with world.read() as scope:
        before = waiting(scope.session, ring)
    assert {"users", "sessions", "audit_details", "consents"} <= set(before)
    done = {one.table: one for one in rotate(world.scope, ring)}
    assert all(not one.unreadable for one in done.values())
    assert done["users"].rewrapped == 2
    with world.read() as scope:
        assert waiting(scope.session, ring) == {}
    assert sum(one.reindexed for one in done.values()) > 0
    only_new = KeyRing([decode_secret(NEW)])
    [user] = world.rows("users")
    assert only_new.decrypt(user["email_sealed"], f"users.email:{user['public_id'].hex()}") == "ann@example.com"
    assert sum(one.rewrapped for one in rotate(world.scope, ring)) == 0


def test_a_key_that_was_taken_away_too_early_is_told(world: World) -> None:
    world.person("Ann")
    ring = KeyRing([decode_secret(NEW)])
    done = {one.table: one for one in rotate(world.scope, ring)}
    assert done["users"].unreadable == 2
    assert done["users"].rewrapped == 0
