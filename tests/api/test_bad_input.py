"""Nonsense of every kind gets a clear refusal: never a 5xx, never an echo of what was sent."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from support.world import World

CANARY = "canary-7f3a"
DEEP = 100_000

MALFORMED: dict[str, bytes] = {
    "not json": b"{name: 1}",
    "truncated": b'{"name": "la',
    "two documents": b'{"name": "a"}{"name": "b"}',
    "NaN": b'{"name": NaN}',
    "Infinity": b'{"name": Infinity}',
    "-Infinity": b'{"name": -Infinity}',
    "an infinite float": b'{"name": 1e400}',
    "a number of 5,000 digits": b'{"name": ' + b"9" * 5_000 + b"}",
    "a lone high surrogate": b'{"name": "\\ud800"}',
    "a lone low surrogate": b'{"name": "\\udc00x"}',
    "a surrogate as a key": b'{"\\ud800": 1}',
    "bad UTF-8": b'{"name": "\xff\xfe"}',
    "overlong UTF-8": b'{"name": "\xc0\xaf"}',
    "UTF-16": '{"name": "k"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + b'{"name": "k"}',
    "arrays nested too deep": b"[" * DEEP,
    "objects nested too deep": b'{"name":' * DEEP + b"1" + b"}" * DEEP,
    "closed arrays nested too deep": b'{"name":' + b"[" * 30 + b"]" * 30 + b"}",
    "a member twice": b'{"name": "a", "name": "b"}',
    "a NUL": b"\x00",
    "only spaces": b"   ",
}


@pytest.fixture
def client(sqlite_world: World) -> TestClient:
    return sqlite_world.client(sqlite_world.person("Boss", admin=True))


def post(client: TestClient, body: bytes, *, address: str = "/v1/keys", **headers: str) -> Any:
    return client.post(address, content=body, headers={"Content-Type": "application/json", **headers})


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("address", ["/v1/keys", "/v1/auth/login"])
def test_malformed_bodies_are_a_400(client: TestClient, name: str, address: str) -> None:
    answer = post(client, MALFORMED[name], address=address)
    assert (answer.status_code, answer.json()["code"]) == (400, "body.malformed"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.content) < 1_000


@pytest.mark.parametrize("body", [b"null", b"true", b"5", b'"text"', b"[]", b'[{"name": "k"}]'])
def test_json_that_is_no_object_is_a_422(client: TestClient, body: bytes) -> None:
    assert post(client, body).status_code == 422


def test_no_body_is_a_422(client: TestClient) -> None:
    assert post(client, b"").status_code == 422


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonx", "", "%%%"]
)
def test_other_content_types_are_a_415(client: TestClient, media_type: str) -> None:
    answer = client.post("/v1/keys", content=b'{"name": "k"}', headers={"Content-Type": media_type})
    assert (answer.status_code, answer.json()["code"]) == (415, "body.unsupported_type")


def test_a_content_type_may_have_parameters(client: TestClient) -> None:
    answer = client.post(
        "/v1/keys", content=b'{"name": "k"}', headers={"Content-Type": "Application/JSON; charset=utf-8"}
    )
    assert answer.status_code == 201


def test_a_compressed_body_is_not_undone(client: TestClient) -> None:
    import gzip

    answer = post(client, gzip.compress(b'{"name": "k"}'), **{"Content-Encoding": "gzip"})
    assert answer.status_code == 400


VALUES: list[Any] = [
    5,
    1.5,
    True,
    None,
    [],
    {},
    ["x"],
    {"$gt": ""},
    "",
    " ",
    "\x00",
    "\x1b[31m",
    "a\r\nb",
    "\u2028",
    "x" * 100_000,
    "' OR '1'='1",
    "%_!\\",
    "../../etc/passwd",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "<script>alert(1)</script>",
    "=1+1",
    "\U0001f4a9" * 60,
    "\u202egnp.exe",
    2**63,
    -(2**63),
    2**200,
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:30])
def test_no_value_of_any_field_breaks_anything(client: TestClient, value: Any) -> None:
    """Sends every value as every field of several routes; whatever is accepted can be read again."""
    bodies = {
        "/v1/auth/login": {"email": "ann@example.com", "password": "x"},
        "/v1/keys": {"name": "k", "expires_at": "2027-01-01T00:00:00Z"},
        "/v1/admin/users": {"email": "b@example.com", "name": "B", "password": "long enough to pass", "role": "user"},
        "/v1/admin/gateways": {"name": "g", "scopes": ["usage:write"]},
        "/v1/admin/workspaces": {"name": "w", "owner_id": "usr_" + "0" * 26},
    }
    for address, good in bodies.items():
        for field in good:
            answer = client.post(address, json={**good, field: value})
            assert answer.status_code < 500, (address, field, answer.text)
            assert answer.status_code in {200, 201, 400, 401, 403, 404, 409, 422, 429}, (
                address,
                field,
                answer.status_code,
            )
    assert client.patch("/v1/me", json={"name": value}).status_code in {200, 400, 422}
    for address in ("/v1/me", "/v1/keys", "/v1/admin/users", "/v1/admin/gateways", "/v1/admin/audit-log"):
        assert client.get(address).status_code == 200


QUERIES = [
    "",
    "x",
    "-1",
    "0",
    "1e9",
    "9" * 400,
    "NaN",
    "\x00",
    "%00",
    "é",
    "💩",
    "a" * 5_000,
    "[]",
    "{}",
    "../..",
    "null",
    "'\"`;--",
]


@pytest.mark.parametrize("value", QUERIES, ids=lambda value: repr(value)[:20])
def test_no_query_breaks_anything(client: TestClient, value: str) -> None:
    questions = {
        "/v1/keys": ["limit", "cursor"],
        "/v1/usage/summary": ["from", "to", "tz", "group_by", "split_by", "model", "key_id", "project"],
        "/v1/usage/events": ["from", "to", "status", "cursor", "limit", "model", "key_id", "project"],
        "/v1/usage/export": ["from", "format"],
        "/v1/credits/ledger": ["kind", "cursor"],
        "/v1/admin/users": ["email", "cursor"],
        "/v1/admin/workspaces": ["search", "limit"],
        "/v1/admin/audit-log": ["action", "actor_id", "cursor"],
        "/v1/admin/quarantine": ["state", "code", "gateway_id"],
        "/v1/admin/prices": ["model", "origin", "cursor"],
        "/v1/admin/overview": ["from", "to", "tz"],
    }
    for address, names in questions.items():
        for name in names:
            answer = client.get(address, params={name: value})
            assert answer.status_code in {200, 404, 422}, (address, name, answer.status_code, answer.text)


@pytest.mark.parametrize(
    "query", ["limit=%ff%fe", "cursor=%00", "limit=1&limit=x", "&&&===", "limit[]=1", "%", "a=%zz"]
)
def test_no_raw_query_breaks_anything(client: TestClient, query: str) -> None:
    assert client.get(f"/v1/keys?{query}").status_code in {200, 422}


@pytest.mark.parametrize(
    "name",
    [
        "x",
        "key_",
        "key_" + "u" * 26,
        "key_" + "z" * 26,
        "KEY_" + "0" * 26,
        "%00",
        "%ff",
        "💩",
        "a" * 3_000,
        "..",
        "%2e%2e",
    ],
)
def test_no_id_breaks_anything(client: TestClient, name: str) -> None:
    for address in (
        "/v1/keys/{}",
        "/v1/usage/events/{}",
        "/v1/admin/users/{}",
        "/v1/admin/workspaces/{}/grants",
        "/v1/batches/{}",
    ):
        answer = client.get(address.format(name))
        assert answer.status_code in {200, 404}, (address, answer.text)


@pytest.mark.parametrize(
    "headers",
    [{"X-Workspace": "\xff"}, {"Authorization": "\xff\xfe"}, {"Cookie": "ccm_session=\xff"}, {"Cookie": ";;;=,"}],
)
def test_no_header_breaks_anything(sqlite_world: World, headers: dict[str, str]) -> None:
    client = sqlite_world.client(sqlite_world.person("Ann"))
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    assert client.get("/v1/keys", headers=raw).status_code in {200, 401, 404}  # type: ignore[arg-type]


def test_nothing_that_was_sent_is_echoed(client: TestClient) -> None:
    """Neither values nor names: an error page in a log must not hold a password."""
    attempts = [
        ("/v1/auth/login", {"email": CANARY, "password": {"nested": CANARY}}),
        ("/v1/auth/login", {"email": 5, "password": CANARY, "extra": CANARY}),
        ("/v1/keys", {"name": [CANARY]}),
        ("/v1/keys", {"name": "k", "expires_at": CANARY}),
        ("/v1/admin/users", {"email": CANARY, "name": "x", "password": CANARY, "role": CANARY}),
        ("/v1/admin/gateways", {"name": "g", "scopes": [CANARY]}),
    ]
    for address, body in attempts:
        answer = client.post(address, json=body)
        assert answer.status_code in {401, 422}
        assert CANARY not in answer.text, (address, answer.text)
    for address in (
        f"/v1/keys/{CANARY}",
        f"/v1/{CANARY}",
        f"/v1/keys?cursor={CANARY}",
        f"/v1/usage/summary?tz={CANARY}",
    ):
        assert CANARY not in client.get(address).text


def test_many_bad_fields_make_a_short_answer(client: TestClient) -> None:
    answer = client.post("/v1/keys", json={f"field{number}": 1 for number in range(5_000)})
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) <= 50
    long = client.post("/v1/keys", json={"x" * 10_000: 1, "name": "k"})
    assert all(len(error["pointer"]) <= 200 for error in long.json()["errors"])


def test_pointers_are_json_pointers(client: TestClient) -> None:
    answer = client.post("/v1/admin/gateways", json={"name": "g", "scopes": ["usage:write", "x"], "a/b~c": 1})
    assert sorted(error["pointer"] for error in answer.json()["errors"]) == ["/a~1b~0c", "/scopes/1"]
    assert json.dumps(answer.json())
