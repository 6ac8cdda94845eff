"""Permission to spend under load: races for the last credits, revocations, noisy keys, Redis away (55, 58, 59)."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from ccmanage.core.ids import KEY, decode_id, encode_id
from ccmanage.keys.limits import OwnLimits
from ccmanage.keys.service import Keyring
from ccmanage.packages.limits import KeyLimits, Window
from support.stack import Stack, Tenant
from support.stack_admin import Admin
from support.stack_posts import send
from support.stack_process import until

pytestmark = [pytest.mark.faults, pytest.mark.mysql, pytest.mark.redis]

SEEN_SECONDS = 2.0
VERIFY = "/v1/keys/verify"
MODEL = "claude-sonnet-4-5"
TERMS = {"allowance": "5", "period": {"kind": "month"}}


def ask(stack: Stack, tenant: Tenant, path: str, body: dict[str, Any], *, api: int = 0) -> tuple[int, dict[str, Any]]:
    """Ask as the gateway; returns status and answer."""
    headers = {"Authorization": f"Bearer {tenant.token}", "Content-Type": "application/json"}
    answer = send(stack.apis[api].port, path, json.dumps(body).encode(), headers)
    assert answer.status, answer.error
    return answer.status, json.loads(answer.body)


def code(stack: Stack, tenant: Tenant, key: str, *, api: int = 0, **more: Any) -> str:
    """Return what a process says of a key."""
    status, found = ask(stack, tenant, VERIFY, {"api_key": key, **more}, api=api)
    assert status == 200, (status, found)
    return str(found["code"])


def key_of(stack: Stack, tenant: Tenant, place: int = 0) -> str:
    """Return the outside id of a key of the tenant."""
    query = f"SELECT HEX(public_id) FROM api_keys WHERE workspace_id = {tenant.workspaces[place]}"
    return encode_id(KEY, bytes.fromhex(str(stack.scalar(query))))


def publish(admin: Admin, name: str, **key_limits: Any) -> dict[str, Any]:
    """Publish a package over HTTP."""
    body = {"name": name, "terms": {**TERMS, "key_limits": key_limits}}
    drafted = admin.do("/v1/admin/packages", body, 201)
    return admin.do(f"/v1/admin/packages/{drafted['id']}/publish", {"revision": drafted["revision"]}, 200)


def both_see(stack: Stack, tenant: Tenant, wanted: str) -> None:
    """Wait until both processes answer so; from then on they keep to it."""
    began = time.monotonic()

    def seen(api: int) -> bool:
        return code(stack, tenant, tenant.keys[0], api=api, model=MODEL) == wanted

    for api in (0, 1):
        until(partial(seen, api), SEEN_SECONDS, f"{wanted} is seen")
    assert time.monotonic() - began < SEEN_SECONDS
    assert [seen(api) for api in (0, 1)] == [True, True]


def test_row_58_of_a_thousand_holds_for_one_call_exactly_one_succeeds(stack: Stack) -> None:
    tenant = stack.tenant(credits="1")
    body = {"api_key": tenant.keys[0], "credits": "1", "ttl_seconds": 600}

    def once(number: int) -> tuple[int, str]:
        for _ in range(50):
            status, found = ask(stack, tenant, "/v1/holds", body, api=number % 2)
            if status != 503:  # too many at once for the places that there are: nothing was done
                return status, str(found.get("code", ""))
            time.sleep(0.05)
        raise AssertionError("never answered")

    with ThreadPoolExecutor(64) as pool:
        answers = Counter(pool.map(once, range(1_000)))
    assert answers == {(201, ""): 1, (402, "hold.insufficient_credits"): 999}
    assert stack.scalar(f"SELECT COUNT(*) FROM holds WHERE workspace_id = {tenant.workspaces[0]}") == 1


def test_row_59_a_revoked_key_is_refused_by_all_processes(stack: Stack, tenant: Tenant) -> None:
    key = tenant.keys[0]
    # Both processes believe it, as late as they can.
    assert [code(stack, tenant, key, api=api) for api in (0, 1)] == ["VALID", "VALID"]
    with stack.runtime.scope() as scope:
        scope.keys.revoke(Keyring(tenant.workspaces[0]), decode_id(KEY, key_of(stack, tenant)))
    began = time.monotonic()
    for api in (0, 1):
        until(lambda api=api: code(stack, tenant, key, api=api) == "REVOKED", SEEN_SECONDS, "it is refused")
    assert time.monotonic() - began < SEEN_SECONDS


def test_row_59_so_is_that_of_a_workspace_that_is_suspended(stack: Stack, tenant: Tenant) -> None:
    key = tenant.keys[0]
    assert [code(stack, tenant, key, api=api) for api in (0, 1)] == ["VALID", "VALID"]
    with stack.admin() as connection, connection.cursor() as cursor:
        cursor.execute(f"UPDATE workspaces SET state = 1 WHERE id = {tenant.workspaces[0]}")
    wanted = "WORKSPACE_SUSPENDED"
    for api in (0, 1):
        until(lambda api=api: code(stack, tenant, key, api=api) == wanted, SEEN_SECONDS, "it is refused")


def test_row_55_a_noisy_key_meets_its_limit_and_others_do_not_notice(stack: Stack) -> None:
    tenant = stack.tenant(workspaces=2)
    noisy, quiet = tenant.keys
    limits = OwnLimits(KeyLimits(requests={Window.DAY: 100}))
    with stack.runtime.scope() as scope:
        scope.key_limits.set(Keyring(tenant.workspaces[0]), decode_id(KEY, key_of(stack, tenant)), limits)

    def shout(number: int) -> str:
        return code(stack, tenant, noisy, api=number % 2)

    def whisper(number: int) -> float:
        began = time.monotonic()
        assert code(stack, tenant, quiet, api=number % 2) == "VALID"
        return time.monotonic() - began

    with ThreadPoolExecutor(12) as pool:
        shouting = [pool.submit(shout, number) for number in range(2_000)]
        whispers = sorted(map(whisper, range(100)))
        answers = Counter(future.result() for future in shouting)
    # Counted over both processes, to the last one.
    assert answers == {"VALID": 100, "RATE_LIMITED": 1_900}
    assert whispers[98] < 1.0, whispers[-3:]


def test_without_redis_verify_counts_by_itself(stack: Stack, tenant: Tenant) -> None:
    limits = OwnLimits(KeyLimits(requests={Window.DAY: 3}, concurrency=2))
    with stack.runtime.scope() as scope:
        scope.key_limits.set(Keyring(tenant.workspaces[0]), decode_id(KEY, key_of(stack, tenant)), limits)
    stack.redis.pause()
    try:
        answers = [ask(stack, tenant, VERIFY, {"api_key": tenant.keys[0]})[1] for _ in range(3)]
    finally:
        stack.redis.resume()
    assert [found["code"] for found in answers] == ["VALID", "VALID", "RATE_LIMITED"]
    assert all(found["degraded"] for found in answers)

    def whole() -> bool:
        return not ask(stack, tenant, VERIFY, {"api_key": tenant.keys[0]})[1]["degraded"]

    until(whole, 10, "Redis counts again")


def test_without_the_database_what_was_known_answers(stack: Stack, tenant: Tenant) -> None:
    """A key without a plan fails closed; and nobody waits longer than a moment."""
    key = tenant.keys[0]
    assert code(stack, tenant, key, api=1) == "VALID"
    stack.sql_proxy.refuse()
    try:
        until(lambda: code(stack, tenant, key, api=1) == "UNAVAILABLE", 10, "nobody can tell")
        began = time.monotonic()
        status, found = ask(stack, tenant, VERIFY, {"api_key": key}, api=1)
        assert time.monotonic() - began < 2.5
        assert (status, found["code"], found["degraded"]) == (200, "UNAVAILABLE", True)
    finally:
        stack.sql_proxy.forward()
    until(lambda: code(stack, tenant, key, api=1) == "VALID", 10, "it is known again")


def test_row_59_so_is_a_package_seen_by_all_processes(stack: Stack, tenant: Tenant) -> None:
    """Assigned, moved to the next version, changed to another package, ended: both processes follow each time."""
    admin, place = Admin.of(stack), tenant.workspace_ids[0]
    narrow = publish(admin, "Narrow", models={"allow": ["claude-opus-*"], "deny": []})
    wide = publish(admin, "Wide", requests={"day": 1_000_000})
    both_see(stack, tenant, "VALID")

    body = {"workspace_id": place, "package_id": narrow["id"], "reason": "for the test"}
    assigned = admin.do("/v1/admin/subscriptions", body, 201)
    both_see(stack, tenant, "MODEL_NOT_ALLOWED")

    # The next version of the package says less; subscribers are moved to it.
    terms = {**TERMS, "key_limits": {"requests": {"day": 1}}}
    revision = {"revision": narrow["revision"], "terms": terms}
    drafted = admin.do(f"/v1/admin/packages/{narrow['id']}/draft", revision, 200, method="PUT")
    admin.do(f"/v1/admin/packages/{narrow['id']}/publish", {"revision": drafted["revision"]}, 200)
    moving = {"dry_run": False, "reason": "for the test", "when": "now"}
    [line] = admin.do(f"/v1/admin/packages/{narrow['id']}/move", moving, 200)["items"]
    assert line["id"] == assigned["id"]
    both_see(stack, tenant, "RATE_LIMITED")

    moving = {**moving, "to_package_id": wide["id"]}
    admin.do(f"/v1/admin/packages/{narrow['id']}/move", moving, 200)
    both_see(stack, tenant, "VALID")
    found = ask(stack, tenant, VERIFY, {"api_key": tenant.keys[0], "model": MODEL})[1]
    assert [limit["limit"] for limit in found["limits"]] == [1_000_000]
