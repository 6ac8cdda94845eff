"""The OpenAPI document describes what is served, and what is served keeps to it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from support.databases import hurry, migrated_sqlite
from support.gateway import Gateway
from support.world import ORIGIN, World
from tools.openapi import OUTPUT, document

DOCUMENT: dict[str, Any] = json.loads(document())
OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]


def operation(path: str, method: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][path][method]
    return found


def test_it_is_the_same_each_time_and_needs_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCMANAGE_DATABASE_URL", "mysql://nowhere/x")
    monkeypatch.setenv("CCMANAGE_TRUSTED_PROXIES", "nonsense")
    assert json.loads(document()) == DOCUMENT


def test_operations_are_named_resource_verb_and_each_once() -> None:
    names = [operation(path, method)["operationId"] for path, method in OPERATIONS]
    assert len(names) == len(set(names))
    assert all(name.replace("_", "").isalpha() and "_" in name and name.islower() for name in names)


def test_every_operation_says_what_it_does_and_belongs_somewhere() -> None:
    for path, method in OPERATIONS:
        described = operation(path, method)
        assert described["description"].endswith("."), (path, method)
        assert len(described["tags"]) == 1, (path, method)


def test_every_schema_and_no_validation_leftovers() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert "HTTPValidationError" not in schemas
    for name, schema in schemas.items():
        assert schema.get("description"), name


def test_errors_are_problem_documents() -> None:
    for path, method in OPERATIONS:
        for status, answer in operation(path, method)["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (path, method, status)


def test_fields_of_answers_are_always_there() -> None:
    """A field that may be missing and one that may be null are two ways to say one thing; we use one."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        if not name.endswith("In") and "properties" in schema and name not in {"UsageIn"}:
            missing = set(schema["properties"]) - set(schema.get("required", []))
            assert not missing or name in {"AcceptedOut", "BatchOut", "BatchItemOut"}, (name, missing)


def test_the_page_for_people_names_every_operation(sqlite_world: World) -> None:
    page = sqlite_world.client().get("/docs")
    assert page.status_code == 200
    for path, method in OPERATIONS:
        assert f'id="{operation(path, method)["operationId"]}"' in page.text
    assert "<script" not in page.text
    assert "http://" not in page.text.replace("http://testserver", "")
    assert sqlite_world.client().get("/docs.css").headers["content-type"].startswith("text/css")


def test_the_served_document_is_this_one(sqlite_world: World) -> None:
    assert sqlite_world.client().get("/openapi.json").json() == DOCUMENT


def test_the_committed_document_is_up_to_date() -> None:
    assert OUTPUT.read_text(encoding="utf-8") == document(), "run: make openapi"


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = settings(max_examples=12, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))


class Target:
    """A filled installation that is asked, and ids of things that exist there."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.gateway = Gateway.of(world)
        self.gateway.charge(
            self.gateway.event(),
            self.gateway.event(model="nobody-knows-me"),
            self.gateway.event(api_key="ccm_" + "0" * 42),
        )
        self.boss = world.person("Boss", admin=True)
        hers, boss = world.client(self.gateway.person), world.client(self.boss)

        def first(client: TestClient, address: str) -> str:
            found: str = client.get(address).json()["items"][0]["id"]
            return found

        self.ids = {
            "key_id": first(hers, "/v1/keys"),
            "event_id": first(hers, "/v1/usage/events"),
            "user_id": world.person("Somebody").id,
            "session_id": first(hers, "/v1/me/sessions"),
            "token_id": "tok_" + "0" * 26,
            "workspace_id": self.gateway.person.workspace_id,
            "grant_id": first(hers, "/v1/credits/grants"),
            "gateway_id": first(boss, "/v1/admin/gateways"),
            "price_id": first(boss, "/v1/admin/prices"),
            "quarantine_id": first(boss, "/v1/admin/quarantine"),
            "batch_id": "bat_" + "0" * 26,
            "hold_id": "hld_" + "0" * 26,
            "lease_id": "lea_" + "0" * 26,
        }

    def client(self, path: str) -> TestClient:
        """Return a client for an operation: a gateway for posts, the owner for what is theirs, else an admin."""
        if path in {"/v1/events", "/v1/keys/verify"} or path.startswith(("/v1/holds", "/v1/leases")):
            client = self.world.client()
            client.headers["Authorization"] = f"Bearer {self.gateway.token}"
            return client
        return self.world.client(self.boss if path.startswith("/v1/admin") else self.gateway.person)


@pytest.fixture(scope="module")
def target(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    world = World(migrated_sqlite(sqlite_template, tmp_path_factory.mktemp("conformance") / "world.db"))
    hurry(world.runtime.database.engine)
    yield Target(world)
    world.close()


SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)


CASES = [
    pytest.param(path, method, mode, ids, id=f"{method} {path} {mode.value} {ids}")
    for path, method in OPERATIONS
    for mode in GenerationMode
    for ids in (["real ids", "any ids"] if "{" in path else ["no ids"])
]


@pytest.mark.parametrize(("path", "method", "mode", "ids"), CASES)
def test_what_is_served_keeps_to_the_document(
    target: Target, path: str, method: str, mode: GenerationMode, ids: str
) -> None:
    """Schemathesis asks every operation what its schema allows, and what it does not."""
    client = target.client(path)
    asked = SCHEMA[path][method.upper()]
    known = {name: value for name, value in target.ids.items() if f"{{{name}}}" in path} if ids == "real ids" else None

    @EXAMPLES
    @given(case=asked.as_strategy(generation_mode=mode, **({"path_parameters": known} if known else {})))
    def ask(case: schemathesis.Case) -> None:
        given_by_schema = case.as_transport_kwargs(base_url=ORIGIN)
        headers = {
            name: value
            for name, value in given_by_schema.pop("headers").items()
            # Who asks is not what is tried here, nor which workspace: nearly everything would be refused for it.
            if name.lower() not in {"authorization", "x-workspace", "cookie", "host", "content-length"}
        }
        given_by_schema.pop("cookies")
        if "data" in given_by_schema:
            given_by_schema["content"] = given_by_schema.pop("data")
        try:
            answer = client.request(**given_by_schema, headers=headers, follow_redirects=False)
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, UnicodeEncodeError, TypeError):
            return  # what cannot be sent
        case.validate_response(answer, checks=CHECKS)

    try:
        ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "only what asks for nothing cannot be asked wrongly"
