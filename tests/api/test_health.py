"""Is it alive, is it ready, what does it measure."""

import socket

import pytest

from ccmanage.migrations import downgrade
from support.databases import migrated_sqlite
from support.world import World, settings_for


def test_a_process_is_alive_whatever_the_database_does(world: World) -> None:
    client = world.client()
    world.runtime.database.dispose()
    assert client.get("/healthz").json() == {"status": "ok"}


def test_ready_means_database_and_migrations(world: World) -> None:
    assert world.client().get("/readyz").json() == {
        "status": "ok",
        "database": "ok",
        "migrations": "current",
        "broker": "none",
    }


def test_an_old_schema_is_not_ready(sqlite_world: World) -> None:
    downgrade(sqlite_world.runtime.database, "base")
    answer = sqlite_world.client().get("/readyz")
    assert answer.status_code == 503
    assert "migrate" in answer.json()["detail"]


def test_a_database_that_is_away_is_not_ready(sqlite_world: World) -> None:
    from ccmanage.core.db import Database

    sqlite_world.runtime.database = Database("sqlite:////nowhere/at/all.db")
    answer = sqlite_world.client().get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "server.not_ready")
    assert "nowhere" not in answer.text


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_missing_broker_only_degrades(sqlite_world: World, scheme: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        url = f"{scheme}://127.0.0.1:{port}"
        sqlite_world.runtime.settings = settings_for(sqlite_world.settings.database_url, broker_url=url)
        answer = sqlite_world.client().get("/readyz")
        assert (answer.status_code, answer.json()["status"], answer.json()["broker"]) == (200, "degraded", "degraded")
        free.listen()
        assert sqlite_world.client().get("/readyz").json()["broker"] == "ok"


class TestMetrics:
    def test_this_machine_may_read(self, world: World) -> None:
        client = world.client(world.person("Ann"))
        client.get("/v1/keys/key_nothing")
        text = client.get("/metrics").text
        assert 'route="/v1/keys/{key_id}"' in text
        assert "key_nothing" not in text

    def test_what_gateways_ask_has_its_own_routes(self, sqlite_world: World) -> None:
        client = sqlite_world.client()
        token = sqlite_world.gateway().token
        headers = {"Authorization": f"Bearer {token}"}
        before = _value(client.get("/metrics").text, 'ccmanage_verify_answers_total{code="NOT_FOUND"}')
        client.post("/v1/keys/verify", json={"api_key": "ccm_nothing"}, headers=headers)
        client.post("/v1/events", json=[], headers=headers)
        text = client.get("/metrics").text
        assert _value(text, 'ccmanage_verify_answers_total{code="NOT_FOUND"}') == before + 1
        assert 'route="/v1/keys/verify",status="200"' in text
        assert 'route="/v1/events"' in text

    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}])
    def test_others_find_nothing(self, sqlite_world: World, headers: dict[str, str]) -> None:
        assert sqlite_world.client(address="192.0.2.1").get("/metrics", headers=headers).status_code == 404

    def test_a_proxy_on_this_machine_is_not_this_machine(self, sqlite_world: World) -> None:
        answer = sqlite_world.client().get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
        assert answer.status_code == 404

    def test_the_token_opens(self, sqlite_template, tmp_path) -> None:  # type: ignore[no-untyped-def]
        world = World(migrated_sqlite(sqlite_template, tmp_path / "w.db"), metrics_token="letmeread")
        far = world.client(address="192.0.2.1")
        assert far.get("/metrics", headers={"Authorization": "Bearer letmeread"}).status_code == 200
        assert far.get("/metrics", headers={"Authorization": "Bearer letmereadx"}).status_code == 404
        assert far.get("/metrics").status_code == 404
        world.close()

    def test_made_up_methods_and_addresses_make_no_new_labels(self, sqlite_world: World) -> None:
        client = sqlite_world.client()
        client.request("BREW", "/v1/coffee")
        client.get("/some/page")
        text = client.get("/metrics").text
        assert "BREW" not in text
        assert "coffee" not in text
        assert "/some/page" not in text


def _value(text: str, name: str) -> float:
    return next((float(line.split()[-1]) for line in text.splitlines() if line.startswith(name)), 0.0)
