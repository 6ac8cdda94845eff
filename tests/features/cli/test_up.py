"""`ccmanage up`: one process with everything, filled with the demo; nothing is lost by stopping, nothing done twice."""

import json
import re
import signal
import stat
import time
import uuid
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.processes import Served, environment_of, run, until
from support.server_process import free_port
from support.servers import MySqlServer

pytestmark = pytest.mark.slow

TRACE_ROWS = 8_819
TRACE = Path(__file__).parents[3] / "ccmanage" / "demo" / "azure_llm_inference_trace_code_2023.csv.gz"


def started(folder: Path, **environment: str) -> Served:
    settings = environment_of(data_dir=folder / "var")
    for name in ("CCMANAGE_SECRET_KEYS", "CCMANAGE_ENCRYPTION_KEYS", "CCMANAGE_KEY_PEPPER"):
        del settings[name]  # the embedded mode makes its own
    return Served("up", environment={**settings, **environment}, folder=folder)


def signed_in(server: Served, email: str, password: str) -> httpx2.Client:
    client = httpx2.Client(base_url=server.url, timeout=30)
    answer = client.post("/v1/auth/login", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    client.cookies.clear()
    return client


def get(client: httpx2.Client, path: str, workspace: str = "") -> Any:
    answer = client.get(path, headers={"X-Workspace": workspace} if workspace else {})
    assert answer.status_code == 200, answer.text
    return answer.json()


def demo_done(folder: Path) -> bool:
    memory = folder / "var" / "demo.json"
    return memory.exists() and json.loads(memory.read_text())["done"]


def test_a_first_start_shows_real_figures_and_a_second_one_keeps_them(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        server.wait_ready()
        welcome = until(lambda: re.search(r"Sign in as (\S+) with the password (\S+)", server.output))
        email, password = welcome.groups()
        until(lambda: demo_done(tmp_path), 60)
        client = signed_in(server, email, password)
        team = next(entry for entry in get(client, "/v1/me")["workspaces"] if entry["kind"] == "shared")
        balance = until(lambda: settled_balance(client, team["id"]))
        assert float(balance["balance"]) > 0
        assert {grant["state"] for grant in balance["grants"]} >= {"active"}
        grants = get(client, "/v1/credits/grants", team["id"])["items"]
        assert {grant["state"] for grant in grants} == {"active", "exhausted", "scheduled"}
        days = get(client, "/v1/usage/summary?group_by=day", team["id"])
        assert len(days["items"]) >= 28
        models = get(client, "/v1/usage/summary?group_by=model", team["id"])
        assert len(models["items"]) == 5
        home = get(client, "/v1/usage/summary")
        assert home["total"]["events"] + days["total"]["events"] == TRACE_ROWS - 2  # two of an unknown key
        assert len(get(client, "/v1/keys", team["id"])["items"]) == 5
        assert len(get(client, "/v1/credits/ledger", team["id"])["items"]) > 20
        assert len(get(client, "/v1/admin/quarantine")["items"]) == 2
        assert get(client, "/v1/admin/prices/unpriced")[0]["events"] == 7
        assert get(client, "/v1/credits/balance")["debt"] == "0"
        check_from_outside(tmp_path)
        secrets_mode = (tmp_path / "var" / "secrets.json").stat().st_mode
        assert stat.S_IMODE(secrets_mode) == 0o600
        assert server.end(signal.SIGINT) == 0
        assert "Traceback" not in server.output

    begun = time.monotonic()
    with started(tmp_path) as server:
        server.wait_ready()
        assert time.monotonic() - begun < 20  # seconds, on a busy machine too
        assert "password" not in server.output
        again = signed_in(server, email, password)
        assert settled_balance(again, team["id"]) == balance
        assert server.end() == 0


def settled_balance(client: httpx2.Client, workspace: str) -> Any:
    """Return the balance once nothing waits to be settled."""
    if "ccmanage_usage_backlog_batches 0.0" not in client.get("/metrics").text:
        return None
    return {
        name: value
        for name, value in get(client, "/v1/credits/balance", workspace).items()
        if name not in {"run_out_at", "spend_per_day_7d"}
    }


def check_from_outside(folder: Path) -> None:
    """The commands find the embedded installation by its folder alone."""
    bare = {name: value for name, value in environment_of(data_dir=folder / "var").items() if "_KEY" not in name}
    code, out, err = run("audit", "--full", "--json", environment=bare, folder=folder)
    assert code == 0, out + err
    code, out, err = run("doctor", "--json", environment=bare, folder=folder)
    assert code == 0, out + err


def test_a_trace_replayed_twice_changes_nothing(tmp_path: Path) -> None:
    with started(tmp_path, DEMO="0", CCMANAGE_ADMIN_EMAIL="a@example.com", CCMANAGE_ADMIN_PASSWORD="root toor 1") as up:
        up.wait_ready()
        bare = {name: value for name, value in environment_of(data_dir=tmp_path / "var").items() if "_KEY" not in name}

        def command(*arguments: str, **more: str) -> Any:
            code, out, err = run(*arguments, "--json", environment={**bare, **more}, folder=tmp_path)
            assert code == 0, out + err
            return json.loads(out)

        token = command("gateways", "create", "replay")["token"]
        key = command("keys", "create", "replay", "--user", "a@example.com")["secret"]
        given = {"CCMANAGE_GATEWAY_TOKEN": token, "CCMANAGE_API_KEYS": key}
        first = command("replay", str(TRACE), "--url", up.url, **given)
        assert (first["received"], first["inserted"], first["duplicates"]) == (TRACE_ROWS, TRACE_ROWS, 0)
        second = command("replay", str(TRACE), "--url", up.url, **given)
        assert second["anchor"] == first["anchor"]
        assert (second["inserted"], second["duplicates"], second["conflicts"]) == (0, TRACE_ROWS, 0)
        client = signed_in(up, "a@example.com", "root toor 1")
        assert get(client, "/v1/usage/summary")["total"]["events"] == TRACE_ROWS
        assert f"-{first['credits']}" == get(client, "/v1/credits/balance")["balance"]
        assert up.end() == 0
    assert "ready" in up.output
    assert not (tmp_path / "var" / "demo.json").exists()


def test_an_interrupted_demo_goes_on_at_the_next_start(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        until((tmp_path / "var" / "demo.json").exists, 60)
        server.kill()
    assert not demo_done(tmp_path)
    with started(tmp_path) as server:
        until(lambda: demo_done(tmp_path), 60)
        assert server.end() == 0
    bare = {name: value for name, value in environment_of(data_dir=tmp_path / "var").items() if "_KEY" not in name}
    code, out, err = run("audit", "--full", environment=bare, folder=tmp_path)
    assert code == 0, out + err


@pytest.mark.mysql
def test_one_process_works_on_a_given_database_without_redis(mysql_server: MySqlServer, tmp_path: Path) -> None:
    name = f"up_{uuid.uuid4().hex[:12]}"
    settings = environment_of(database_url=mysql_server.create_database(name), data_dir=tmp_path / "var")
    with Served("up", environment=settings, folder=tmp_path) as server:
        until(lambda: demo_done(tmp_path), 120)
        assert "CCMANAGE_DATABASE_URL" in server.output
        assert server.end(signal.SIGINT) == 0
    code, out, err = run("audit", "--full", environment=settings, folder=tmp_path)
    assert code == 0, out + err
    assert not (tmp_path / "var" / "secrets.json").exists()  # they were given
    mysql_server.drop_database(name)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        port = taken.getsockname()[1]
        code, _out, err = run(
            "up", "--port", str(port), environment=environment_of(data_dir=tmp_path / "var"), folder=tmp_path
        )
    assert code == 2
    assert f"PORT: cannot listen on 127.0.0.1:{port}" in err
    assert err.count("\n") == 1
