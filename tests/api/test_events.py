"""Posting usage over HTTP: durable when answered, told item by item, refused clearly."""

from __future__ import annotations

import gzip
import json
import threading
from typing import Any

import pytest
from starlette.testclient import TestClient

from support.gateway import COST, Gateway
from support.world import World


@pytest.fixture
def gateway(world: World) -> Gateway:
    return Gateway.of(world)


@pytest.fixture
def client(world: World, gateway: Gateway) -> TestClient:
    client = world.client()
    client.headers["Authorization"] = f"Bearer {gateway.token}"
    return client


def test_a_post_is_stored_before_it_is_answered(world: World, gateway: Gateway, client: TestClient) -> None:
    answer = client.post("/v1/events", json=[gateway.event(), gateway.event(usage={"input_tokens": -1})])
    assert answer.status_code == 202
    body = answer.json()
    assert (body["received"], body["accepted"]) == (2, 1)
    assert body["rejected"][0]["code"] == "event.tokens_negative"
    assert world.count("inbox_batches", "state = 0") == 1
    pending = client.get(f"/v1/batches/{body['batch_id']}").json()
    assert (pending["status"], pending["items"]) == ("pending", [])
    gateway.settle()
    settled = client.get(f"/v1/batches/{body['batch_id']}").json()
    assert settled["status"] == "settled"
    assert settled["credits"] == "0.0045"
    assert [item["outcome"] for item in settled["items"]] == ["inserted", "quarantined"]
    assert settled["items"][1]["code"] == "event.tokens_negative"


def test_a_post_can_wait_for_its_settlement(world: World, gateway: Gateway, client: TestClient) -> None:
    done = threading.Event()

    def settle() -> None:
        while not done.is_set():
            gateway.settle()
            done.wait(0.01)

    settler = threading.Thread(target=settle)
    settler.start()
    try:
        answer = client.post("/v1/events?wait=20", json=gateway.event())
    finally:
        done.set()
        settler.join()
    assert answer.status_code == 200
    assert answer.json()["status"] == "settled"
    assert gateway.balance() == 100 * 10**9 - COST


def test_waiting_ends(gateway: Gateway, client: TestClient) -> None:
    assert client.post("/v1/events?wait=0.05", json=gateway.event()).status_code == 202


@pytest.mark.parametrize("wait", ["-1", "31", "soon", "nan"])
def test_wait_is_a_number_of_seconds(gateway: Gateway, client: TestClient, wait: str) -> None:
    answer = client.post(f"/v1/events?wait={wait}", json=gateway.event())
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/wait")


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"{", {"Content-Type": "application/json"}, 400, "body.malformed"),
        (b'{"id": NaN}', {"Content-Type": "application/json"}, 400, "body.malformed"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "body.unsupported"),
        (b"{}", {"Content-Type": "application/json", "Content-Encoding": "br"}, 415, "body.unsupported"),
        (b"nonsense", {"Content-Type": "application/json", "Content-Encoding": "gzip"}, 400, "body.malformed"),
        (b"[" + b"0," * 1000 + b"0]", {"Content-Type": "application/json"}, 413, "body.too_many_events"),
        (b" " * (9 << 20), {"Content-Type": "application/json"}, 413, "body.too_large"),
        (
            gzip.compress(b" " * (9 << 20)),
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
            413,
            "body.too_large",
        ),
    ],
    ids=["broken", "nan", "type", "encoding", "gzip", "many", "large", "bomb"],
)
def test_a_bad_body_is_refused_whole(
    world: World, client: TestClient, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = client.post("/v1/events", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert world.count("inbox_batches") == 0


def test_a_compressed_ndjson_post_is_read(gateway: Gateway, client: TestClient) -> None:
    lines = "\n".join(json.dumps(gateway.event()) for _ in range(3)).encode()
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    assert client.post("/v1/events", content=gzip.compress(lines), headers=headers).json()["accepted"] == 3


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer nonsense", "Basic abc", "Bearer ccg_" + "0" * 42])
def test_only_gateways_may_post(gateway: Gateway, client: TestClient, token: str) -> None:
    answer = client.post("/v1/events", json=gateway.event(), headers={"Authorization": token})
    assert answer.status_code == 401


def test_a_token_needs_the_scope(world: World, gateway: Gateway, client: TestClient) -> None:
    other = world.gateway("verifier", scopes=["keys:verify"]).token
    answer = client.post("/v1/events", json=gateway.event(), headers={"Authorization": f"Bearer {other}"})
    assert answer.status_code == 403


def test_a_revoked_token_is_refused_within_two_seconds(world: World, gateway: Gateway, client: TestClient) -> None:
    assert client.post("/v1/events", json=gateway.event()).status_code == 202
    with world.scope() as scope:
        [row] = world.rows("gateways")
        scope.gateways.revoke(row["public_id"])
    world.clock.move(seconds=2)
    assert client.post("/v1/events", json=gateway.event()).status_code == 401


def test_a_batch_is_its_gateways_and_the_admins(world: World, gateway: Gateway, client: TestClient) -> None:
    batch_id = client.post("/v1/events", json=gateway.event()).json()["batch_id"]
    path = f"/v1/batches/{batch_id}"

    def status(token: str) -> int:
        return client.get(path, headers={"Authorization": f"Bearer {token}"}).status_code

    assert status(gateway.token) == 200
    assert status(world.gateway("other").token) == 404
    assert status(world.token(world.person("Root", admin=True))) == 200
    assert status(world.token(gateway.person)) == 403
    assert client.get(path, headers={"Authorization": ""}).status_code == 401
    assert client.get("/v1/batches/bat_nonsense").status_code == 404


def test_twenty_posts_of_the_same_event_at_once_charge_once(world: World, gateway: Gateway, client: TestClient) -> None:
    event = gateway.event()
    statuses: list[int] = []
    start = threading.Barrier(20)

    def post() -> None:
        start.wait()
        statuses.append(client.post("/v1/events", json=event).status_code)

    threads = [threading.Thread(target=post) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gateway.settle()
    assert statuses == [202] * 20
    assert world.count("events") == 1
    assert gateway.balance() == 100 * 10**9 - COST


def test_nothing_secret_is_stored_or_answered(world: World, gateway: Gateway, client: TestClient) -> None:
    event = gateway.event(api_key="ccm_aSecretThatNobodyKnowsOfButTheOneWhoSentIt000", messages=["secret words"])
    bad: dict[str, Any] = {**event, "id": "bad", "usage": {"input_tokens": "secret number"}}
    answer = client.post("/v1/events", json=[event, bad])
    gateway.settle()
    stored = str([world.rows(table) for table in ("inbox_batches", "quarantine", "events", "batch_outcomes")])
    for text in (stored, answer.text):
        assert "Secret" not in text
        assert "secret words" not in text
