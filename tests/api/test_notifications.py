"""Thresholds, notifications and webhooks over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from ccmanage.adapters.outbound import OutboundClient
from ccmanage.core.ids import WORKSPACE, encode_id
from ccmanage.core.outbound import OutboundPolicy
from ccmanage.workspaces.models import MemberRole
from support.plans import gateway_for, spend
from support.receiver import Receiver, receiving
from support.world import Person, World


@pytest.fixture
def ann(world: World) -> Person:
    return world.person("Ann")


@pytest.fixture
def client(world: World, ann: Person) -> TestClient:
    return world.client(ann)


@pytest.fixture
def receiver(world: World) -> Iterator[Receiver]:
    with receiving() as receiver:
        world.runtime.outbound_policy = OutboundPolicy([receiver.host])
        world.runtime.sender = OutboundClient(world.runtime.outbound_policy, seconds=2)
        yield receiver


def work(world: World) -> None:
    while world.runtime.run(lambda scope: scope.teller.tell()):
        pass
    world.runtime.deliverer.run()


def made(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


class TestThresholds:
    def test_set_change_fire_remove(self, world: World, ann: Person, client: TestClient) -> None:
        world.grant(ann.workspace, "100")
        threshold = made(client.post("/v1/alerts/thresholds", json={"kind": "amount_left", "credits": "50"}))
        assert (threshold["credits"], threshold["percent"], threshold["armed"]) == ("50", None, True)
        assert threshold["fires_at_balance"] == "50"
        address = f"/v1/alerts/thresholds/{threshold['id']}"
        assert client.patch(address, json={"credits": "60", "by_mail": False}).json()["fires_at_balance"] == "60"
        spend(gateway_for(world, ann), 45)
        [alert] = client.get("/v1/alerts").json()["items"]
        assert (alert["kind"], alert["credits"], alert["found"]) == ("amount_left", "60", "55")
        [listed] = client.get("/v1/alerts/thresholds").json()["items"]
        assert (listed["armed"], listed["fired_at"] is None) == (False, False)
        assert client.post(f"{address}/remove").status_code == 204
        assert client.get("/v1/alerts/thresholds").json()["items"] == []

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"kind": "percent_left", "percent": 100}, "/percent"),
            ({"kind": "percent_left"}, "/percent"),
            ({"kind": "percent_left", "percent": 5, "credits": "1"}, "/credits"),
            ({"kind": "amount_left", "credits": 5}, "/credits"),
            ({"kind": "amount_left", "credits": "-1"}, "/credits"),
            ({"kind": "run_out", "days": 0}, "/days"),
            ({"kind": "spend_per_day", "credits": "0"}, "/credits"),
            ({"kind": "other"}, "/kind"),
        ],
    )
    def test_what_no_balance_could_meet_is_refused(
        self, client: TestClient, body: dict[str, Any], pointer: str
    ) -> None:
        answer = client.post("/v1/alerts/thresholds", json=body)
        assert answer.status_code == 422
        assert pointer in [error["pointer"] for error in answer.json()["errors"]]

    def test_members_set_their_own_managers_shared_ones(self, world: World, ann: Person) -> None:
        eva = world.person("Eva")
        team = world.shared(ann)
        world.join(team, eva, MemberRole.MEMBER)
        header = {"X-Workspace": encode_id(WORKSPACE, team.public_id)}
        member, owner = world.client(eva), world.client(ann)
        own = {"kind": "run_out", "days": 3}
        shared = {**own, "shared": True, "by_webhook": True}
        assert member.post("/v1/alerts/thresholds", json=own, headers=header).status_code == 201
        refused = member.post("/v1/alerts/thresholds", json=shared, headers=header)
        assert (refused.status_code, refused.json()["code"]) == (403, "alerts.shared_needs_manager")
        theirs = made(owner.post("/v1/alerts/thresholds", json=shared, headers=header))
        assert theirs["by_webhook"]
        removed = member.post(f"/v1/alerts/thresholds/{theirs['id']}/remove", headers=header)
        assert removed.status_code == 403
        again = owner.post("/v1/alerts/thresholds", json=shared, headers=header)
        assert (again.status_code, again.json()["code"]) == (409, "alerts.threshold_exists")

    def test_a_preview_tells_when_it_would_have_fired(self, world: World, ann: Person, client: TestClient) -> None:
        world.grant(ann.workspace, "100")
        gateway = gateway_for(world, ann)
        days = []
        for _ in range(4):
            world.clock.move(days=1)
            spend(gateway, 20)
            days.append(world.clock.now)
        client = world.client(ann)
        ask = lambda **body: client.post("/v1/alerts/preview", json=body).json()  # noqa: E731
        amount = ask(kind="amount_left", credits="50")
        assert (len(amount["fired_at"]), amount["complete"], amount["days"]) == (1, True, 31)
        assert amount["fired_at"][0].startswith("2026-11-26")
        assert len(ask(kind="spend_per_day", credits="15")["fired_at"]) == 4
        assert ask(kind="spend_per_day", credits="25")["fired_at"] == []
        assert len(ask(kind="run_out", days=90)["fired_at"]) == 1
        assert ask(kind="percent_left", percent=20)["fired_at"] == []
        assert world.count("alert_thresholds") == 0


class TestNotifications:
    def test_the_list_counts_and_is_read(self, world: World, ann: Person, client: TestClient) -> None:
        world.grant(ann.workspace, "5")
        world.grant(ann.workspace, "6")
        work(world)
        assert client.get("/v1/notifications/unread").json() == {"unread": 2}
        newest, oldest = client.get("/v1/notifications").json()["items"]
        assert (newest["type"], newest["data"]["credits"], newest["read_at"]) == ("grant.made", "6", None)
        assert client.post(f"/v1/notifications/{newest['id']}/read").json()["read_at"] is not None
        unread = client.get("/v1/notifications", params={"unread": True}).json()["items"]
        assert [one["id"] for one in unread] == [oldest["id"]]
        assert client.post("/v1/notifications/read-all").json() == {"unread": 0}
        assert client.get("/v1/notifications/unread").json() == {"unread": 0}
        eve = world.client(world.person("Eve"))
        assert eve.post(f"/v1/notifications/{newest['id']}/read").status_code == 404

    def test_preferences(self, client: TestClient) -> None:
        fresh = client.get("/v1/notifications/preferences").json()
        assert fresh == {
            "mails": True, "quiet_from": None, "quiet_to": None, "summary": "off", "summary_at": "09:00",
            "time_zone": "UTC",
        }  # fmt: skip
        wanted = {"mails": True, "quiet_from": "22:00", "quiet_to": "07:30", "summary": "weekly", "summary_at": "08:15"}
        assert client.patch("/v1/notifications/preferences", json=wanted).status_code == 200
        assert client.get("/v1/notifications/preferences").json() == {**wanted, "time_zone": "UTC"}
        for wrong in ({"quiet_to": None}, {"quiet_from": "24:00"}, {"summary": "hourly"}):
            assert client.patch("/v1/notifications/preferences", json={**wanted, **wrong}).status_code == 422


class TestWebhooks:
    def create(self, client: TestClient, receiver: Receiver, **body: Any) -> dict[str, Any]:
        return made(client.post("/v1/webhooks", json={"name": "robot", "url": receiver.url, **body}))

    def test_the_whole_way(self, world: World, client: TestClient, receiver: Receiver) -> None:
        webhook = self.create(client, receiver)
        secret = webhook.pop("secret")
        assert secret.startswith("whsec_")
        address = f"/v1/webhooks/{webhook['id']}"
        assert client.get(address).json() == webhook
        assert secret not in client.get("/v1/webhooks").text
        sent = client.post(f"{address}/test")
        assert (sent.status_code, sent.json()["state"]) == (202, "pending")
        work(world)
        [line] = client.get(f"{address}/deliveries").json()["items"]
        assert (line["state"], line["status"], line["type"]) == ("delivered", 200, "webhook.test")
        detail = client.get(f"{address}/deliveries/{line['id']}").json()
        assert (detail["body"]["type"], len(detail["attempts"])) == ("webhook.test", 1)
        assert client.post(f"{address}/deliveries/{line['id']}/redeliver").status_code == 202
        work(world)
        assert [post.headers["webhook-id"] for post in receiver.posts] == [line["message_id"]] * 2
        rotated = client.post(f"{address}/rotate", json={"overlap_seconds": 60}).json()
        assert rotated["secret"] != secret
        assert rotated["rotating_until"] is not None
        assert client.patch(address, json={"active": False}).json()["state"] == "paused"
        assert client.post(f"{address}/test").json()["code"] == "webhooks.not_active"
        assert client.post(f"{address}/remove").status_code == 204
        assert client.get(address).status_code == 404

    @pytest.mark.parametrize("url", ["http://example.com/", "https://127.0.0.1/", "https://metadata.internal/", "x"])
    def test_inner_addresses_are_refused(self, client: TestClient, url: str) -> None:
        answer = client.post("/v1/webhooks", json={"name": "x", "url": url})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/url"

    def test_unknown_events_are_refused(self, client: TestClient, receiver: Receiver) -> None:
        answer = client.post("/v1/webhooks", json={"name": "x", "url": receiver.url, "events": ["gateway.silent"]})
        assert answer.status_code == 422
        assert "key.created" in client.get("/v1/webhooks/events").json()["events"]

    def test_members_may_not(self, world: World, ann: Person, receiver: Receiver) -> None:
        eva = world.person("Eva")
        team = world.shared(ann)
        world.join(team, eva, MemberRole.MEMBER)
        header = {"X-Workspace": encode_id(WORKSPACE, team.public_id)}
        assert world.client(eva).get("/v1/webhooks", headers=header).status_code == 403

    def test_the_installation_s_are_for_admins(self, world: World, ann: Person, receiver: Receiver) -> None:
        boss = world.client(world.person("Boss", admin=True))
        hook = made(boss.post("/v1/admin/webhooks", json={"name": "siem", "url": receiver.url}))
        assert "gateway.silent" in boss.get("/v1/admin/webhooks/events").json()["events"]
        assert world.client(ann).get(f"/v1/webhooks/{hook['id']}").status_code == 404
        assert boss.get(f"/v1/webhooks/{hook['id']}").status_code == 404
        world.key(ann)
        work(world)
        [line] = boss.get(f"/v1/admin/webhooks/{hook['id']}/deliveries").json()["items"]
        assert line["type"] == "key.created"
