"""Packages over HTTP: drafted, published, listed, archived; never changed once published."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from support.plans import assign, plan_of, renew
from support.world import World

TERMS: dict[str, Any] = {
    "allowance": "100",
    "period": {"kind": "month", "count": 1},
    "rollover": {"percent": 50, "cap": "75.5", "max_periods": 2},
    "overdraft": {"kind": "limit", "limit": "10", "forgiven": True},
    "trial": {"days": 14, "allowance": "5"},
    "price": {"amount": "20", "currency": "USD"},
    "fail_mode": "open",
    "key_limits": {
        "requests": {"minute": 60, "five_hours": 1000},
        "tokens": {"day": 1_000_000},
        "credits": {"week": "12.5"},
        "models": {"allow": ["claude-*"], "deny": ["*-fast"]},
        "concurrency": 8,
        "max_keys": 3,
    },
}
SIMPLE = {"allowance": "100", "period": {"kind": "month"}}


@pytest.fixture
def admin(world: World) -> TestClient:
    return world.client(world.person("Root", admin=True))


def create(admin: TestClient, terms: dict[str, Any] = SIMPLE, **fields: Any) -> dict[str, Any]:
    answer = admin.post("/v1/admin/packages", json={"name": "Team", "terms": terms, **fields})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def act(admin: TestClient, package: dict[str, Any], deed: str, method: str = "POST", **fields: Any) -> Any:
    path = f"/v1/admin/packages/{package['id']}{deed}"
    return admin.request(method, path, json={"revision": package["revision"], **fields})


def published(admin: TestClient, terms: dict[str, Any] = SIMPLE, **fields: Any) -> dict[str, Any]:
    body: dict[str, Any] = act(admin, create(admin, terms, **fields), "/publish").json()
    return body


def test_terms_come_back_as_they_were_given(admin: TestClient) -> None:
    package = create(admin, TERMS, description="for teams", listed=True)
    assert package["id"].startswith("pkg_")
    [version] = package["versions"]
    assert version["terms"] == TERMS
    assert (package["state"], version["state"], version["version"], version["subscribers"]) == ("draft", "draft", 1, 0)
    assert admin.get(f"/v1/admin/packages/{package['id']}").json() == package
    assert admin.get("/v1/admin/packages").json()["items"] == [package]


def test_what_is_left_out_is_none(admin: TestClient) -> None:
    terms = create(admin)["versions"][0]["terms"]
    assert terms == {
        "allowance": "100",
        "period": {"kind": "month", "count": 1},
        "rollover": {"percent": 0, "cap": None, "max_periods": None},
        "overdraft": {"kind": "none", "limit": None, "forgiven": False},
        "trial": None,
        "price": None,
        "fail_mode": "closed",
        "key_limits": {
            "requests": {},
            "tokens": {},
            "credits": {},
            "models": {"allow": [], "deny": []},
            "concurrency": None,
            "max_keys": None,
        },
    }


def test_a_draft_is_rewritten_until_it_is_published(admin: TestClient) -> None:
    package = create(admin)
    package = act(admin, package, "/draft", "PUT", terms={**SIMPLE, "allowance": "7"}).json()
    assert [version["terms"]["allowance"] for version in package["versions"]] == ["7"]
    package = act(admin, package, "/publish").json()
    package = act(admin, package, "/draft", "PUT", terms={**SIMPLE, "allowance": "8"}).json()
    assert [(one["version"], one["state"], one["terms"]["allowance"]) for one in package["versions"]] == [
        (2, "draft", "8"),
        (1, "published", "7"),
    ]
    package = act(admin, package, "/publish").json()
    assert [(one["version"], one["state"]) for one in package["versions"]] == [(2, "published"), (1, "archived")]
    nothing = act(admin, package, "/publish")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "package.no_draft")


def test_two_people_do_not_undo_each_other(world: World, admin: TestClient) -> None:
    """Fault row 57: whoever read an older revision is told so."""
    package = create(admin)
    second = world.client(world.person("Boss", admin=True))
    assert act(admin, package, "", "PATCH", name="First").status_code == 200
    for method, deed, fields in (
        ("PATCH", "", {"name": "Second"}),
        ("PUT", "/draft", {"terms": SIMPLE}),
        ("POST", "/publish", {}),
        ("POST", "/archive", {"reason": "old"}),
    ):
        refused = act(second, package, deed, method, **fields)
        assert (refused.status_code, refused.json()["code"]) == (409, "package.changed")
    assert admin.get(f"/v1/admin/packages/{package['id']}").json()["name"] == "First"


def test_owners_see_what_is_listed_and_published(world: World, admin: TestClient) -> None:
    ann = world.client(world.person("Ann"))
    hidden = published(admin)
    create(admin, listed=True, name="Draft")
    listed = published(admin, TERMS, listed=True, name="Listed", description="for all")
    [seen] = ann.get("/v1/packages").json()["items"]
    assert seen == {"id": listed["id"], "name": "Listed", "description": "for all", "version": 1, "terms": TERMS}
    act(admin, hidden, "", "PATCH", listed=True)
    assert len(ann.get("/v1/packages").json()["items"]) == 2
    act(admin, listed, "/archive", reason="gone")
    assert [one["id"] for one in ann.get("/v1/packages").json()["items"]] == [hidden["id"]]


def test_an_archived_package_keeps_its_subscribers_and_takes_no_others(world: World, admin: TestClient) -> None:
    package = published(admin)
    ann, bob = world.person("Ann"), world.person("Bob")
    with world.read() as scope:
        from ccmanage.core.ids import PACKAGE, decode_id

        offer = scope.packages.offer(decode_id(PACKAGE, package["id"]))
    assign(world, ann.workspace, offer)
    archived = act(admin, package, "/archive", reason="no more").json()
    assert (archived["state"], archived["versions"][0]["subscribers"]) == ("archived", 1)
    assert admin.get("/v1/admin/packages?archived=true").json()["items"] == [archived]
    assert admin.get("/v1/admin/packages?archived=false").json()["items"] == []
    wanted = {"workspace_id": bob.workspace_id, "package_id": package["id"], "reason": "please"}
    refused = admin.post("/v1/admin/subscriptions", json=wanted)
    assert (refused.status_code, refused.json()["code"]) == (409, "package.archived")
    assert act(admin, archived, "", "PATCH", name="New").json()["code"] == "package.archived"
    world.clock.move(days=31)
    renew(world)
    assert plan_of(world, ann.workspace).standing.period_start_at == world.clock.now - 86_400_000


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"allowance": "-1"}, "/allowance"),
        ({"allowance": "1000000001"}, "/allowance"),
        ({"allowance": 5}, "/terms/allowance"),
        ({"period": {"kind": "month", "count": 25}}, "/period/count"),
        ({"period": {"kind": "fortnight"}}, "/terms/period/kind"),
        ({"period": {"kind": "once"}, "rollover": {"percent": 5}}, "/rollover/percent"),
        ({"rollover": {"percent": 101}}, "/terms/rollover/percent"),
        ({"rollover": {"percent": 5, "cap": "0"}}, "/rollover/cap"),
        ({"overdraft": {"kind": "limit"}}, "/overdraft/limit"),
        ({"overdraft": {"kind": "none", "limit": "5"}}, "/overdraft/limit"),
        ({"overdraft": {"kind": "limit", "limit": "0"}}, "/overdraft/limit"),
        ({"trial": {"days": 0, "allowance": "1"}}, "/terms/trial/days"),
        ({"trial": {"days": 3, "allowance": "-1"}}, "/trial/allowance"),
        ({"price": {"amount": "-1", "currency": "USD"}}, "/price/amount"),
        ({"price": {"amount": "1", "currency": "usd"}}, "/terms/price/currency"),
        ({"key_limits": {"requests": {"second": 1}}}, "/terms/key_limits/requests/second/[key]"),
        ({"key_limits": {"credits": {"day": "-1"}}}, "/key_limits/credits/day"),
        ({"key_limits": {"models": {"allow": ["a b"], "deny": []}}}, "/terms/key_limits/models/allow/0"),
        ({"key_limits": {"concurrency": 0}}, "/terms/key_limits/concurrency"),
        ({"surprise": 1}, "/terms/surprise"),
    ],
)
def test_bad_terms_name_the_field(sqlite_world: World, change: dict[str, Any], pointer: str) -> None:
    admin = sqlite_world.client(sqlite_world.person("Root", admin=True))
    answer = admin.post("/v1/admin/packages", json={"name": "Team", "terms": {**SIMPLE, **change}})
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_unlimited_overdraft_has_no_number(admin: TestClient) -> None:
    package = create(admin, {**SIMPLE, "overdraft": {"kind": "unlimited"}})
    assert package["versions"][0]["terms"]["overdraft"] == {"kind": "unlimited", "limit": None, "forgiven": False}


def test_deeds_are_in_the_audit_log(admin: TestClient) -> None:
    package = published(admin)
    act(admin, package, "/archive", reason="no more")
    entries = [one for one in admin.get("/v1/admin/audit-log").json()["items"] if one["subject"]["kind"] == "package"]
    assert [entry["action"] for entry in entries] == ["packages.archive", "packages.publish", "packages.create"]
    assert entries[0]["reason"] == "no more"
    assert {entry["subject"]["id"] for entry in entries} == {package["id"]}


def test_unknown_packages_are_not_found(admin: TestClient) -> None:
    unknown = {"id": "pkg_" + "0" * 26, "revision": 1}
    assert admin.get(f"/v1/admin/packages/{unknown['id']}").status_code == 404
    for method, deed, fields in (
        ("PATCH", "", {}),
        ("PUT", "/draft", {"terms": SIMPLE}),
        ("POST", "/publish", {}),
        ("POST", "/archive", {"reason": "x"}),
    ):
        assert act(admin, unknown, deed, method, **fields).status_code == 404


def test_subscribers_are_moved_with_a_preview(world: World, admin: TestClient) -> None:
    package = published(admin)
    ann = world.person("Ann")
    wanted = {"workspace_id": ann.workspace_id, "package_id": package["id"], "reason": "please"}
    assert admin.post("/v1/admin/subscriptions", json=wanted).status_code == 201
    package = act(admin, package, "/draft", "PUT", terms={**SIMPLE, "allowance": "60"}).json()
    package = act(admin, package, "/publish").json()
    assert [one["subscribers"] for one in package["versions"]] == [0, 1]
    path = f"/v1/admin/packages/{package['id']}/move"
    asked = {"dry_run": True, "reason": "newer", "when": "now", "from_version": 1}
    shown = admin.post(path, json=asked).json()
    assert shown["next_cursor"] is None
    [line] = shown["items"]
    assert (line["workspace"]["id"], line["granted"], line["skipped"]) == (ann.workspace_id, "60", None)
    assert admin.post(path, json={**asked, "dry_run": False}).json() == shown
    assert admin.get(f"/v1/admin/packages/{package['id']}").json()["versions"][0]["subscribers"] == 1
    assert admin.post(path, json={**asked, "dry_run": False}).json()["items"] == []
