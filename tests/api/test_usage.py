"""What was used, over HTTP: sums, single calls, receipts, files."""

import csv
import io
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.usage import router as usage_router
from ccmanage.core.ids import WORKSPACE, encode_id
from ccmanage.core.money import format_credits
from ccmanage.workspaces.models import MemberRole
from support.gateway import COST, MODEL, Gateway
from support.world import Person, World


@pytest.fixture
def gateway(world: World) -> Gateway:
    return Gateway.of(world)


@pytest.fixture
def client(world: World, gateway: Gateway) -> TestClient:
    return world.client(gateway.person)


class TestSummary:
    def test_sums_by_day_with_every_bucket_named(self, gateway: Gateway, client: TestClient) -> None:
        gateway.charge(gateway.event(), gateway.event(status="error"))
        body = client.get("/v1/usage/summary", params={"from": "2026-11-22T00:00:00Z"}).json()
        assert body["items"] == [
            {
                "group": {"id": "2026-11-23T00:00:00+00:00", "label": "2026-11-23"},
                "split": None,
                "events": 2,
                "errors": 1,
                "input_tokens": 2_000,
                "output_tokens": 200,
                "cache_read_tokens": 0,
                "cache_write_tokens": 0,
                "credits": format_credits(2 * COST),
            }
        ]
        assert body["total"]["credits"] == format_credits(2 * COST)
        assert [bucket["label"] for bucket in body["buckets"]] == ["2026-11-22", "2026-11-23"]
        assert (body["from"], body["to"], body["tz"]) == ("2026-11-22T00:00:00.000Z", "2026-11-23T07:00:00.000Z", "UTC")

    def test_the_default_is_the_last_thirty_days(self, world: World, gateway: Gateway) -> None:
        gateway.charge(gateway.event())
        world.clock.move(days=29)
        assert world.client(gateway.person).get("/v1/usage/summary").json()["total"]["events"] == 1
        world.clock.move(days=2)
        assert world.client(gateway.person).get("/v1/usage/summary").json()["total"]["events"] == 0

    def test_days_are_the_readers(self, gateway: Gateway, client: TestClient) -> None:
        gateway.charge(gateway.event(time="2026-11-22T18:30:00Z"))
        for zone, day in (("UTC", "2026-11-22"), ("Asia/Kathmandu", "2026-11-23"), ("Asia/Kolkata", "2026-11-23")):
            items = client.get("/v1/usage/summary", params={"tz": zone}).json()["items"]
            assert [item["group"]["label"] for item in items] == [day], zone

    def test_cache_tokens_are_told_apart(self, gateway: Gateway, client: TestClient) -> None:
        usage = {
            "input_tokens": 1,
            "output_tokens": 2,
            "cache_read_input_tokens": 30,
            "cache_creation_input_tokens": 400,
            "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 300},
        }
        gateway.charge(gateway.event(usage=usage))
        total = client.get("/v1/usage/summary").json()["total"]
        assert (total["cache_read_tokens"], total["cache_write_tokens"]) == (30, 400)

    @pytest.mark.parametrize("group", ["hour", "day", "week", "month", "model", "key", "user", "project"])
    def test_every_grouping_adds_up_to_the_same(self, gateway: Gateway, client: TestClient, group: str) -> None:
        gateway.charge(gateway.event(), gateway.event(project="apollo"), gateway.event(model="claude-opus-4-1"))
        body = client.get("/v1/usage/summary", params={"group_by": group}).json()
        assert sum(item["events"] for item in body["items"]) == body["total"]["events"] == 3
        assert bool(body["buckets"]) is (group in {"hour", "day", "week", "month"})

    def test_unpriced_tokens_are_counted_and_cost_nothing(self, gateway: Gateway, client: TestClient) -> None:
        gateway.charge(gateway.event(model="nobody-knows-me"))
        total = client.get("/v1/usage/summary").json()["total"]
        assert (total["input_tokens"], total["credits"]) == (1_000, "0")

    @pytest.mark.parametrize(
        ("params", "pointer"),
        [
            ({"group_by": "minute"}, "/group_by"),
            ({"split_by": "minute"}, "/split_by"),
            ({"split_by": "day"}, "/split_by"),
            ({"tz": "Mars/Olympus"}, "/tz"),
            ({"from": "yesterday"}, "/from"),
            ({"from": "2026-11-24T00:00:00Z"}, "/to"),
            ({"from": "2020-01-01T00:00:00Z"}, "/from"),
            ({"from": "2026-01-01"}, "/from"),
        ],
    )
    def test_bad_questions_name_the_field(self, sqlite_world: World, params: dict[str, str], pointer: str) -> None:
        client = sqlite_world.client(sqlite_world.person("Ann"))
        answer = client.get("/v1/usage/summary", params=params)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


