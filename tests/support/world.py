"""A whole installation for one test: the real runtime on a fresh, migrated database, with a clock that is moved.

    def test_a_key_is_shown_once(world: World) -> None:
        ann = world.person("Ann")
        answer = world.client(ann).post("/v1/keys", json={"name": "laptop"})

Nothing is patched: clock, queue and settings are ordinary parts handed to the real `Runtime`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import text
from starlette.testclient import TestClient

from ccmanage.accounts.models import Role
from ccmanage.accounts.values import Account, NewAccount
from ccmanage.bootstrap import Runtime, Scope
from ccmanage.core.config import Settings
from ccmanage.core.ids import USER, WORKSPACE, encode_id
from ccmanage.core.money import parse_credits
from ccmanage.core.security import Passwords
from ccmanage.credits.models import Origin
from ccmanage.credits.service import NewGrant
from ccmanage.gateways.service import IssuedToken
from ccmanage.keys.service import IssuedKey
from ccmanage.workspaces.models import MemberRole, Workspace
from support.doubles import FixedClock, RecordingQueue

PASSWORD = "correct horse battery"
ORIGIN = "http://testserver"


def settings_for(database_url: str, **given: Any) -> Settings:
    """Return settings that read neither the environment nor a file."""
    return Settings(
        _env_file=None,
        **{
            "database_url": database_url,
            "redis_url": "",
            "secret_keys": ("s" * 32,),
            "encryption_keys": ("e" * 32,),
            "key_pepper": "p" * 32,
            "public_url": ORIGIN,
            "embedded": database_url.startswith("sqlite"),
            # The tests' clock stands still: a minute would never be over. tests/api/test_limits.py sets its own.
            "rate_limit_people": 0,
            "rate_limit_strangers": 0,
            **given,
        },
    )


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in, with their personal workspace."""

    account: Account
    workspace: Workspace

    @property
    def id(self) -> str:
        """The outside id."""
        return encode_id(USER, self.account.public_id)

    @property
    def email(self) -> str:
        return self.account.email

    @property
    def workspace_id(self) -> str:
        """The outside id of the personal workspace."""
        return encode_id(WORKSPACE, self.workspace.public_id)


class World:
    """One installation and short ways to fill it."""

    def __init__(self, database_url: str, **settings: Any) -> None:
        self.clock = FixedClock()
        self.queue = RecordingQueue()
        self.settings = settings_for(database_url, **settings)
        self.runtime = Runtime(self.settings, self.queue, clock=self.clock)
        # Hashing as slowly as in life would be most of the suite's time.
        self.runtime.passwords = Passwords(memory_kib=8, rounds=1, at_once=8)

    @property
    def is_sqlite(self) -> bool:
        return self.settings.is_sqlite

    def scope(self) -> Scope:
        """Open a transaction that may write."""
        return self.runtime.scope()

    def read(self) -> Scope:
        """Open a transaction that only reads."""
        return self.runtime.read()

    def person(self, name: str = "Ann", *, admin: bool = False, password: str | None = PASSWORD) -> Person:
        """Create a person; the address is made of the name."""
        new = NewAccount(
            email=f"{name.lower().replace(' ', '.')}@example.com",
            name=name,
            password_hash=self.runtime.passwords.hash(password) if password else None,
            role=Role.ADMIN if admin else Role.USER,
        )
        with self.scope() as scope:
            account = scope.accounts.create(new)
            return Person(account, scope.workspaces.open_personal(account.id))

    def shared(self, owner: Person, name: str = "Team") -> Workspace:
        """Open a workspace for several people."""
        with self.scope() as scope:
            return scope.workspaces.open_shared(name, owner.account.public_id)

    def join(self, workspace: Workspace, person: Person, role: MemberRole) -> None:
        """Let a person into a shared workspace."""
        with self.scope() as scope:
            scope.workspaces.add_member(workspace.id, person.account.public_id, role)

    def key(self, person: Person, name: str = "laptop", *, workspace: Workspace | None = None) -> IssuedKey:
        """Issue a key of a person, in the personal workspace unless told."""
        with self.scope() as scope:
            return scope.keys.issue((workspace or person.workspace).id, person.account.id, name)

    def gateway(self, name: str = "proxy", **options: Any) -> IssuedToken:
        """Create a gateway."""
        with self.scope() as scope:
            return scope.gateways.create(name, **options)

    def grant(self, workspace: Workspace, credits: str, **options: Any) -> None:
        """Give credits to a workspace."""
        new = NewGrant(amount_nano=parse_credits(credits), origin=options.pop("origin", Origin.TOP_UP), **options)
        with self.scope() as scope:
            scope.credits.grant(workspace.id, new, "for the test")

    def rows(self, table: str, where: str = "1=1") -> list[dict[str, Any]]:
        """Return rows as they stand in the database."""
        with self.runtime.database.engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(f"SELECT * FROM {table} WHERE {where}")).mappings()]

    def count(self, table: str, where: str = "1=1") -> int:
        """Count rows."""
        return len(self.rows(table, where))

    @cached_property
    def app(self) -> Any:
        """The HTTP application on this installation."""
        from api.main import build

        return build(self.runtime)

    @cached_property
    def _server(self) -> TestClient:
        """The started application: one event loop for all clients, as in life."""
        return TestClient(self.app, base_url=ORIGIN, client=("127.0.0.1", 50_000)).__enter__()

    def client(self, person: Person | None = None, *, address: str = "127.0.0.1") -> TestClient:
        """Return an HTTP client; with a person it carries the bearer token of a new session."""
        client = TestClient(self.app, base_url=ORIGIN, client=(address, 50_000))
        client.portal = self._server.portal
        if person is not None:
            client.headers["Authorization"] = f"Bearer {self.token(person)}"
        return client

    def browser(self, person: Person, password: str = PASSWORD) -> TestClient:
        """Return a client that signed in with cookies, as the portal does."""
        client = self.client()
        answer = client.post("/v1/auth/login", json={"email": person.email, "password": password})
        assert answer.status_code == 200, answer.text
        client.headers["Origin"] = ORIGIN
        client.headers["X-CSRF-Token"] = client.cookies["ccm_csrf"]
        return client

    def after_answers(self) -> None:
        """Wait for what the application does only after it has answered."""
        self._server.portal.call(self.app.state.password_desk.drain)

    def token(self, person: Person) -> str:
        """Start a session and return its token."""
        with self.scope() as scope:
            who = scope.accounts.credentials(person.account.id)
            return scope.sessions.start(who, address="192.0.2.1", device="test").token

    def close(self) -> None:
        """Stop the application, if it was started, and let go of all connections."""
        if "_server" in self.__dict__:
            self._server.__exit__(None, None, None)
        self.runtime.close()
