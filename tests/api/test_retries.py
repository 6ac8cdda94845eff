"""A request is run again as a whole when the database stumbles, and says so when the database is away."""

import threading
import time
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from ccmanage.core.uow import OutcomeUnknown, UnitOfWork
from ccmanage.keys.service import KeyService
from support.world import World


def deadlock() -> OperationalError:
    return OperationalError("UPDATE x", {}, Exception(1213, "Deadlock found"))


def away() -> OperationalError:
    return OperationalError("SELECT 1", {}, Exception(2003, "Can't connect"))


def stumble(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, errors: list[Exception]) -> list[int]:
    """Let a method do its work and then fail, once for each error; returns a list that grows with each call."""
    whole: Callable[..., Any] = getattr(owner, method)
    calls: list[int] = []

    def failing(self: Any, *args: Any, **options: Any) -> Any:
        calls.append(1)
        answer = whole(self, *args, **options)
        if errors:
            raise errors.pop(0)
        return answer

    monkeypatch.setattr(owner, method, failing)
    return calls


@pytest.fixture
def client(world: World) -> TestClient:
    return world.client(world.person("Ann"))


def test_a_deadlock_is_not_seen(world: World, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = stumble(monkeypatch, KeyService, "issue", [deadlock(), deadlock()])
    assert client.post("/v1/keys", json={"name": "k"}).status_code == 201
    assert len(calls) == 3
    assert world.count("api_keys") == 1
    assert world.count("audit_log", "action = 'keys.issue'") == 1


def test_a_commit_that_fails_is_a_try_too(world: World, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """FastAPI would answer 201 before it learns that the commit failed."""
    failed: list[int] = []
    whole = UnitOfWork._finish

    def fail_once(self: UnitOfWork, *, failed: bool, seen: list[int] = failed) -> None:
        if self.write and not failed and not seen:
            seen.append(1)
            whole(self, failed=True)
            raise deadlock()
        whole(self, failed=failed)

    monkeypatch.setattr(UnitOfWork, "_finish", fail_once)
    assert client.post("/v1/keys", json={"name": "k"}).status_code == 201
    assert failed == [1]
    assert world.count("api_keys") == 1


def test_a_lost_answer_to_commit_is_never_run_again(
    world: World, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = stumble(monkeypatch, KeyService, "issue", [OutcomeUnknown("lost")])
    answer = client.post("/v1/keys", json={"name": "k"})
    assert (answer.status_code, answer.json()["code"]) == (503, "outcome.unknown")
    assert answer.headers["retry-after"]
    assert len(calls) == 1


def test_a_database_that_is_away_answers_503(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = stumble(monkeypatch, KeyService, "issue", [away() for _ in range(20)])
    answer = client.post("/v1/keys", json={"name": "k"})
    assert (answer.status_code, answer.json()["code"]) == (503, "database.unavailable")
    assert answer.headers["retry-after"] == "1"
    assert "2003" not in answer.text
    assert "SELECT" not in answer.text
    assert 1 < len(calls) <= 5


def test_other_errors_are_500_once_and_tell_nothing(
    world: World, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = stumble(monkeypatch, KeyService, "issue", [RuntimeError("secret detail")])
    answer = client.post("/v1/keys", json={"name": "k"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "secret detail" not in answer.text
    assert len(calls) == 1
    assert world.count("api_keys") == 0


def test_after_a_failure_the_next_request_works(
    world: World, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing stays locked, not even SQLite's one writer."""
    stumble(monkeypatch, KeyService, "issue", [RuntimeError("x"), away(), away(), away(), away(), away()])
    for _ in range(2):
        client.post("/v1/keys", json={"name": "k"})
    assert client.post("/v1/keys", json={"name": "k"}).status_code == 201
    assert world.app.state.places._limiter.borrowed_tokens == 0


def test_all_places_taken_is_a_503(sqlite_world: World) -> None:
    client = sqlite_world.client(sqlite_world.person("Ann"))
    places = sqlite_world.app.state.places
    places._wait_seconds = 0.01
    whole = places._limiter.total_tokens
    places._limiter.total_tokens = 0
    answer = client.get("/v1/keys")
    assert (answer.status_code, answer.json()["code"]) == (503, "server.busy")
    places._limiter.total_tokens = whole
    assert client.get("/v1/keys").status_code == 200


def test_many_writers_at_once_all_finish(world: World) -> None:
    """More than there are threads: those who wait must leave one for the writer whom they wait for."""
    clients = [world.client(world.person(f"Person {number}")) for number in range(6)]
    world.app.state.places._wait_seconds = 60
    answers: list[int] = []

    def write(client: TestClient, number: int) -> None:
        answers.append(client.post("/v1/keys", json={"name": f"key {number}"}).status_code)

    threads = [threading.Thread(target=write, args=(clients[number % 6], number)) for number in range(72)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [201] * 72
    assert world.count("api_keys") == 72


def test_a_request_that_is_cancelled_leaves_nothing_locked(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = sqlite_world.token(sqlite_world.person("Ann"))
    whole = KeyService.issue

    def slow(self: KeyService, *args: Any, **options: Any) -> Any:
        time.sleep(0.2)
        return whole(self, *args, **options)

    monkeypatch.setattr(KeyService, "issue", slow)
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/v1/keys", "raw_path": b"/v1/keys", "query_string": b"", "root_path": "",
        "headers": [(b"content-type", b"application/json"), (b"authorization", f"Bearer {token}".encode())],
        "client": ("127.0.0.1", 1), "server": ("testserver", 80), "state": {},
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b'{"name": "k"}', "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    async def run() -> None:
        with anyio.move_on_after(0.1):
            await sqlite_world.app(scope, receive, send)

    anyio.run(run)
    assert sent == []
    assert sqlite_world.count("api_keys") == 0
    monkeypatch.undo()
    assert sqlite_world.client(sqlite_world.person("Bob")).post("/v1/keys", json={"name": "k"}).status_code == 201
