"""Every route has a caller or is reviewed as public; nobody reaches what is another's or sets what is not theirs."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from api.deps import CALLERS, admin, arrived, open_scope, person, signed_in
from api.openapi import dependencies_of
from ccmanage.core.ids import WORKSPACE, encode_id
from ccmanage.core.sql import chunks
from ccmanage.tables import metadata
from support.gateway import Gateway
from support.world import Person, World

# Reviewed: what anybody may ask. Everything else names its caller.
PUBLIC = {
    ("POST", "/v1/auth/login"),
    ("POST", "/v1/invitations/look"),  # whoever holds the token of the mail
    ("POST", "/v1/auth/totp/verify"),
    ("GET", "/v1/auth/registration"),
    ("POST", "/v1/auth/register"),
    ("POST", "/v1/auth/verify-email"),
    ("POST", "/v1/auth/password/forgot"),
    ("POST", "/v1/auth/password/reset"),
    ("POST", "/v1/auth/address/confirm"),
    ("POST", "/v1/auth/address/undo"),
    ("GET", "/v1/mail/stop"),  # a signed link, see tests/features/email/test_sending.py
    ("POST", "/v1/mail/stop"),
    ("GET", "/v1/auth/methods"),
    ("GET", "/v1/auth/oidc/start"),
    ("GET", "/v1/auth/oidc/callback"),
    ("GET", "/healthz"),
    ("GET", "/v1/processors"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),  # loopback or token, see test_health
    ("POST", "/v1/events"),  # gateways, see test_events
    ("GET", "/v1/batches/{batch_id}"),  # gateways and administrators, see test_events
    ("POST", "/v1/keys/verify"),  # gateways, see tests/features/admission
    ("DELETE", "/v1/leases/{lease_id}"),
    ("POST", "/v1/holds"),
    ("GET", "/v1/holds/{hold_id}"),
    ("DELETE", "/v1/holds/{hold_id}"),
    ("GET", "/docs"),
    ("GET", "/docs.css"),
    ("GET", "/openapi.json"),
}
ADMIN_PREFIX = "/v1/admin/"


def routes(world: World) -> Iterator[tuple[str, str, Any]]:
    for context in iter_route_contexts(world.app.routes):
        for method in sorted((context.methods or set()) - {"HEAD"}):
            assert context.path is not None
            yield method, context.path, context


def needs(context: Any) -> set[Any]:
    dependant = getattr(context, "dependant", None)
    return set(dependencies_of(dependant)) if dependant else set()


def test_every_route_has_a_caller_or_is_reviewed(sqlite_world: World) -> None:
    without = {(method, path) for method, path, context in routes(sqlite_world) if not needs(context) & CALLERS}
    assert without == PUBLIC


def test_admin_routes_ask_for_an_admin_and_only_they(sqlite_world: World) -> None:
    for method, path, context in routes(sqlite_world):
        assert (admin in needs(context)) is path.startswith(ADMIN_PREFIX), (method, path)


def test_whoever_opens_a_transaction_asks_for_the_caller_first(sqlite_world: World) -> None:
    """Else an unknown caller would take SQLite's one writer before being refused."""
    for method, path, context in routes(sqlite_world):
        if not isinstance(getattr(context, "original_route", None), APIRoute):
            continue
        if path == "/v1/batches/{batch_id}" or path.startswith("/v1/holds"):
            continue  # the gateway is asked first, a person otherwise
        first = [dependency.call for dependency in context.dependant.dependencies]
        if open_scope in first:
            # Reviewed as public: whoever asks shows a token of their own, not a session.
            assert first[0] in CALLERS or (method, path) in PUBLIC, (method, path)


def filled(path: str) -> str:
    """Fill the parameters of a path with ids that exist nowhere."""
    return re.sub(
        r"\{(\w+)_id\}",
        lambda match: {
            "invitation": "inv_",
            "key": "key_", "user": "usr_", "workspace": "ws_", "gateway": "gw_", "grant": "grt_", "event": "evt_",
            "quarantine": "qua_", "price": "prc_", "batch": "bat_", "package": "pkg_", "subscription": "sub_",
            "voucher": "vch_", "request": "req_",
            "session": "ses_", "token": "tok_", "email": "mail_",
            "audit": "aud_", "export": "exp_",
            "threshold": "thr_", "notification": "ntf_", "webhook": "whk_", "delivery": "dlv_",
            "identity": "idn_", "hold": "hld_", "lease": "lea_", "move": "mov_",
        }[match[1]] + "0" * 26,
        path.replace("{seq}", "1"),
    )  # fmt: skip


