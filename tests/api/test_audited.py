"""Every deed of an administrator leaves a row in the audit log, and so does every event of security.

`DEEDS` walks all mutating routes of `/v1/admin`. A new route fails `test_no_route_is_forgotten` until a step here
carries it out (`walk.deed(...)`), or until it is named in `CHANGES_NOTHING`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from fastapi.routing import iter_route_contexts

from api.auth import SAFE_METHODS
from ccmanage.core.ids import KEY, encode_id
from support.audit_walk import Walk, factors, mails, requests, settings, webhooks
from support.factors import enrol
from support.gateway import Gateway
from support.processes import until
from support.world import PASSWORD, World

# Reviewed: what only reckons and shows.
CHANGES_NOTHING: Final = {
    ("POST", "/v1/admin/email-templates/{template}/{language}/render"),
    ("POST", "/v1/admin/prices/preview"),
    ("POST", "/v1/admin/subscriptions/{subscription_id}/preview"),
}
RATES = {"input": "4", "output": "20", "cache_read": "0.4", "cache_write_5m": "5", "cache_write_1h": "8"}
TERMS = {"allowance": "100", "period": {"kind": "month"}}


def people(walk: Walk) -> None:
    new = {"email": "new@example.com", "name": "New", "password": "long enough to pass"}
    user = walk.deed("POST", "/users", new)["id"]
    invited = walk.deed("POST", "/users/invite", {"email": "asked@example.com", "name": "Asked"})["id"]
    walk.deed("POST", "/users/{user_id}/invite-again", {}, user_id=invited)
    walk.deed("POST", "/users/{user_id}/factor/require", {"required": True, "reason": "x"}, user_id=user)
    walk.deed("POST", "/users/{user_id}/end-sessions", {"reason": "x"}, user_id=user)
    revision = walk.client.get(f"/v1/admin/users/{user}").json()["revision"]
    walk.deed("POST", "/users/{user_id}/role", {"role": "admin", "reason": "x", "revision": revision}, user_id=user)
    walk.deed("POST", "/users/{user_id}/suspend", {"reason": "x"}, user_id=user)
    walk.deed("POST", "/users/{user_id}/reactivate", {}, user_id=user)
    workspace = walk.deed("POST", "/workspaces", {"name": "Team", "owner_id": user})["id"]
    walk.deed("POST", "/workspaces/{workspace_id}/suspend", {"reason": "x"}, workspace_id=workspace)
    walk.deed("POST", "/workspaces/{workspace_id}/reactivate", {}, workspace_id=workspace)
    given = {"credits": "1", "reason": "x"}
    grant = walk.deed("POST", "/workspaces/{workspace_id}/grants", given, workspace_id=workspace)["id"]
    void = "/workspaces/{workspace_id}/grants/{grant_id}/void"
    walk.deed("POST", void, {"reason": "x"}, workspace_id=workspace, grant_id=grant)
    other = walk.deed("POST", "/workspaces/{workspace_id}/grants", given, workspace_id=workspace)["id"]
    expire = "/workspaces/{workspace_id}/grants/{grant_id}/expire"
    walk.deed("POST", expire, {"reason": "x"}, workspace_id=workspace, grant_id=other)


def keys(walk: Walk) -> None:
    gateway = Gateway.of(walk.world, name="Holder")
    with walk.world.read() as scope:
        key = encode_id(KEY, scope.keys.named([gateway.key_id])[gateway.key_id].public_id)
    for deed in ("disable", "enable", "revoke"):
        walk.deed("POST", f"/keys/{{key_id}}/{deed}", {}, key_id=key)


def vouchers(walk: Walk) -> None:
    batch = walk.deed("POST", "/vouchers", {"name": "Fair", "credits": "5", "codes": 2})
    walk.deed("POST", "/vouchers/{voucher_id}/withdraw", {"reason": "x"}, voucher_id=batch["id"])


def machines(walk: Walk) -> None:
    gateway = walk.deed("POST", "/gateways", {"name": "proxy"})["id"]
    walk.deed("POST", "/gateways/{gateway_id}/rotate", {}, gateway_id=gateway)
    walk.deed("POST", "/gateways/{gateway_id}/revoke", {}, gateway_id=gateway)


def prices(walk: Walk) -> None:
    walk.deed("POST", "/prices/import", {"dry_run": False})
    price = walk.deed("POST", "/prices", {"pattern": "acme-1", "rates": RATES})["id"]
    walk.deed("POST", "/prices/{price_id}/withdraw", {}, price_id=price)


def quarantine(walk: Walk) -> None:
    gateway = Gateway.of(walk.world, name="Stranded")
    with walk.world.read() as scope:
        key = encode_id(KEY, scope.keys.named([gateway.key_id])[gateway.key_id].public_id)
    for _ in range(2):
        gateway.charge(gateway.event(api_key="ccm_" + "0" * 42))
    first, second = (item["id"] for item in walk.client.get("/v1/admin/quarantine").json()["items"])
    walk.deed("POST", "/quarantine/{quarantine_id}/redrive", {"key_id": key}, quarantine_id=first)
    walk.deed("POST", "/quarantine/{quarantine_id}/dismiss", {"reason": "x"}, quarantine_id=second)


def published(walk: Walk, name: str) -> dict[str, Any]:
    package = walk.deed("POST", "/packages", {"name": name, "terms": TERMS})
    shown: dict[str, Any] = walk.deed(
        "POST", "/packages/{package_id}/publish", {"revision": package["revision"]}, package_id=package["id"]
    )
    return shown


def packages(walk: Walk) -> None:
    package = published(walk, "Team")
    number = {"package_id": package["id"]}
    change = {"revision": package["revision"], "description": "for teams"}
    package = walk.deed("PATCH", "/packages/{package_id}", change, **number)
    draft = {"revision": package["revision"], "terms": {**TERMS, "allowance": "200"}}
    package = walk.deed("PUT", "/packages/{package_id}/draft", draft, **number)
    walk.deed("POST", "/packages/{package_id}/archive", {"revision": package["revision"], "reason": "x"}, **number)


def subscriptions(walk: Walk) -> None:
    team, other = published(walk, "Plan"), published(walk, "Larger")
    person = walk.world.person("Subscriber")
    given = {"workspace_id": person.workspace_id, "package_id": team["id"], "reason": "x"}
    number = {"subscription_id": walk.deed("POST", "/subscriptions", given)["id"]}

    def preview(**asked: Any) -> dict[str, Any]:
        path = f"/v1/admin/subscriptions/{number['subscription_id']}/preview"
        answer = walk.client.post(path, json=asked)
        assert answer.status_code == 201, answer.text
        return {"preview_id": answer.json()["id"], "reason": "x"}

    one = "/subscriptions/{subscription_id}"
    walk.deed("POST", one + "/pause", {"reason": "x"}, **number)
    walk.deed("POST", one + "/resume", {}, **number)
    walk.deed("POST", one + "/extend", {"ends_at": "2027-11-01T00:00:00Z", "reason": "x"}, **number)
    change = preview(action="change", package_id=other["id"], when="now")
    walk.deed("POST", one + "/change", change, **number)
    walk.deed("POST", one + "/cancel", preview(action="cancel", when="period_end"), **number)
    walk.deed("POST", one + "/keep", {"reason": "x"}, **number)
    moved = {"dry_run": False, "reason": "x", "to_package_id": team["id"], "when": "now"}
    walk.deed("POST", "/packages/{package_id}/move", moved, package_id=other["id"])
    moving = {"to_package_id": other["id"], "reason": "x"}
    move = walk.deed("POST", "/packages/{package_id}/moves", moving, package_id=team["id"])
    walk.deed("POST", "/packages/{package_id}/moves/{move_id}/stop", {}, package_id=team["id"], move_id=move["id"])
    reset = {"dry_run": False, "reason": "x", "subscription_ids": [number["subscription_id"]]}
    walk.deed("POST", "/subscriptions/reset", reset)
    with walk.world.scope() as scope:
        scope.session.connection().exec_driver_sql("UPDATE subscriptions SET tries = 3, error = x'78'")
    walk.deed("POST", one + "/retry", {}, **number)


DEEDS: Final[tuple[Callable[[Walk], None], ...]] = (
    people,
    machines,
    vouchers,
    prices,
    keys,
    quarantine,
    packages,
    subscriptions,
    settings,
    requests,
    factors,
    mails,
    webhooks,
)


@pytest.fixture
def walk(sqlite_world: World) -> Walk:
    boss = sqlite_world.person("Boss", admin=True)
    return Walk(sqlite_world, sqlite_world.client(boss), boss)


def admin_deeds(world: World) -> Iterator[tuple[str, str]]:
    for context in iter_route_contexts(world.app.routes):
        for method in (context.methods or set()) - SAFE_METHODS:
            if context.path is not None and context.path.startswith("/v1/admin/"):
                yield method, context.path


@pytest.mark.parametrize("deeds", DEEDS, ids=lambda deeds: deeds.__name__)
def test_deeds_of_administrators_are_on_record(walk: Walk, deeds: Callable[[Walk], None]) -> None:
    deeds(walk)
    assert walk.done


def test_no_route_is_forgotten(walk: Walk) -> None:
    for deeds in DEEDS:
        deeds(walk)
    missing = set(admin_deeds(walk.world)) - walk.done - CHANGES_NOTHING
    assert not missing, f"carry these out in a step of DEEDS, in {__file__}: {sorted(missing)}"


def test_taking_the_log_out_is_on_record(walk: Walk) -> None:
    before = walk.world.count("audit_log", "action = 'audit.export'")
    assert walk.client.get("/v1/admin/audit-log/export").status_code == 200
    assert walk.world.count("audit_log", "action = 'audit.export'") == before + 1


def test_events_of_security_are_on_record(world: World) -> None:
    ann = world.person("Ann")
    browser = world.browser(ann)
    for _ in range(4):
        refused = world.client().post("/v1/auth/login", json={"email": ann.email, "password": "wrong"})
        assert refused.status_code == 401
    changed = {"current_password": PASSWORD, "new_password": "another long one"}
    assert browser.post("/v1/me/password", json=changed).status_code == 204
    enrol(world, browser)
    assert browser.post("/v1/auth/totp/recovery-codes").status_code == 200
    assert browser.post("/v1/auth/totp/disable").status_code == 204
    until_day = {"name": "nightly", "scopes": ["read"], "expires_at": "2027-01-01T00:00:00Z"}
    token = browser.post("/v1/me/tokens", json=until_day).json()["id"]
    assert browser.post(f"/v1/me/tokens/{token}/revoke").status_code < 300
    assert browser.post("/v1/me/sessions/end-others").status_code == 200
    assert browser.post("/v1/auth/logout").status_code == 204
    # A refusal is written after its answer, so that no stopwatch tells who is known.
    until(lambda: world.count("audit_log", "action = 'accounts.sign_in_refused'") == 4)
    rows = world.rows("audit_log")
    assert {
        "accounts.sign_in", "accounts.sign_in_refused", "accounts.change_password", "accounts.sign_out",
        "accounts.confirm_factor", "accounts.renew_recovery_codes", "accounts.disable_factor",
        "accounts.issue_token", "accounts.revoke_token",
    } <= {row["action"] for row in rows}  # fmt: skip
