"""People, gateways and keys from the command line: secrets never in arguments, shown once, errors in one line."""

from typing import TYPE_CHECKING

import pytest

from support.world import World

if TYPE_CHECKING:
    from conftest import Cli

PASSWORD = "a password of some length"


def test_a_person_is_created_with_a_password_from_the_environment(cli: "Cli", world: World) -> None:
    done = cli("users", "create", "ann@example.com", "--name", "Ann", "--admin", "--json", CCMANAGE_PASSWORD=PASSWORD)
    assert done.code == 0, done.err
    assert done.json["email"] == "ann@example.com"
    assert done.json["role"] == "admin"
    assert PASSWORD not in done.out + done.err
    signed_in = world.client().post("/v1/auth/login", json={"email": "ann@example.com", "password": PASSWORD})
    assert signed_in.status_code == 200


def test_a_password_may_come_on_standard_input(cli: "Cli") -> None:
    done = cli("users", "create", "ben@example.com", "--password-stdin", stdin=PASSWORD + "\n")
    assert done.code == 0, done.err
    assert "ben@example.com" in done.out


@pytest.mark.parametrize(
    ("arguments", "password", "code", "says"),
    [
        (["ann@example.com"], "", 2, "CCMANAGE_PASSWORD"),
        (["ann@example.com"], "short", 1, "password"),
        (["not an address"], PASSWORD, 1, "email"),
        ([], PASSWORD, 2, "email"),
    ],
)
def test_what_is_wrong_is_said_in_the_exit_code_and_one_line(
    cli: "Cli", arguments: list[str], password: str, code: int, says: str
) -> None:
    environment = {"CCMANAGE_PASSWORD": password} if password else {}
    done = cli("users", "create", *arguments, **environment)
    assert done.code == code
    assert says in done.err
    assert "Traceback" not in done.err


def test_an_address_is_taken_once(cli: "Cli") -> None:
    assert cli("users", "create", "ann@example.com", CCMANAGE_PASSWORD=PASSWORD).code == 0
    again = cli("users", "create", "ANN@example.com", CCMANAGE_PASSWORD=PASSWORD)
    assert again.code == 1
    assert again.err.count("\n") == 1


def test_a_gateways_token_works(cli: "Cli", world: World) -> None:
    made = cli("gateways", "create", "proxy", "--scope", "usage:write", "--json").json
    assert made["scopes"] == ["usage:write"]
    answer = world.client().post("/v1/events", json=[], headers={"Authorization": f"Bearer {made['token']}"})
    assert answer.status_code == 202
    assert cli("gateways", "create", "proxy", "--scope", "everything").code == 2
    assert "ccg_" in cli("gateways", "create", "another").out


def test_a_key_belongs_to_the_persons_own_workspace_unless_told(cli: "Cli", world: World) -> None:
    ann = world.person("Ann")
    team = world.shared(ann)
    made = cli("keys", "create", "laptop", "--user", ann.email, "--json").json
    assert made["workspace_id"] == ann.workspace_id
    assert made["secret"].startswith("ccm_")
    from ccmanage.core.ids import WORKSPACE, encode_id

    wanted = encode_id(WORKSPACE, team.public_id)
    given = cli("keys", "create", "ci", "--user", ann.email, "--workspace", wanted, "--json").json
    assert given["workspace_id"] == wanted


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--user", "nobody@example.com"], 1, "nobody"),
        (["--user", "ann@example.com", "--expires-at", "tomorrow"], 2, "--expires-at"),
        (["--user", "ann@example.com", "--expires-at", "2001-01-01T00:00:00Z"], 1, "expires_at"),
        (["--user", "ann@example.com", "--workspace", "ws_nonsense"], 1, "ws_"),
    ],
)
def test_a_key_that_cannot_be_made_is_explained(
    cli: "Cli", world: World, options: list[str], code: int, says: str
) -> None:
    world.person("Ann")
    done = cli("keys", "create", "laptop", *options)
    assert done.code == code
    assert says in done.err


def test_nothing_is_created_in_a_database_that_is_not_migrated(bare_cli: "Cli", tmp_path: object) -> None:
    secrets = dict.fromkeys(("CCMANAGE_SECRET_KEYS", "CCMANAGE_ENCRYPTION_KEYS", "CCMANAGE_KEY_PEPPER"), "s" * 32)
    done = bare_cli("gateways", "create", "x", CCMANAGE_DATABASE_URL=f"sqlite:///{tmp_path}/new.db", **secrets)
    assert done.code == 2
    assert "ccmanage migrate" in done.err