def test_without_a_credential_every_other_route_is_401(sqlite_world: World) -> None:
    client = sqlite_world.client()
    for method, path, _ in routes(sqlite_world):
        if (method, path) not in PUBLIC:
            answer = client.request(method, filled(path), json={} if method != "GET" else None)
            assert answer.status_code == 401, (method, path, answer.text)


def test_people_who_are_no_admins_get_403_everywhere_there(sqlite_world: World) -> None:
    client = sqlite_world.client(sqlite_world.person("Ann"))
    for method, path, _ in routes(sqlite_world):
        if path.startswith(ADMIN_PREFIX):
            answer = client.request(method, filled(path), json={} if method != "GET" else None)
            assert (answer.status_code, answer.json()["code"]) == (403, "admins.only"), (method, path)


def test_ids_that_exist_nowhere_are_404_everywhere(sqlite_world: World) -> None:
    client = sqlite_world.client(sqlite_world.person("Boss", admin=True))
    bodies: dict[str, dict[str, Any]] = {
        "{purpose}": {"given": True},
        "suspend": {"reason": "x"},
        "reset": {"reason": "x"},
        "require": {"required": True, "reason": "x"},
        "void": {"reason": "x"},
        "expire": {"reason": "x"},
        "reverse": {"reason": "x"},
        "approve": {"credits": "1"},
        "deny": {"note": "x"},
        "dismiss": {"reason": "x"},
        "withdraw": {},
        "/v1/admin/vouchers/{voucher_id}/withdraw": {"reason": "x"},
        "grants": {"credits": "1", "reason": "x"},
        "{package_id}": {"revision": 1},
        "draft": {"revision": 1, "terms": {"allowance": "1", "period": {"kind": "day"}}},
        "publish": {"revision": 1},
        "archive": {"revision": 1, "reason": "x"},
        "move": {"dry_run": True, "reason": "x"},
        "moves": {"reason": "x"},
        "pause": {"reason": "x"},
        "{language}": {"version": 0, "source": "Subject: x\n\ny"},
        "render": {"source": "Subject: x\n\ny"},
        "take-back": {"version": 0},
        "keep": {"reason": "x"},
        "extend": {"ends_at": None, "reason": "x"},
        "preview": {"action": "cancel"},
        "change": {"preview_id": "pre_" + "0" * 26, "reason": "x"},
        "remove": {},
        "{user_id}": {"role": "member"},
        "{workspace_id}": {"name": "x", "revision": 1},
        "role": {"role": "user", "reason": "x", "revision": 1},
        "end-sessions": {"reason": "x"},
        "view-as": {"reason": "x"},
        "cancel": {"preview_id": "pre_" + "0" * 26, "reason": "x"},
    }
    checked = 0
    for method, path, _ in routes(sqlite_world):
        if "{" in path and path.startswith("/v1/") and not path.startswith(("/v1/holds", "/v1/leases")):
            body = bodies.get(path, bodies.get(path.rpartition("/")[2], {}))
            answer = client.request(method, filled(path), json=body if method != "GET" else None)
            assert answer.status_code == 404, (method, path, answer.text)
            checked += 1
    assert checked >= 20


