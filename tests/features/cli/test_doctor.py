"""`doctor` finds what is wrong, says what to do, and exits 1 for it."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from ccmanage.core.clock import SystemClock
from ccmanage.reports.models import BooksRun
from support.gateway import Gateway
from support.world import World

if TYPE_CHECKING:
    from conftest import Cli


def findings(cli: "Cli", **environment: str) -> dict[str, tuple[str, str]]:
    """Run it and return state and text of each check."""
    done = cli("doctor", "--json", **environment)
    found = {entry["check"]: (entry["state"], entry["text"]) for entry in done.json}
    assert done.code == (1 if any(state == "wrong" for state, _text in found.values()) else 0)
    return found


@pytest.fixture
def healthy(world: World) -> World:
    """An installation with prices and audited books."""
    with world.scope() as scope:
        scope.pricing.import_library(dry_run=False)
        scope.session.add(
            BooksRun(
                at=SystemClock().now_ms(),
                is_full=1,
                is_clean=1,
                batch_watermark=0,
                settlement_watermark=0,
                report=b"{}",
            )
        )
    return world


def test_a_healthy_installation_passes(cli: "Cli", healthy: World) -> None:
    found = findings(cli)
    assert {name: text for name, (state, text) in found.items() if state == "wrong"} == {}
    assert {"settings", "secrets", "disk", "broker", "database", "clock", "schema", "ledger guards", "backlog"} <= set(
        found
    )
    assert found["books"][0] == "ok"
    assert cli("doctor").out.count("\n") >= len(found)


def test_durability_and_modes_are_looked_at_on_mysql(cli: "Cli", healthy: World) -> None:
    found = findings(cli)
    if healthy.is_sqlite:
        assert found["durability"][0] == "ok"
        return
    names = {"sql_mode", "isolation", "binary log", "max_allowed_packet", "character set"}
    assert {name: found[name] for name in names if found[name][0] != "ok"} == {}
    # The suite's server may flush less often than production must.
    with healthy.read() as scope:
        flush = scope.session.execute(text("SELECT @@innodb_flush_log_at_trx_commit")).scalar_one()
    assert found["commit durability"][0] == ("ok" if flush == 1 else "warning")


def test_a_ledger_without_guards_is_wrong(cli: "Cli", sqlite_world: World) -> None:
    with sqlite_world.scope() as scope:
        scope.session.execute(text("DROP TRIGGER tr_ledger_refuse_update"))
    found = findings(cli, CCMANAGE_DATABASE_URL=sqlite_world.settings.database_url)
    assert found["ledger guards"][0] == "wrong"
    assert "tr_ledger_refuse_update" in found["ledger guards"][1]


def test_batches_that_nobody_settles_are_wrong(cli: "Cli", healthy: World) -> None:
    healthy.clock.now = SystemClock().now_ms() - 120_000
    gateway = Gateway.of(healthy)
    gateway.post(gateway.event())
    assert findings(cli)["backlog"][0] == "wrong"
    healthy.runtime.settler.run_pending()
    assert findings(cli)["backlog"][0] == "ok"


def test_an_unaudited_or_broken_book_is_named(cli: "Cli", healthy: World) -> None:
    with healthy.scope() as scope:
        scope.session.execute(text("UPDATE books_runs SET is_clean = 0"))
    assert findings(cli)["books"][0] == "wrong"
    with healthy.scope() as scope:
        scope.session.execute(text("DELETE FROM books_runs"))
    assert findings(cli)["books"] == ("warning", "never audited: run `ccmanage audit`")


def test_an_empty_price_book_and_unpriced_events_are_named(cli: "Cli", world: World) -> None:
    assert findings(cli)["prices"][0] == "wrong"
    gateway = Gateway.of(world)
    gateway.post(gateway.event(model="nobody-knows-it"))
    world.runtime.settler.run_pending()
    state, text = findings(cli)["prices"]
    assert state == "warning"
    assert text.endswith(": 1")


def test_secrets_that_everybody_may_read_are_wrong(cli: "Cli", healthy: World, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("a token of the operator's choice")
    secret.chmod(0o644)
    found = findings(cli, CCMANAGE_METRICS_TOKEN_FILE=str(secret))
    assert found["secrets"][0] == "wrong"
    assert str(secret) in found["secrets"][1]
    secret.chmod(0o600)
    assert findings(cli, CCMANAGE_METRICS_TOKEN_FILE=str(secret))["secrets"][0] == "ok"


def test_a_broker_that_is_away_is_wrong_and_one_that_answers_is_not(
    cli: "Cli", healthy: World, request: pytest.FixtureRequest
) -> None:
    assert findings(cli, CCMANAGE_REDIS_URL="redis://127.0.0.1:1/0")["broker"][0] == "wrong"
    assert findings(cli, CCMANAGE_BROKER_URL="amqp://guest:guest@127.0.0.1:1/")["broker"][0] == "wrong"
    redis = request.getfixturevalue("redis_server")
    state, text = findings(cli, CCMANAGE_REDIS_URL=redis.url)["broker"]
    assert state == "ok"
    assert "Redis" in text


def test_a_database_that_is_away_ends_the_examination(cli: "Cli") -> None:
    found = findings(cli, CCMANAGE_DATABASE_URL="mysql://u:p@127.0.0.1:1/x")
    assert found["database"][0] == "wrong"
    assert "schema" not in found


def test_without_an_installation_there_is_nothing_to_examine(bare_cli: "Cli") -> None:
    done = bare_cli("doctor")
    assert done.code == 2
    assert "CCMANAGE_DATABASE_URL" in done.err


def test_rows_under_an_old_key_are_told(cli: "Cli", healthy: World) -> None:
    healthy.person("Ann")
    assert findings(cli)["encryption"][0] == "ok"
    state, text = findings(cli, CCMANAGE_ENCRYPTION_KEYS=f"{'n' * 32},{'e' * 32}")["encryption"]
    assert state == "warning"
    assert "users 1" in text
    assert findings(cli, CCMANAGE_ENCRYPTION_KEYS="n" * 32)["encryption"][0] == "wrong"
