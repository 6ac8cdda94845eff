"""The compose file, the image, the units and the local stack agree, and keep what they promise on security."""

from __future__ import annotations

import configparser
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from prometheus_client import Counter, Gauge, Histogram

from ccmanage.core import metrics
from support.server_mysql import options_of
from tools import compose, dashboard

ROOT = Path(__file__).resolve().parents[2]
OURS = ("migrate", "api", "worker", "scheduler")
SCHEMA = json.loads((ROOT / "tests" / "fixtures" / "compose-spec" / "compose-spec.json").read_text())


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose.load()["services"]
    return found


def test_the_compose_file_follows_the_compose_specification() -> None:
    jsonschema.Draft201909Validator(SCHEMA).validate(compose.load())


def test_the_local_stack_runs_the_commands_of_the_compose_file(services: dict[str, dict[str, Any]]) -> None:
    variables = {"API_HOST": "127.0.0.1", "API_PORT": "8123"}
    local = {service.name: service for service in compose.own_services(variables)}
    assert tuple(local) == OURS
    for name, service in local.items():
        assert [re.sub(r"\$\{\w+:-[^}]*\}", "*", part) for part in services[name]["command"]] == [
            "*" if part in variables.values() else part for part in service.command
        ]
    assert local["api"].command[:3] == ("ccmanage", "api", "--host")
    assert local["worker"].replicas == 2


def test_the_units_run_the_same_commands(services: dict[str, dict[str, Any]]) -> None:
    for unit in (ROOT / "deploy" / "systemd").glob("*.service"):
        started = re.search(r"^ExecStart=/opt/ccmanage/bin/(.*)$", unit.read_text(), re.MULTILINE)
        assert started is not None
        name = started[1].split()[1]
        in_compose = [part for part in services[name]["command"] if not part.startswith("${")]
        assert [part for part in started[1].split() if part not in ("127.0.0.1", "8000")] == in_compose


def test_units_are_hardened() -> None:
    units = list((ROOT / "deploy" / "systemd").glob("*.service"))
    assert len(units) == 3
    for unit in units:
        lines = set(unit.read_text().splitlines())
        wanted = {
            "User=ccmanage",
            "NoNewPrivileges=yes",
            "ProtectSystem=strict",
            "CapabilityBoundingSet=",
            "UMask=0077",
        }
        assert wanted <= lines, unit.name
        assert any(line.startswith("MemoryMax=") for line in lines)
        assert any(line.startswith("LimitNOFILE=") for line in lines)


def test_containers_are_hardened(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["cap_drop"] == ["ALL"], name
        limits = service["deploy"]["resources"]["limits"]
        assert {"cpus", "memory", "pids"} <= limits.keys(), name
        assert ":latest" not in service["image"], name
        assert service.get("privileged") is None, name
        for port in service.get("ports", []):
            assert port.startswith(("127.0.0.1:", "${PUBLISH:-127.0.0.1:")), f"{name} is open to the network"
    for name in OURS:
        assert services[name]["read_only"] is True
        assert services[name]["user"] == "10001:10001"
        assert services[name]["init"] is True


def test_the_database_and_redis_are_reached_from_inside_alone(services: dict[str, dict[str, Any]]) -> None:
    assert compose.load()["networks"]["inside"] == {"internal": True}
    for name in ("mysql", "redis"):
        assert services[name]["networks"] == ["inside"]
        assert "ports" not in services[name]
        assert services[name]["healthcheck"]["test"]


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


def test_no_secret_has_a_default(services: dict[str, dict[str, Any]]) -> None:
    secret = re.compile(r"PASSWORD|SECRET_KEYS|ENCRYPTION_KEYS|PEPPER|TOKEN")
    required = set()
    for text in strings(services):
        for found in compose.VARIABLE.finditer(text):
            if secret.search(found["name"]) and found["name"] != "CCMANAGE_ADMIN_PASSWORD":
                assert found["how"] == ":?", f"{found['name']} has a default"
                required.add(found["name"])
    example = (ROOT / "deploy" / "env.example").read_text()
    for name in required | {"GRAFANA_PASSWORD"}:
        assert re.search(rf"^{name}=$", example, re.MULTILINE), f"{name} is missing or filled in deploy/env.example"


def test_services_start_in_order_and_end_in_time(services: dict[str, dict[str, Any]]) -> None:
    for name in ("api", "worker", "scheduler"):
        waits = services[name]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}
        assert waits["mysql"] == waits["redis"] == {"condition": "service_healthy"}
        assert services[name]["stop_grace_period"] == "40s"
    assert "readyz" in " ".join(services["api"]["healthcheck"]["test"])


