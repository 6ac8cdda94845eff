"""Subscriptions over HTTP: one's own plan, its changes, and what administrators do."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from ccmanage.core.ids import PACKAGE, SUBSCRIPTION, encode_id
from ccmanage.core.money import NANO
from ccmanage.packages.rules import Period, PeriodKind, RolloverTerms, ShownPrice
from ccmanage.packages.service import Offer
from ccmanage.workspaces.models import MemberRole
from support.gateway import Gateway
from support.plans import assert_clean, assign, gateway_for, plan_of, publish, renew, spend
from support.world import Person, World

DAILY = Period(PeriodKind.DAY)


@pytest.fixture
def admin(world: World) -> TestClient:
    return world.client(world.person("Root", admin=True))


@pytest.fixture
def ann(world: World) -> Person:
    return world.person("Ann")


@pytest.fixture
def client(world: World, ann: Person) -> TestClient:
    return world.client(ann)


def id_of(offer: Offer) -> str:
    return encode_id(PACKAGE, offer.package.public_id)


def post(client: TestClient, path: str, expected: int = 200, **body: Any) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code == expected, answer.text
    return answer.json()


def give(admin: TestClient, person: Person, offer: Offer, **fields: Any) -> Any:
    body = {"workspace_id": person.workspace_id, "package_id": id_of(offer), "reason": "agreed", **fields}
    return post(admin, "/v1/admin/subscriptions", 201, **body)


class TestOnesOwn:
    def test_without_a_plan_there_is_none(self, client: TestClient) -> None:
        assert client.get("/v1/subscription").json() is None
        assert client.get("/v1/subscription/periods").json() == {"items": [], "next_cursor": None}
        assert client.get("/v1/credits/balance").json()["resets_at"] is None

    def test_the_plan_tells_what_is_left_and_what_becomes_of_it(
        self, world: World, admin: TestClient, ann: Person, client: TestClient
    ) -> None:
        offer = publish(world, rollover=RolloverTerms(percent=50))
        given = give(admin, ann, offer, time_zone="Europe/Berlin", anchor_at="2026-11-01T00:00:00+01:00")
        spend(gateway_for(world, ann), 30)
        plan = client.get("/v1/subscription").json()
        assert plan["id"] == given["id"]
        assert (plan["state"], plan["remaining"], plan["rolls_over"], plan["expires"]) == ("active", "70", "35", "35")
        assert plan["package"] == {"id": id_of(offer), "name": "Team", "version": 1}
        assert (plan["period_start"], plan["resets_at"]) == ("2026-10-31T23:00:00.000Z", "2026-11-30T23:00:00.000Z")
        assert plan["next_resets"][:2] == ["2026-11-30T23:00:00.000Z", "2026-12-31T23:00:00.000Z"]
        balance = client.get("/v1/credits/balance").json()
        assert balance["resets_at"] == plan["resets_at"]
        assert balance["grants"][0]["expires_at"] == plan["period_end"]

    def test_a_change_is_previewed_and_carried_out(self, world: World, ann: Person, client: TestClient) -> None:
        small = publish(world, name="Small")
        large = publish(world, name="Large", allowance_nano=300 * NANO)
        shown = post(client, "/v1/subscription/preview", 201, action="change", package_id=id_of(small))
        assert (shown["when"], shown["state_after"]) == ("now", "active")
        done = post(client, "/v1/subscription/change", preview_id=shown["id"])
        assert done["subscription"]["package"]["name"] == "Small"
        world.clock.move(days=10)
        client = world.client(ann)
        shown = post(client, "/v1/subscription/preview", 201, action="change", package_id=id_of(large))
        assert [(line["kind"], line["part"]) for line in shown["entries"]] == [
            ("rollover", "old_allowance"),
            ("expiry", "old_allowance"),
            ("rollover", "kept"),
            ("grant", "new_allowance"),
        ]
        done = post(client, "/v1/subscription/change", preview_id=shown["id"])
        assert done["used_between"] == "0"
        assert done["previewed"] == shown["entries"]
        assert [{**line, "grant_id": None} for line in done["entries"]] == [
            {**line, "grant_id": None} for line in shown["entries"]
        ]
        ledger = client.get("/v1/credits/ledger").json()["items"]
        assert [entry["amount"] for entry in ledger[3::-1]] == [line["amount"] for line in shown["entries"]]
        [proof, _first] = client.get("/v1/subscription/periods").json()["items"]
        assert {entry["reference"]["id"] for entry in ledger[:4]} == {proof["id"]}
        assert (proof["cause"], proof["granted"]) == ("changed", "300")
        assert [entry["hash"] for entry in proof["entries"]] == [entry["hash"] for entry in ledger[3::-1]]
        again = client.post("/v1/subscription/change", json={"preview_id": shown["id"]})
        assert (again.status_code, again.json()["code"]) == (409, "preview.used")
        assert_clean(world)

    def test_a_cancellation_waits_and_can_be_taken_back(self, world: World, ann: Person, client: TestClient) -> None:
        assign(world, ann.workspace, publish(world))
        shown = post(client, "/v1/subscription/preview", 201, action="cancel")
        assert (shown["entries"], [line["kind"] for line in shown["later"]]) == ([], ["expiry"])
        done = post(client, "/v1/subscription/cancel", preview_id=shown["id"])
        assert done["subscription"]["cancels_at_period_end"] is True
        assert done["subscription"]["resets_at"] is None
        assert post(client, "/v1/subscription/keep")["cancels_at_period_end"] is False
        early = client.post("/v1/subscription/preview", json={"action": "cancel", "when": "now"})
        assert (early.status_code, early.json()["code"]) == (409, "subscription.waits_for_period_end")

    def test_only_listed_packages_can_be_chosen(self, world: World, client: TestClient) -> None:
        hidden = publish(world, listed=False)
        for package_id in (id_of(hidden), "pkg_" + "0" * 26, None, "nonsense"):
            body = {"action": "change", "package_id": package_id}
            assert client.post("/v1/subscription/preview", json=body).status_code == 404

    def test_members_look_and_owners_change(self, world: World, ann: Person) -> None:
        team, bob = world.shared(ann), world.person("Bob")
        world.join(team, bob, MemberRole.MANAGER)
        assign(world, team, publish(world))
        client = world.client(bob)
        from ccmanage.core.ids import WORKSPACE

        client.headers["X-Workspace"] = encode_id(WORKSPACE, team.public_id)
        assert client.get("/v1/subscription").json()["state"] == "active"
        for path in ("preview", "change", "cancel", "keep"):
            body = {"action": "cancel"} if path == "preview" else {"preview_id": "pre_" + "0" * 26}
            refused = client.post(f"/v1/subscription/{path}", json=None if path == "keep" else body)
            assert refused.status_code == 403, path

    def test_what_other_packages_would_have_come_to(self, world: World, ann: Person) -> None:
        price = ShownPrice(20 * NANO, "USD")
        assign(world, ann.workspace, publish(world, name="Mine", listed=False))
        publish(world, name="Daily", allowance_nano=2 * NANO, period=DAILY, price=price)
        publish(world, name="Large", allowance_nano=40 * NANO, price=price)
        gateway = gateway_for(world, ann)
        for _ in range(10):
            world.clock.move(days=5)
            renew(world)
            spend(gateway, 7)
        found = world.client(ann).get("/v1/subscription/what-if").json()
        assert found["used"] == "70"
        mine, daily, large = found["packages"]
        assert (mine["package"]["name"], mine["is_current"], mine["price"]) == ("Mine", True, None)
        assert (daily["covered"], daily["uncovered"]) == ("20", "50")
        # Three times seven in its second month, seven times in its third.
        assert (large["periods"], large["covered"], large["uncovered"], large["expired"]) == (3, "61", "9", "59")
        assert large["price"] == {"amount": "60", "currency": "USD"}


class TestForAdministrators:
    def test_assigned_extended_paused_and_resumed(self, world: World, admin: TestClient, ann: Person) -> None:
        offer = publish(world, period=DAILY)
        given = give(admin, ann, offer, ends_at="2026-11-25T00:00:00Z")
        assert (given["ends_at"], given["workspace"]["id"]) == ("2026-11-25T07:00:00.000Z", ann.workspace_id)
        path = f"/v1/admin/subscriptions/{given['id']}"
        longer = post(admin, f"{path}/extend", ends_at="2026-12-01T00:00:00Z", reason="paid")
        assert longer["ends_at"] == "2026-12-01T07:00:00.000Z"
        assert post(admin, f"{path}/extend", ends_at=None, reason="for ever")["ends_at"] is None
        assert post(admin, f"{path}/pause", reason="asked for")["state"] == "paused"
        refused = admin.post(f"{path}/pause", json={"reason": "again"})
        assert (refused.status_code, refused.json()["code"]) == (409, "subscription.wrong_state")
        assert post(admin, f"{path}/resume")["state"] == "active"
        assert admin.get(path).json()["state"] == "active"
        second = admin.post(
            "/v1/admin/subscriptions",
            json={"workspace_id": ann.workspace_id, "package_id": id_of(offer), "reason": "x"},
        )
        assert (second.status_code, second.json()["code"]) == (409, "subscription.exists")
        actions = [entry["action"] for entry in admin.get("/v1/admin/audit-log").json()["items"]]
        assert actions[:5] == [
            "subscriptions.resume",
            "subscriptions.pause",
            "subscriptions.extend",
            "subscriptions.extend",
            "subscriptions.assign",
        ]

    def test_an_administrator_may_end_a_period_at_once(self, world: World, admin: TestClient, ann: Person) -> None:
        given = give(admin, ann, publish(world))
        small = publish(world, name="Small", allowance_nano=NANO, listed=False)
        path = f"/v1/admin/subscriptions/{given['id']}"
        shown = post(admin, f"{path}/preview", 201, action="change", package_id=id_of(small), when="now")
        done = post(admin, f"{path}/change", preview_id=shown["id"], reason="agreed")
        assert done["subscription"]["package"]["name"] == "Small"
        shown = post(admin, f"{path}/preview", 201, action="cancel", when="now")
        done = post(admin, f"{path}/cancel", preview_id=shown["id"], reason="left")
        assert done["subscription"]["state"] == "cancelled"
        assert admin.get("/v1/admin/subscriptions?state=cancelled").json()["items"][0]["id"] == given["id"]
        assert_clean(world)

    def test_lists_are_filtered_and_paged(self, world: World, admin: TestClient) -> None:
        one, other = publish(world, name="One"), publish(world, name="Other")
        ids = [give(admin, world.person(f"P{n}"), one if n % 2 else other)["id"] for n in range(5)]
        page = admin.get("/v1/admin/subscriptions?limit=3").json()
        assert [item["id"] for item in page["items"]] == ids[:1:-1]
        rest = admin.get(f"/v1/admin/subscriptions?limit=3&cursor={page['next_cursor']}").json()
        assert ([item["id"] for item in rest["items"]], rest["next_cursor"]) == (ids[1::-1], None)
        found = admin.get(f"/v1/admin/subscriptions?package_id={id_of(one)}").json()["items"]
        assert [item["id"] for item in found] == [ids[3], ids[1]]
        assert admin.get("/v1/admin/subscriptions?state=paused").json()["items"] == []
        assert admin.get("/v1/admin/subscriptions?failed=true").json()["items"] == []

    def test_what_is_set_aside_is_shown_and_tried_again(self, world: World, admin: TestClient, ann: Person) -> None:
        given = give(admin, ann, publish(world, period=DAILY))
        for zone, days in ((b"Mars/Olympus", 1), (b"UTC", 0)):
            with world.scope() as scope:
                scope.session.connection().exec_driver_sql(f"UPDATE subscriptions SET zone = x'{zone.hex()}'")
            world.clock.move(days=days)
            renew(world)
            admin = world.client(world.person(f"Root {days}", admin=True))
            if days:
                [item] = admin.get("/v1/admin/subscriptions?failed=true").json()["items"]
                assert "Mars/Olympus" in item["error"]
        done = post(admin, f"/v1/admin/subscriptions/{given['id']}/retry")
        assert (done["error"], done["tries"], done["period_start"]) == (None, 0, "2026-11-24T07:00:00.000Z")

    def test_the_calendar_tells_what_is_reset_when(self, world: World, admin: TestClient) -> None:
        daily, monthly = publish(world, period=DAILY), publish(world, allowance_nano=5 * NANO)
        people = [world.person(f"P{number}") for number in range(4)]
        for person in people[:3]:
            give(admin, person, daily)
        give(admin, people[3], monthly)
        found = admin.get("/v1/admin/subscriptions/calendar?tz=Asia/Shanghai&limit=2").json()
        assert found["days"] == [
            {"day": "2026-11-24", "resets": 3, "allowances": "300"},
            {"day": "2026-12-23", "resets": 1, "allowances": "5"},
        ]
        assert len(found["items"]) == 2
        rest = admin.get(f"/v1/admin/subscriptions/calendar?limit=2&cursor={found['next_cursor']}").json()
        names = [item["workspace"]["id"] for item in [*found["items"], *rest["items"]]]
        assert names == [person.workspace_id for person in people]
        for query in ("tz=Nowhere", "from=2026-11-24T00:00:00Z&to=2026-11-23T00:00:00Z"):
            assert admin.get(f"/v1/admin/subscriptions/calendar?{query}").status_code == 422

    def test_many_are_reset_after_a_look(self, world: World, admin: TestClient) -> None:
        offer = publish(world)
        people = [world.person(f"P{number}") for number in range(3)]
        ids = [give(admin, person, offer)["id"] for person in people]
        spend(gateway_for(world, people[0]), 60)
        asked = {"subscription_ids": ids, "dry_run": True, "reason": "outage"}
        shown = post(admin, "/v1/admin/subscriptions/reset", **asked)
        assert [(item["expired"], item["granted"]) for item in shown["items"]] == [
            ("40", "100"),
            ("100", "100"),
            ("100", "100"),
        ]
        assert post(admin, "/v1/admin/subscriptions/reset", **{**asked, "dry_run": False}) == shown
        world.clock.move(hours=1)
        whole = {"package_id": id_of(offer), "dry_run": False, "reason": "outage", "restart": True}
        assert len(post(admin, "/v1/admin/subscriptions/reset", **whole)["items"]) == 3
        view = plan_of(world, people[0].workspace)
        assert view.standing.anchor_at == world.clock.now
        proofs = admin.get(f"/v1/admin/subscriptions/{ids[0]}/periods").json()["items"]
        assert [proof["cause"] for proof in proofs] == ["reset", "reset", "assigned"]
        for body in ({}, {"subscription_ids": ids, "package_id": id_of(offer)}):
            refused = admin.post("/v1/admin/subscriptions/reset", json={"dry_run": True, "reason": "x", **body})
            assert refused.status_code == 422
        assert_clean(world)

    def test_unknown_ones_are_not_found(self, world: World, admin: TestClient) -> None:
        unknown = f"/v1/admin/subscriptions/{SUBSCRIPTION}_{'0' * 26}"
        assert admin.get(unknown).status_code == admin.get(f"{unknown}/periods").status_code == 404
        for path, body in (
            ("pause", {"reason": "x"}),
            ("resume", None),
            ("retry", None),
            ("keep", {"reason": "x"}),
            ("extend", {"ends_at": None, "reason": "x"}),
            ("preview", {"action": "cancel"}),
            ("change", {"preview_id": "pre_" + "0" * 26, "reason": "x"}),
            ("cancel", {"preview_id": "pre_" + "0" * 26, "reason": "x"}),
        ):
            assert admin.post(f"{unknown}/{path}", json=body).status_code == 404, path

    def test_a_reset_never_takes_what_was_bought(self, world: World, admin: TestClient) -> None:
        gateway = Gateway.of(world, credits="50")
        given = give(admin, gateway.person, publish(world))
        asked = {"subscription_ids": [given["id"]], "dry_run": False, "reason": "outage"}
        world.clock.move(hours=1)
        post(admin, "/v1/admin/subscriptions/reset", **asked)
        assert gateway.balance() == 150 * NANO