class TestEvents:
    def test_an_event_is_told_in_full(self, gateway: Gateway, client: TestClient) -> None:
        gateway.charge(gateway.event(project="apollo", session_id="s-1"))
        event = client.get("/v1/usage/events").json()["items"][0]
        assert event["id"].startswith("evt_")
        assert (event["event_id"], event["model"], event["status"]) == ("msg_000001", MODEL, "ok")
        assert (event["project"], event["session_id"], event["service_tier"]) == ("apollo", "s-1", "standard")
        assert (event["key"]["name"], event["user"]["name"]) == ("laptop", "Ann")
        assert event["tokens"] == {
            "input": 1_000,
            "output": 100,
            "cache_read": 0,
            "cache_write_5m": 0,
            "cache_write_1h": 0,
        }
        assert (event["credits"], event["priced"], event["flags"]) == (format_credits(COST), True, [])
        assert (
            client.get(f"/v1/usage/events/{event['id']}").json()["receipt"]["settlement"]["id"]
            == event["settlement_id"]
        )

    def test_pages_are_newest_first_and_miss_nothing(self, gateway: Gateway, client: TestClient) -> None:
        times = ["2026-11-23T06:00:00Z"] * 4 + ["2026-11-22T06:00:00Z", "2026-11-23T06:30:00Z"]
        gateway.charge(*[gateway.event(time=time) for time in times])
        seen: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = client.get("/v1/usage/events", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
            seen += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert [event["time"] for event in seen] == sorted((event["time"] for event in seen), reverse=True)
        assert len({event["id"] for event in seen}) == 6

    def test_filters(self, gateway: Gateway, client: TestClient) -> None:
        gateway.charge(
            gateway.event(model="claude-opus-4-1"), gateway.event(status="error"), gateway.event(project="apollo")
        )
        for params, ids in (
            ({"model": "claude-opus-4-1"}, ["msg_000001"]),
            ({"status": "error"}, ["msg_000002"]),
            ({"status": "ok"}, ["msg_000003", "msg_000001"]),
            ({"project": "apollo"}, ["msg_000003"]),
            ({"model": "none"}, []),
            ({"to": "2026-11-23T06:00:00Z"}, []),
        ):
            items = client.get("/v1/usage/events", params=params).json()["items"]
            assert [event["event_id"] for event in items] == ids, params

    def test_a_receipt_adds_up(self, gateway: Gateway, client: TestClient) -> None:
        gateway.charge(gateway.event(), gateway.event())
        event = client.get("/v1/usage/events").json()["items"][0]
        receipt = client.get(f"/v1/usage/events/{event['id']}").json()["receipt"]
        assert [(line["class"], line["quantity"]) for line in receipt["lines"]] == [("input", 1_000), ("output", 100)]
        assert receipt["price"]["pattern"].startswith("claude-sonnet")
        assert [share["credits"] for share in receipt["settlement"]["grants"]] == [format_credits(2 * COST)]
        assert receipt["settlement"]["settled_at"] == "2026-11-23T07:00:00.000Z"

    def test_what_no_grant_covered_is_debt(self, world: World) -> None:
        gateway = Gateway.of(world, credits=None, name="Poor")
        gateway.charge(gateway.event())
        client = world.client(gateway.person)
        event = client.get("/v1/usage/events").json()["items"][0]
        shares = client.get(f"/v1/usage/events/{event['id']}").json()["receipt"]["settlement"]["grants"]
        assert shares == [{"grant_id": None, "origin": None, "credits": format_credits(COST)}]
        balance = client.get("/v1/credits/balance").json()
        assert (balance["balance"], balance["debt"]) == (format_credits(-COST), format_credits(COST))

    def test_an_unpriced_event_has_no_receipt_yet(self, gateway: Gateway, client: TestClient) -> None:
        gateway.charge(gateway.event(model="nobody-knows-me"))
        event = client.get("/v1/usage/events").json()["items"][0]
        assert (event["priced"], event["settlement_id"]) == (False, None)
        assert client.get(f"/v1/usage/events/{event['id']}").json()["receipt"] is None

    def test_flags_are_named(self, world: World, gateway: Gateway, client: TestClient) -> None:
        key = client.get("/v1/keys").json()["items"][0]["id"]
        client.post(f"/v1/keys/{key}/revoke")
        world.clock.move(seconds=5)
        gateway.charge(gateway.event())
        assert client.get("/v1/usage/events").json()["items"][0]["flags"] == ["key_revoked"]


class TestRoles:
    def test_members_see_what_they_used_themselves(self, world: World, gateway: Gateway) -> None:
        """Viewers, managers and owners see all of the workspace."""
        ann, bob, vic = gateway.person, world.person("Bob"), world.person("Vic")
        team = world.shared(ann, "Team")
        world.join(team, bob, MemberRole.MEMBER)
        world.join(team, vic, MemberRole.VIEWER)
        world.grant(team, "10")
        secrets = {person.email: world.key(person, workspace=team).secret for person in (ann, bob)}
        gateway.charge(*[gateway.event(api_key=secret) for secret in secrets.values()])

        def ask(person: Person, address: str) -> Any:
            return world.client(person).get(address, headers={"X-Workspace": encode_id(WORKSPACE, team.public_id)})

        for person, events in ((ann, 2), (vic, 2), (bob, 1)):
            assert ask(person, "/v1/usage/summary").json()["total"]["events"] == events
            listed = ask(person, "/v1/usage/events").json()["items"]
            assert len(listed) == events
            assert len(ask(person, "/v1/usage/export?format=jsonl").text.splitlines()) == events
            assert ask(person, "/v1/credits/balance").json()["balance"] == format_credits(10**10 - 2 * COST)
        hers = next(event for event in ask(ann, "/v1/usage/events").json()["items"] if event["user"]["name"] == "Ann")
        assert ask(bob, f"/v1/usage/events/{hers['id']}").status_code == 404
        assert ask(bob, f"/v1/usage/summary?key_id={hers['key']['id']}").json()["total"]["events"] == 0


class TestExport:
    def test_csv_and_json_lines_tell_the_same(self, gateway: Gateway, client: TestClient) -> None:
        gateway.charge(gateway.event(project="apollo"), gateway.event())
        answer = client.get("/v1/usage/export")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"] == 'attachment; filename="usage.csv"'
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        lines = client.get("/v1/usage/export", params={"format": "jsonl"})
        assert lines.headers["content-type"] == "application/jsonl"
        records = [json.loads(line) for line in lines.text.splitlines()]
        assert (
            [row["event_id"] for row in rows]
            == [record["event_id"] for record in records]
            == ["msg_000002", "msg_000001"]
        )
        assert rows[1]["project"] == records[1]["project"] == "apollo"
        assert rows[0]["credits"] == records[0]["credits"] == format_credits(COST)
        assert (rows[0]["priced"], records[0]["priced"]) == ("true", True)

    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t="])
    def test_no_cell_is_a_formula(self, world: World, start: str) -> None:
        gateway = Gateway.of(world)
        evil = f"{start}HYPERLINK(1)".strip() if start == "\t=" else f"{start}HYPERLINK(1)"
        gateway.charge(gateway.event(id=f"{evil}x", project=evil, session_id=f'{evil},"quoted"'))
        text = world.client(gateway.person).get("/v1/usage/export").text
        row = next(csv.DictReader(io.StringIO(text)))
        assert (row["event_id"], row["project"], row["session_id"]) == (f"'{evil}x", f"'{evil}", f'\'{evil},"quoted"')

    def test_long_files_are_read_page_by_page(
        self, gateway: Gateway, client: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(usage_router, "PAGE_ROWS", 2)
        gateway.charge(*[gateway.event() for _ in range(7)])
        rows = list(csv.DictReader(io.StringIO(client.get("/v1/usage/export").text)))
        assert [row["event_id"] for row in rows] == [f"msg_{number:06d}" for number in range(7, 0, -1)]

    def test_a_download_is_recorded(self, world: World, gateway: Gateway, client: TestClient) -> None:
        client.get("/v1/usage/export")
        assert world.count("audit_log", "action = 'usage.export'") == 1
        assert client.get("/v1/usage/export", params={"from": "2020-01-01T00:00:00Z"}).status_code == 422
        assert world.count("audit_log", "action = 'usage.export'") == 1