class TestTwoTenants:
    """What belongs to one workspace does not exist for people of another, by whatever route they ask."""

    @pytest.fixture
    def gateway(self, world: World) -> Gateway:
        gateway = Gateway.of(world)
        gateway.charge(gateway.event(project="secret-project"))
        return gateway

    @pytest.fixture
    def eve(self, world: World) -> Person:
        return world.person("Eve")

    def test_every_id_of_the_other_is_404(self, world: World, gateway: Gateway, eve: Person) -> None:
        hers, other = world.client(gateway.person), world.client(eve)
        key = hers.get("/v1/keys").json()["items"][0]["id"]
        event = hers.get("/v1/usage/events").json()["items"][0]["id"]
        mine = {"{key_id}": key, "{event_id}": event}
        checked = 0
        for method, path, _ in routes(world):
            if path.startswith(ADMIN_PREFIX) or not any(name in path for name in mine):
                continue
            address = path
            for name, value in mine.items():
                address = address.replace(name, value)
            body = {} if method != "GET" else None
            assert hers.request(method, address, json=body).status_code < 400, (method, path)
            assert other.request(method, address, json=body).status_code == 404, (method, path)
            checked += 1
        assert checked >= 5

    def test_lists_and_sums_of_the_other_are_empty(self, world: World, gateway: Gateway, eve: Person) -> None:
        other = world.client(eve)
        key = world.client(gateway.person).get("/v1/keys").json()["items"][0]["id"]
        for address in ("/v1/keys", "/v1/usage/events", "/v1/credits/grants", "/v1/credits/ledger"):
            assert other.get(address).json()["items"] == []
        assert other.get("/v1/credits/balance").json()["balance"] == "0"
        for filters in ({}, {"key_id": key}, {"project": "secret-project"}, {"group_by": "project"}):
            answer = other.get("/v1/usage/summary", params=filters).json()
            assert answer["items"] == []
            assert answer["total"]["events"] == 0
        assert "secret-project" not in other.get("/v1/usage/export").text

    def test_the_header_does_not_open_another_workspace(self, world: World, gateway: Gateway, eve: Person) -> None:
        header = {"X-Workspace": encode_id(WORKSPACE, gateway.person.workspace.public_id)}
        other = world.client(eve)
        for method, path, context in routes(world):
            if needs(context) & (CALLERS - {arrived, signed_in, person, admin}):
                body = {} if method != "GET" else None
                answer = other.request(method, filled(path), headers=header, json=body)
                assert (answer.status_code, answer.json()["code"]) == (404, "workspaces.not_found"), (method, path)


def test_no_route_lets_anybody_set_a_column_that_it_does_not_offer(sqlite_world: World) -> None:
    """Sends every column of every table to every route that takes a body: all are refused as unknown fields."""
    columns = {column.name for table in metadata.tables.values() for column in table.columns}
    columns |= {"is_admin", "balance", "owner", "status", "__class__", "constructor", "__proto__"}
    client = sqlite_world.client(sqlite_world.person("Boss", admin=True))
    machine = sqlite_world.client()
    machine.headers["Authorization"] = f"Bearer {sqlite_world.gateway().token}"
    document = sqlite_world.app.openapi()
    checked = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None or "$ref" not in content["schema"] or path == "/v1/events":
                continue
            schema = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
            assert schema["additionalProperties"] is False, path
            for part in chunks(sorted(columns - set(schema["properties"])), 40):
                asker = machine if path.startswith("/v1/holds") else client
                answer = asker.request(method, filled(path), json=dict.fromkeys(part, 1))
                assert answer.status_code == 422, (path, part, answer.text)
                codes = {(error["pointer"], error["code"]) for error in answer.json()["errors"]}
                assert {(f"/{column}", "field.extra_forbidden") for column in part} <= codes, (path, part)
            checked += 1
    assert checked >= 12


SECRET_NAMES = re.compile(r"hash|digest|sealed|pepper|password|email_index|public_id|_nano$")
# The hash of a ledger entry is there to be checked; the ways to sign in are told by yes and no.
SHOWN = {"EntryOut": ["hash"], "ProofEntryOut": ["hash"], "MethodsOut": ["passwords"], "MeOut": ["has_password"]}


def test_no_answer_shows_what_is_inside(sqlite_world: World) -> None:
    """Fields of answers are ours to name; none is a digest, a hash of a secret or an inside number."""
    document = sqlite_world.app.openapi()
    for name, schema in document["components"]["schemas"].items():
        if name.endswith("In"):
            continue
        shown = [field for field in schema.get("properties", {}) if SECRET_NAMES.search(field)]
        assert not shown or shown == SHOWN.get(name), (name, shown)
        ids = [field for field in schema.get("properties", {}).items() if field[0] == "id" or field[0].endswith("_id")]
        for field, described in ids:
            text = str(described)
            assert "'type': 'integer'" not in text, (name, field)
