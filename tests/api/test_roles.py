"""What each role may ask: every route of the application with every role, against the table in `roles_table.txt`.

A route that is not in the table fails the test, and so does one that answers somebody else than the table says. After
a route was added or its callers changed, write the table anew and read the difference before committing it:

    CCMANAGE_WRITE_ROLES=1 .venv/bin/pytest tests/api/test_roles.py
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from ccmanage.core.ids import WORKSPACE, encode_id
from ccmanage.workspaces.models import MemberRole
from support.world import Person, World

TABLE = Path(__file__).with_name("roles_table.txt")
ROLES = ("anonymous", "gateway", "unproven", "stranger", "viewer", "member", "manager", "owner", "viewing", "admin")
HEAD = """\
# Who may ask what. A column for each role; `x` = may, `.` = refused, `-` = as if there were no such workspace.
#
# anonymous  nobody is signed in                      viewer, member, manager, owner: of the workspace that is meant
# gateway    a machine with its token                 viewing    an administrator who looks as the owner, read only
# unproven   signed in, mail address not yet proven   admin      of the installation, who belongs to no workspace there
# stranger   signed in, belongs to another workspace
#
# Written by tests/api/test_roles.py; read the difference before you commit it.
"""

# What says no to somebody, whoever they are; everything else is the deed's own answer to a caller who was let in.
REFUSALS = {
    "unauthenticated",
    "admins.only",
    "forbidden",
    "accounts.view_only",
    "accounts.unverified",
    "accounts.session_ended",
    "workspaces.role_too_low",
    "metrics.forbidden",
}
# Answered by what runs in front of the application, or by files of the portal.
OUTSIDE = {("POST", "/v1/events")}
# Asked last and in this order: they end the session that asks, or others of the same person.
ENDS_SESSIONS = ("/v1/me/sessions/end-others", "/v1/auth/view-as/end", "/v1/auth/logout")


@dataclass
class Cast:
    """One caller for each role, and what each may be asked about."""

    world: World
    clients: dict[str, TestClient]
    owner: Person
    workspace_id: str

    def look(self, owner: Person) -> None:
        """Let the administrator look as the owner, anew."""
        answer = self.clients["admin"].post(f"/v1/admin/users/{owner.id}/view-as", json={"reason": "the table"})
        assert answer.status_code == 201, answer.text
        self.clients["viewing"].headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def ask(self, role: str, method: str, path: str) -> str:
        """Return the mark of the table: what this role is answered."""
        # A body that nobody means: whoever is let in is told so, and nothing is done.
        body = {"__nothing__": 1} if method not in {"GET", "DELETE"} else None
        for _ in range(2):
            headers = {"X-Workspace": self.workspace_id}
            answer = self.clients[role].request(method, filled(path), json=body, headers=headers)
            if answer.status_code != 429:
                break
            self.world.clock.move(seconds=61)
        return mark_of(answer)


def mark_of(answer: Any) -> str:
    told = answer.json() if answer.headers.get("content-type", "").startswith("application/problem+json") else {}
    code = told.get("code")
    if code == "workspaces.not_found":
        return "-"
    if answer.status_code == 401 or (answer.status_code in {403, 404} and code in REFUSALS):
        return "."
    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    return "x"


def filled(path: str) -> str:
    """Fill the parameters of a path with an id that exists nowhere."""
    return re.sub(r"\{[^}]+\}", "xxx_" + "0" * 26, path)


def routes(world: World) -> Iterator[tuple[str, str]]:
    for context in iter_route_contexts(world.app.routes):
        for method in sorted((context.methods or set()) - {"HEAD"}):
            assert context.path is not None
            if (method, context.path) not in OUTSIDE:
                yield method, context.path


def proven(world: World) -> None:
    with world.runtime.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE users SET email_verified_at = 1 WHERE email_verified_at IS NULL")


@pytest.fixture
def cast(sqlite_world: World) -> Cast:
    world = sqlite_world
    people: dict[str, Person] = {
        role: world.person(role) for role in ("stranger", "viewer", "member", "manager", "owner")
    }
    people["admin"] = world.person("Boss", admin=True)
    workspace = world.shared(people["owner"], "Team")
    for role in (MemberRole.VIEWER, MemberRole.MEMBER, MemberRole.MANAGER):
        world.join(workspace, people[role.name.lower()], role)
    proven(world)
    people["unproven"] = world.person("unproven")
    with world.runtime.database.engine.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE users SET email_verified_at = NULL WHERE id = {people['unproven'].account.id}"
        )
    world.join(workspace, people["unproven"], MemberRole.OWNER)
    clients = {role: world.client(person) for role, person in people.items()}
    clients["anonymous"], clients["gateway"], clients["viewing"] = world.client(), world.client(), world.client()
    clients["gateway"].headers["Authorization"] = f"Bearer {world.gateway().token}"
    assert set(clients) == set(ROLES)
    cast = Cast(world, clients, people["owner"], encode_id(WORKSPACE, workspace.public_id))
    cast.look(people["owner"])
    return cast


def written(found: dict[tuple[str, str], str]) -> str:
    widest = max(len(path) for _, path in found)
    lines = [f"{'':{widest + 8}}" + " ".join(ROLES)]
    for (method, path), marks in sorted(found.items(), key=lambda row: (row[0][1], row[0][0])):
        row = " ".join(mark.center(len(role)) for mark, role in zip(marks, ROLES, strict=True))
        lines.append(f"{method:6} {path:{widest}} {row}".rstrip())
    return HEAD + "\n".join(lines) + "\n"


def read() -> dict[tuple[str, str], str]:
    table = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith(("GET", "POST", "PATCH", "PUT", "DELETE")):
            method, path, *marks = line.split()
            table[method, path] = "".join(marks)
    return table


def test_each_role_may_ask_what_the_table_says_and_nothing_else(cast: Cast) -> None:
    found: dict[tuple[str, str], str] = {}
    asked = list(routes(cast.world))
    for method, path in asked:
        if path not in ENDS_SESSIONS:
            found[method, path] = "".join(cast.ask(role, method, path) for role in ROLES)
    for path in ENDS_SESSIONS:
        assert ("POST", path) in asked
        cast.look(cast.owner)
        viewing = cast.ask("viewing", "POST", path)
        marks = [viewing if role == "viewing" else cast.ask(role, "POST", path) for role in ROLES]
        found["POST", path] = "".join(marks)
    if os.environ.get("CCMANAGE_WRITE_ROLES"):
        TABLE.write_text(written(found), encoding="utf-8")
    expected = read()
    assert sorted(found.keys() - expected.keys()) == [], "routes that the table does not know"
    assert sorted(expected.keys() - found.keys()) == [], "routes that are gone"
    differing = {key: (expected[key], marks) for key, marks in found.items() if expected[key] != marks}
    assert differing == {}, "answers that differ from the table (what it says, what came)"


def test_the_table_itself_makes_sense() -> None:
    """Each role of a workspace may what the one below it may; only administrators are let into the administration."""
    at = {role: index for index, role in enumerate(ROLES)}
    table = read()
    assert len(table) > 100
    for (method, path), marks in table.items():
        ladder = [marks[at[role]] == "x" for role in ("viewer", "member", "manager", "owner")]
        assert ladder == sorted(ladder), (method, path)
        if path.startswith("/v1/admin/"):
            assert marks.count("x") == 1, (method, path)
            assert marks[at["admin"]] == "x", (method, path)
        if method != "GET" and path not in ENDS_SESSIONS[1:] and marks[at["anonymous"]] != "x":
            assert marks[at["viewing"]] == ".", (method, path)
        if (
            path.startswith(("/v1/me/", "/v1/auth/"))
            and marks[at["anonymous"]] != "x"
            and path not in ENDS_SESSIONS[1:]
        ):
            assert marks[at["viewing"]] == ".", (method, path)
