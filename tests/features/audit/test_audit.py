"""The audit log: the row is there exactly if the deed is; its details can be erased."""

import hashlib

import pytest
from sqlalchemy import text

from ccmanage.audit.asking import LogFilter
from ccmanage.audit.service import Actor
from ccmanage.core.pagination import PageRequest
from support.world import World


def test_a_deed_and_its_row_share_a_fate(world: World) -> None:
    def fail_after_the_deed() -> None:
        with world.scope() as scope:
            scope.gateways.create("proxy")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_the_deed()
    assert world.count("gateways") == world.count("audit_log") == world.count("audit_details") == 0


def test_the_actor_and_the_request_are_recorded(world: World) -> None:
    boss = world.person("Boss", admin=True)
    with world.runtime.scope(Actor(boss.account.id, "req-12345678", "192.0.2.7")) as scope:
        scope.gateways.create("proxy")
    with world.read() as scope:
        recorded = scope.audit.page(PageRequest(1)).items[0]
    assert recorded.entry.actor_user_id == boss.account.id
    assert recorded.entry.request_id == "req-12345678"
    assert recorded.details["address"] == "192.0.2.7"
    assert recorded.details["after"]["name"] == "proxy"


def test_details_are_encrypted_and_committed_to(world: World) -> None:
    world.gateway("very secret name")
    entry, detail = world.rows("audit_log")[-1], world.rows("audit_details")[-1]
    assert b"very secret name" not in detail["sealed"]
    plain = world.runtime.ring.decrypt(detail["sealed"], f"audit_details:{entry['public_id'].hex()}")
    assert hashlib.sha256(plain.encode()).digest() == entry["commitment"]


def test_an_erased_entry_still_lists(world: World) -> None:
    world.gateway()
    with world.scope() as scope:
        scope.session.execute(text("DELETE FROM audit_details"))
    with world.read() as scope:
        assert scope.audit.page(PageRequest()).items[0].details == {}


def test_the_log_is_filtered_and_paged(world: World) -> None:
    boss = world.person("Boss", admin=True)
    for number in range(3):
        with world.runtime.scope(Actor(boss.account.id)) as scope:
            scope.gateways.create(f"g{number}")
    world.gateway("by the system")
    with world.read() as scope:
        log = scope.audit
        mine = log.page(PageRequest(2), LogFilter(actor_user_id=boss.account.id))
        rest = log.page(PageRequest(2, mine.next_cursor), LogFilter(actor_user_id=boss.account.id))
        assert len(mine.items) + len(rest.items) == 3
        assert len(log.page(PageRequest(), LogFilter(action="gateways.create")).items) == 4
        assert log.page(PageRequest(), LogFilter(action="nothing.such")).items == []
