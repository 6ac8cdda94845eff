"""`/v1/admin/prices`: what administrators see and set."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from support.gateway import Gateway
from support.world import World

RATES = {"input": "4", "output": "20", "cache_read": "0.2", "cache_write_5m": "5", "cache_write_1h": "8"}
HIGHER = dict.fromkeys(RATES, "100")
PRICE = {
    "pattern": "Acme/Large*",
    "effective_from": "2026-11-01T00:00:00Z",
    "rates": RATES,
    "tiers": [{"above_input_tokens": 100_000, "rates": HIGHER}],
    "variants": {"batch": {"rates": HIGHER}},
    "web_search": "10",
    "multiplier": "11/10",
    "note": "as agreed",
}
USAGE = {
    "input_tokens": 12,
    "output_tokens": 42,
    "cache_read_input_tokens": 5_000,
    "cache_creation_input_tokens": 2_000,
    "cache_creation": {"ephemeral_5m_input_tokens": 1_500, "ephemeral_1h_input_tokens": 500},
    "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 3},
    "service_tier": "standard",
    "something_new": {"kept": "out"},
}


@pytest.fixture
def admin(world: World) -> TestClient:
    return world.client(world.person("Root", admin=True))


def imported(admin: TestClient) -> dict[str, Any]:
    answer = admin.post("/v1/admin/prices/import", json={"dry_run": False})
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def fields(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", ""),
        ("POST", "/preview"),
        ("GET", "/unpriced"),
        ("POST", "/import"),
        ("POST", "/prc_00000000000000000000000000/withdraw"),
    ],
)
def test_only_administrators_come_in(sqlite_world: World, method: str, path: str) -> None:
    body = {"json": {}} if method == "POST" else {}
    assert sqlite_world.client().request(method, f"/v1/admin/prices{path}", **body).status_code == 401
    user = sqlite_world.client(sqlite_world.person("Ann"))
    refused = user.request(method, f"/v1/admin/prices{path}", **body)
    assert (refused.status_code, refused.json()["code"]) == (403, "admins.only")


def test_a_manual_price_is_set_and_listed(world: World, admin: TestClient) -> None:
    answer = admin.post("/v1/admin/prices", json=PRICE)
    assert answer.status_code == 201
    price = answer.json()
    assert price["id"].startswith("prc_")
    assert price == {
        "id": price["id"],
        "pattern": "acme/large*",
        "origin": "manual",
        "version": 1,
        "effective_from": "2026-11-01T00:00:00.000Z",
        "rates": RATES,
        "tiers": PRICE["tiers"],
        "variants": {"batch": {"rates": HIGHER, "tiers": []}, "fast": None},
        "web_search": "10",
        "multiplier": "1.1",
        "withdrawn": False,
        "note": "as agreed",
        "created_at": "2026-11-23T07:00:00.000Z",
    }
    assert admin.get("/v1/admin/prices").json() == {"items": [price], "next_cursor": None}
    assert world.queue.sent[0].name == "pricing.prices_changed"


def test_the_second_of_the_same_is_the_next_version(admin: TestClient) -> None:
    versions = [admin.post("/v1/admin/prices", json=PRICE).json()["version"] for _ in range(2)]
    assert versions == [1, 2]


def test_a_price_holds_from_now_on_unless_told(admin: TestClient) -> None:
    body = {"pattern": "m", "rates": RATES}
    price = admin.post("/v1/admin/prices", json=body).json()
    assert price["effective_from"] == price["created_at"]
    assert (price["web_search"], price["multiplier"], price["tiers"]) == ("0", "1", [])


def test_a_markup_on_the_librarys_price_needs_no_rates(admin: TestClient) -> None:
    imported(admin)
    price = admin.post("/v1/admin/prices", json={"pattern": "claude-opus-5-5", "multiplier": "1.2"}).json()
    assert price["rates"] == RATES
    assert price["variants"]["fast"]["rates"]["input"] == "8"
    assert price["multiplier"] == "1.2"
    refused = admin.post("/v1/admin/prices", json={"pattern": "acme-1", "multiplier": "1.2"})
    assert fields(refused) == [("/rates", "price.rates_required")]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"pattern": ""}, "/pattern"),
        ({"pattern": "a b"}, "/pattern"),
        ({"pattern": "x" * 201}, "/pattern"),
        ({"effective_from": "2026-11-01"}, "/effective_from"),
        ({"effective_from": 5}, "/effective_from"),
        ({"rates": {**RATES, "input": 4}}, "/rates/input"),
        ({"rates": {**RATES, "input": "NaN"}}, "/rates/input"),
        ({"rates": {**RATES, "input": "-1"}}, "/rates"),
        ({"rates": {**RATES, "input": "1000000.000000001"}}, "/rates"),
        ({"rates": {**RATES, "input": "0.0000000001"}}, "/rates/input"),
        ({"rates": {"input": "1"}}, "/rates/output"),
        ({"rates": None}, "/rates"),
        ({"tiers": [{"above_input_tokens": 0, "rates": RATES}]}, "/tiers/0/above_input_tokens"),
        ({"tiers": PRICE["tiers"] * 2}, "/tiers"),
        ({"web_search": "-1"}, "/web_search"),
        ({"multiplier": "1/0"}, "/multiplier"),
        ({"multiplier": 1.1}, "/multiplier"),
        ({"multiplier": "-2"}, "/multiplier"),
        ({"note": "x" * 501}, "/note"),
        ({"note": "a\nb"}, "/note"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_bad_fields_are_named(sqlite_world: World, change: dict[str, Any], pointer: str) -> None:
    admin = sqlite_world.client(sqlite_world.person("Root", admin=True))
    answer = admin.post("/v1/admin/prices", json={**PRICE, **change})
    assert pointer in [found for found, _ in fields(answer)]
    assert admin.get("/v1/admin/prices").json()["items"] == []


def test_the_import_shows_its_difference_first(world: World, admin: TestClient) -> None:
    planned = admin.post("/v1/admin/prices/import", json={"dry_run": True}).json()
    assert len(planned["added"]) > 100
    assert (planned["changed"], planned["unchanged"], planned["skipped"]) == ([], 0, [])
    assert admin.get("/v1/admin/prices").json()["items"] == []
    assert imported(admin) == planned
    again = imported(admin)
    assert (again["added"], again["unchanged"]) == ([], len(planned["added"]))
    log = [entry["action"] for entry in world.rows("audit_log", "subject_kind = 'price_book'")]
    assert log == ["pricing.import_library"]


def test_prices_are_found_by_model_and_origin_and_come_in_pages(admin: TestClient) -> None:
    imported(admin)
    admin.post("/v1/admin/prices", json=PRICE)

    def patterns(**query: object) -> list[str]:
        answer = admin.get("/v1/admin/prices", params=query)
        assert answer.status_code == 200
        return [price["pattern"] for price in answer.json()["items"]]

    assert patterns(origin="manual") == ["acme/large*"]
    assert set(patterns(model="us.anthropic.claude-opus-4-8-v1:0")) == {"claude-opus-4-8*"}
    assert patterns(model="no such") == []
    first = admin.get("/v1/admin/prices", params={"limit": 1}).json()
    assert [price["pattern"] for price in first["items"]] == ["acme/large*"]
    second = admin.get("/v1/admin/prices", params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert second["items"][0]["origin"] == "library"
    assert admin.get("/v1/admin/prices", params={"origin": "else"}).status_code == 422
    assert admin.get("/v1/admin/prices", params={"cursor": "x"}).status_code == 422


def test_a_preview_explains_a_call(admin: TestClient) -> None:
    imported(admin)
    body = {"model": "us.anthropic.claude-opus-5-5", "time": "2026-11-22T22:13:52.342Z", "usage": USAGE}
    quote = admin.post("/v1/admin/prices/preview", json=body).json()
    assert quote["credits"] == "0.013388"
    assert quote["price"]["pattern"] == "claude-opus-5-5"
    assert quote["price"]["multiplier"] == "1"
    assert quote["lines"] == [
        {"class": "input", "quantity": 12, "rate_per_million": "4", "credits": "0.000048"},
        {"class": "output", "quantity": 42, "rate_per_million": "20", "credits": "0.00084"},
        {"class": "cache_read", "quantity": 5_000, "rate_per_million": "0.2", "credits": "0.001"},
        {"class": "cache_write_5m", "quantity": 1_500, "rate_per_million": "5", "credits": "0.0075"},
        {"class": "cache_write_1h", "quantity": 500, "rate_per_million": "8", "credits": "0.004"},
    ]


def test_a_preview_knows_searches_geography_and_the_unsplit_cache(admin: TestClient) -> None:
    imported(admin)
    usage = {
        "cache_creation_input_tokens": 1_000_000,
        "server_tool_use": {"web_search_requests": 1},
        "inference_geo": "us",
        "speed": "fast",
    }
    quote = admin.post("/v1/admin/prices/preview", json={"model": "claude-opus-5-5", "usage": usage}).json()
    assert [(line["class"], line["credits"]) for line in quote["lines"]] == [
        ("cache_write_5m", "10"),
        ("geography", "1"),
        ("web_search", "0.01"),
    ]
    assert quote["credits"] == "11.01"


def test_a_preview_without_a_price_or_beyond_the_bounds_says_so(sqlite_world: World) -> None:
    admin = sqlite_world.client(sqlite_world.person("Root", admin=True))
    unknown = admin.post("/v1/admin/prices/preview", json={"model": "acme-9", "usage": {}})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "price.model_unpriced")
    admin.post("/v1/admin/prices", json={"pattern": "m", "rates": {**RATES, "input": "1000000"}})
    dear = admin.post("/v1/admin/prices/preview", json={"model": "m", "usage": {"input_tokens": 10**9}})
    assert (dear.status_code, dear.json()["code"]) == (422, "event.cost_out_of_range")
    for usage, pointer in (
        ({"input_tokens": -1}, "/usage/input_tokens"),
        ({"input_tokens": 10**9 + 1}, "/usage/input_tokens"),
        ({"input_tokens": 1.5}, "/usage/input_tokens"),
        ({**USAGE, "cache_creation_input_tokens": 1_999}, "/usage/cache_creation"),
    ):
        refused = admin.post("/v1/admin/prices/preview", json={"model": "m", "usage": usage})
        assert pointer in [found for found, _ in fields(refused)]


def test_a_manual_price_can_be_taken_back(admin: TestClient) -> None:
    imported(admin)
    wrong = admin.post("/v1/admin/prices", json={**PRICE, "pattern": "*"}).json()
    call = {"model": "claude-opus-5-5", "usage": USAGE}
    assert admin.post("/v1/admin/prices/preview", json=call).json()["price"]["origin"] == "manual"
    answer = admin.post(f"/v1/admin/prices/{wrong['id']}/withdraw", json={"note": "a slip"})
    assert answer.status_code == 201
    gone = answer.json()
    assert (gone["withdrawn"], gone["version"], gone["effective_from"]) == (True, 1, "2026-11-23T07:00:00.000Z")
    assert admin.post("/v1/admin/prices/preview", json=call).json()["price"]["origin"] == "library"
    library = admin.get("/v1/admin/prices", params={"origin": "library", "limit": 1}).json()["items"][0]
    refused = admin.post(f"/v1/admin/prices/{library['id']}/withdraw", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "price.not_manual")
    missing = admin.post("/v1/admin/prices/prc_00000000000000000000000000/withdraw", json={})
    assert (missing.status_code, missing.json()["code"]) == (404, "price.not_found")
    assert admin.post("/v1/admin/prices/nonsense/withdraw", json={}).status_code == 404


def test_every_change_is_in_the_audit_log(world: World, admin: TestClient) -> None:
    price = admin.post("/v1/admin/prices", json=PRICE).json()
    admin.post(f"/v1/admin/prices/{price['id']}/withdraw", json={})
    entries = world.rows("audit_log", "subject_kind = 'price'")
    assert [entry["action"] for entry in entries] == ["pricing.add_price", "pricing.withdraw_price"]
    assert entries[0]["subject_id"] == price["id"]
    assert all(entry["actor_user_id"] for entry in entries)


def test_unpriced_models_are_listed_until_they_have_a_price(world: World, admin: TestClient) -> None:
    gateway = Gateway.of(world)
    assert admin.get("/v1/admin/prices/unpriced").json() == []
    gateway.charge(*[gateway.event(model="acme-1") for _ in range(2)], gateway.event(model="acme-2"), gateway.event())
    [first, second] = admin.get("/v1/admin/prices/unpriced").json()
    assert first == {
        "model": "acme-1",
        "events": 2,
        "tokens": 2_200,
        "first_at": "2026-11-23T06:59:59.000Z",
        "last_at": "2026-11-23T06:59:59.000Z",
    }
    assert (second["model"], second["events"]) == ("acme-2", 1)
    admin.post("/v1/admin/prices", json={**PRICE, "pattern": "acme-1"})
    assert world.runtime.charge_late_prices() == 2
    [left] = admin.get("/v1/admin/prices/unpriced").json()
    assert left["model"] == "acme-2"