def test_mysql_gets_the_shipped_options(services: dict[str, dict[str, Any]]) -> None:
    assert "./deploy/my.cnf:/etc/mysql/conf.d/ccmanage.cnf:ro" in services["mysql"]["volumes"]
    assert "--log-bin-trust-function-creators=1" in services["mysql"]["command"]
    options = options_of(ROOT / "deploy" / "my.cnf")
    assert {
        "--innodb-flush-log-at-trx-commit=1",
        "--sync-binlog=1",
        "--innodb-buffer-pool-size=2G",
        "--character-set-server=utf8mb4",
    } <= set(options)


def test_required_variables_are_required() -> None:
    assert compose.fill_in("a ${X:-b} ${Y}", {}) == "a b "
    assert compose.fill_in("${X:-b}${X:?no}", {"X": "c"}) == "cc"
    with pytest.raises(KeyError, match="set X"):
        compose.fill_in("${X:?set X}", {})


def test_the_image_is_built_from_locked_packages_and_runs_as_nobody() -> None:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    for line in re.findall(r"pip install [^&\n]*-r [^&\n]*", text):
        assert "--require-hashes" in line
        assert "--only-binary=:all:" in line
    assert text.rindex("USER 10001:10001") > text.rindex("FROM ")
    assert "HEALTHCHECK" in text
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[ignored.index("*") :][0] == "*"
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE)
    for source in " ".join(copied).split():
        top = source.rstrip("/").split("/")[0]
        assert f"!{top}" in ignored, f"{source} is kept out of the build"
        assert (ROOT / source).exists(), source


def exported_names() -> set[str]:
    names = set()
    for metric in vars(metrics).values():
        for family in metric.collect() if isinstance(metric, Counter | Gauge | Histogram) else ():
            names |= {family.name + end for end in ("", "_total", "_bucket", "_sum", "_count")}
    return names


def used_names() -> Iterator[tuple[str, str]]:
    for panel in dashboard.PANELS:
        for expression in panel.expressions.values():
            yield from ((name, panel.title) for name in re.findall(r"ccmanage_\w+", expression))
    alerts = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text())
    for rule in alerts["groups"][0]["rules"]:
        yield from ((name, rule["alert"]) for name in re.findall(r"ccmanage_\w+", rule["expr"]))


def test_dashboard_and_alerts_ask_for_metrics_that_exist() -> None:
    exported = exported_names()
    asked = list(used_names())
    assert len(asked) > 15
    assert [(name, place) for name, place in asked if name not in exported] == []


def test_the_dashboard_is_up_to_date() -> None:
    assert json.loads(dashboard.OUTPUT.read_text()) == dashboard.dashboard()


def test_every_alert_is_explained() -> None:
    alerts = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text())
    manual = (ROOT / "docs" / "operations.md").read_text()
    for rule in alerts["groups"][0]["rules"]:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert f"`{rule['alert']}`" in manual, f"docs/operations.md does not explain {rule['alert']}"


def test_option_files_are_well_formed() -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None, allow_no_value=True)
    for unit in (ROOT / "deploy" / "systemd").glob("*.service"):
        parser.read_string(unit.read_text())
