"""`migrate` prepares a database, harmlessly again and again; settings that are wrong are named in one line."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli

SECRETS = dict.fromkeys(("CCMANAGE_SECRET_KEYS", "CCMANAGE_ENCRYPTION_KEYS", "CCMANAGE_KEY_PEPPER"), "s" * 32)


def test_a_new_database_gets_schema_prices_and_an_administrator(bare_cli: "Cli", tmp_path: Path) -> None:
    given = {
        **SECRETS,
        "CCMANAGE_DATABASE_URL": f"sqlite:///{tmp_path}/new.db",
        "CCMANAGE_ADMIN_EMAIL": "root@example.com",
        "CCMANAGE_ADMIN_PASSWORD": "a password of some length",
    }
    first = bare_cli("migrate", **given)
    assert first.code == 0, first.err
    assert "newest version" in first.out
    assert "Seeded the price book" in first.out
    assert "root@example.com" in first.out
    again = bare_cli("migrate", **given)
    assert again.code == 0
    assert again.out == "The database was up to date.\n"


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "CCMANAGE_DATABASE_URL"),
        ({"CCMANAGE_DATABASE_URL": "postgresql://x/y"}, "CCMANAGE_DATABASE_URL"),
        ({"CCMANAGE_DATABASE_URL": "sqlite:///x.db"}, "CCMANAGE_SECRET_KEYS"),
        ({"CCMANAGE_DATABASE_URL": "sqlite:///x.db", **SECRETS, "CCMANAGE_KEY_PEPPER": "short"}, "CCMANAGE_KEY_PEPPER"),
        ({**SECRETS, "CCMANAGE_DATABASE_URL": "mysql://u:p@127.0.0.1:1/x"}, "CCMANAGE_DATABASE_URL"),
        ({**SECRETS, "CCMANAGE_LOG_LEVEL": "LOUD"}, "CCMANAGE_LOG_LEVEL"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(bare_cli: "Cli", environment: dict[str, str], says: str) -> None:
    done = bare_cli("migrate", **environment)
    assert done.code == 2
    assert says in done.err
    assert done.err.count("\n") == 1
    assert done.out == ""


@pytest.mark.parametrize("command", ["api", "worker", "scheduler"])
def test_processes_of_the_production_shape_do_not_start_embedded(bare_cli: "Cli", command: str) -> None:
    done = bare_cli(command)
    assert done.code == 2
    assert "CCMANAGE_DATABASE_URL" in done.err
    with_database = bare_cli(command, CCMANAGE_DATABASE_URL="mysql://u:p@127.0.0.1:1/x", **SECRETS)
    assert with_database.code == 2
    assert "CCMANAGE_REDIS_URL" in with_database.err


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["up"],
        ["api"],
        ["worker"],
        ["scheduler"],
        ["migrate"],
        ["audit"],
        ["doctor"],
        ["replay"],
        ["users", "create"],
        ["gateways", "create"],
        ["keys", "create"],
        ["prices", "import"],
    ],
    ids=" ".join,
)
def test_every_command_explains_itself(bare_cli: "Cli", command: list[str]) -> None:
    done = bare_cli(*command, "--help")
    assert done.code == 0
    assert "Usage:" in done.out
    assert "\x1b" not in done.out  # colours on a terminal only


def test_an_unknown_command_is_wrong_use(bare_cli: "Cli") -> None:
    assert bare_cli("explode").code == 2
    assert bare_cli("--version").out.strip()
