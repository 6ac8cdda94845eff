"""Reads what docker-compose.yml runs, so that `make stack` runs the very same commands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
COMPOSE_FILE = ROOT / "docker-compose.yml"
# The grammar of Compose that our file uses: ${NAME}, ${NAME:-default}, ${NAME:?error}.
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<how>:[-?])(?P<text>[^}]*))?\}")


@dataclass(frozen=True)
class Service:
    """One service of our own: its command with variables filled in, and how many of it run."""

    name: str
    command: tuple[str, ...]
    replicas: int


def load() -> dict[str, Any]:
    """Return the compose file as it is written."""
    content: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))
    return content


def fill_in(text: str, variables: Mapping[str, str]) -> str:
    """Replace the variables of a compose value; raises KeyError for a required one that is not given."""

    def value(found: re.Match[str]) -> str:
        given = variables.get(found["name"], "")
        if not given and found["how"] == ":?":
            raise KeyError(found["text"])
        return given or (found["text"] or "" if found["how"] == ":-" else "")

    return VARIABLE.sub(value, text)


def own_services(variables: Mapping[str, str]) -> list[Service]:
    """Return the services that run our own command line, in the order of the file."""
    services = []
    for name, service in load()["services"].items():
        command = service.get("command", [])
        if isinstance(command, list) and command and command[0] == "ccmanage":
            filled = tuple(fill_in(part, variables) for part in command)
            services.append(Service(name, filled, service["deploy"].get("replicas", 1)))
    return services
