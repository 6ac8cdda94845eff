"""The production shape for fault tests: private MariaDB and Redis, two API processes, two workers, the scheduler.

    with Stack(folder) as stack:
        stack.mysql.kill()

The first of each pair speaks to the servers directly, the second through proxies that misbehave on order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pymysql
from sqlalchemy import text

from ccmanage.accounts.models import Role
from ccmanage.accounts.values import NewAccount
from ccmanage.adapters.dramatiq_queue import SilentQueue
from ccmanage.bootstrap import Runtime
from ccmanage.cli.setup import prepare
from ccmanage.core.config import Settings
from ccmanage.core.ids import WORKSPACE, encode_id
from ccmanage.core.money import parse_credits
from ccmanage.core.security import Passwords
from ccmanage.credits.models import Origin
from ccmanage.credits.service import NewGrant
from support.faultproxy import FaultProxy
from support.server_process import reaper
from support.servers import MariaDbServer, RedisServer
from support.stack_process import OwnProcess, get, until

SECRETS = {
    "CCMANAGE_SECRET_KEYS": "s" * 43,
    "CCMANAGE_ENCRYPTION_KEYS": "e" * 43,
    "CCMANAGE_KEY_PEPPER": "p" * 43,
}
PASSWORD = "correct horse battery"
ROOT_EMAIL = "root@example.com"
# More than any healthy stack needs, with room for two busy cores.
SETTLE_SECONDS = 20.0


@dataclass(frozen=True)
class Tenant:
    """A gateway and the workspaces whose usage it posts, one key each."""

    token: str
    gateway_id: int
    keys: tuple[str, ...]
    workspaces: tuple[int, ...]
    workspace_ids: tuple[str, ...]


class Stack:
    """All processes of an installation. Everything that a test breaks is mended by `heal`."""

    def __init__(self, folder: Path) -> None:
        self.mysql = MariaDbServer(folder / "mysql")
        self.redis = RedisServer(folder / "redis")
        self.sql_proxy = FaultProxy(self.mysql.port)
        self.redis_proxy = FaultProxy(self.redis.port)
        # What processes may log in this test, although it looks like a bug.
        self.expected: set[str] = set()
        self._folder = folder
        self._tenants = 0

    def start(self) -> Self:
        """Start servers and processes; returns when all of them work."""
        self.mysql.start()
        self.redis.start()
        self.sql_proxy.start()
        self.redis_proxy.start()
        url = self.mysql.create_database("ccmanage")
        self.runtime = Runtime(settings_of(url), SilentQueue())
        self.runtime.passwords = Passwords(memory_kib=8, rounds=1, at_once=8)
        prepare(self.runtime, make_up_admin=False)
        direct = self._environment(url, self.redis.url)
        proxied = self._environment(self.sql_proxy.url(url), self.redis_proxy.url(self.redis.url))
        serve = ["api", "--host", "127.0.0.1", "--port", "PORT", "--processes", "1"]
        make = self._process
        self.apis = [make("api-1", serve, direct, ""), make("api-2", serve, proxied, "")]
        self.workers = [
            make("worker-1", ["worker"], direct, "worker_started"),
            make("worker-2", ["worker"], proxied, "worker_started"),
        ]
        self.scheduler = make("scheduler", ["scheduler"], direct, "scheduler_started")
        self.start_processes()
        return self

    def stop(self) -> None:
        """End everything, by force: what ends in order is another test's business."""
        for process in self.processes:
            process.kill()
        self.runtime.close()
        self.sql_proxy.stop()
        self.redis_proxy.stop()
        for server in (self.mysql, self.redis):
            server.resume()
            server.kill()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def processes(self) -> list[OwnProcess]:
        """All processes of the product."""
        return [*self.apis, *self.workers, self.scheduler]

    def start_processes(self) -> None:
        """Start what does not run, all at once, and wait until it works."""
        resting = [process for process in self.processes if not process.running]
        for process in resting:
            process.start(wait=False)
        for process in resting:
            process.wait_ready()

    def only_worker(self, number: int, *, fail_at: str = "") -> OwnProcess:
        """Leave one worker alone, freshly started with a failpoint if one is named; returns it at once."""
        other, worker = self.workers[1 - number], self.workers[number]
        other.kill()
        if fail_at:
            worker.kill()
            worker.fail_at = fail_at
            worker.start(wait=False)
        return worker

    def heal(self) -> None:
        """Undo every fault, start what was killed, wait until nothing is pending."""
        self.sql_proxy.forward()
        self.redis_proxy.forward()
        for server in (self.mysql, self.redis):
            server.resume()
            server.start()
        for process in self.processes:
            process.resume()
        self.start_processes()
        until(self.ready, 30, "both API processes are ready")
        self.settled()

    def ready(self) -> bool:
        """Tell whether every API process serves and finds its database."""
        return all(get(api.port, "/readyz") == 200 for api in self.apis)

    def pending(self) -> int:
        """Return how many batches wait to be settled."""
        return int(self.scalar("SELECT COUNT(*) FROM inbox_batches WHERE state = 0"))

    def settled(self, seconds: float = SETTLE_SECONDS) -> None:
        """Wait until nothing waits."""
        until(lambda: self.pending() == 0, seconds, "every batch is settled")

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return what a query finds now, over a connection that no fault touches."""
        with self.runtime.database.engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(query)).mappings()]

    def scalar(self, query: str) -> Any:
        """Return the first value that a query finds."""
        return next(iter(self.rows(query)[0].values()))

    @contextmanager
    def admin(self) -> Iterator[pymysql.Connection[Any]]:
        """Open a connection as the server's root, by its socket, to our database."""
        with self.mysql.admin() as connection:
            with connection.cursor() as cursor:
                cursor.execute("USE ccmanage")
            yield connection

    def execute(self, *statements: str) -> None:
        """Run statements as the server's root in our database."""
        with self.admin() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def tenant(self, *, workspaces: int = 1, credits: str = "100") -> Tenant:
        """Make a gateway and workspaces with a key each, of their own for one test."""
        self._tenants += 1
        keys, numbers, outside = [], [], []
        with self.runtime.scope() as scope:
            issued = scope.gateways.create(f"gateway {self._tenants}")
            for place in range(workspaces):
                email = f"person{place}.of{self._tenants}@example.com"
                person = scope.accounts.create(NewAccount(email=email, name="Ann", password_hash=None))
                workspace = scope.workspaces.open_personal(person.id)
                scope.credits.grant(workspace.id, NewGrant(parse_credits(credits), Origin.TOP_UP), "for the test")
                keys.append(scope.keys.issue(workspace.id, person.id, "laptop").secret)
                numbers.append(workspace.id)
                outside.append(encode_id(WORKSPACE, workspace.public_id))
        return Tenant(issued.token, issued.gateway.id, tuple(keys), tuple(numbers), tuple(outside))

    def administrator(self) -> str:
        """Make an administrator unless there is one; returns the address, to sign in with PASSWORD."""
        if not self.rows("SELECT id FROM users WHERE role = 1"):
            password_hash = self.runtime.passwords.hash(PASSWORD)
            with self.runtime.scope() as scope:
                new = NewAccount(email=ROOT_EMAIL, name="Root", password_hash=password_hash, role=Role.ADMIN)
                scope.workspaces.open_personal(scope.accounts.create(new).id)
        return ROOT_EMAIL

    def administrator_token(self) -> str:
        """Start a session of the administrator; returns its token."""
        self.administrator()
        [row] = self.rows("SELECT id FROM users WHERE role = 1")
        with self.runtime.scope() as scope:
            who = scope.accounts.credentials(row["id"])
            return scope.sessions.start(who, address="192.0.2.1", device="test").token

    def spent(self, workspaces: Iterable[int]) -> int:
        """Return what workspaces were charged, by their ledgers."""
        listed = ",".join(map(str, workspaces))
        query = f"SELECT COALESCE(-SUM(amount_nano), 0) FROM ledger WHERE kind = 2 AND workspace_id IN ({listed})"
        return int(self.scalar(query))

    def _process(self, name: str, arguments: list[str], environment: dict[str, str], started: str) -> OwnProcess:
        return OwnProcess(name, arguments, self._folder, environment, started=started)

    def _environment(self, database_url: str, redis_url: str) -> dict[str, str]:
        return {
            **SECRETS,
            "CCMANAGE_DATABASE_URL": database_url,
            "CCMANAGE_REDIS_URL": redis_url,
            "CCMANAGE_DATA_DIR": str(self._folder),
            "CCMANAGE_LOG_FORMAT": "json",
            "CCMANAGE_PUBLIC_URL": "http://127.0.0.1",
        }


def settings_of(database_url: str) -> Settings:
    """Return the settings of the stack's processes, for this process."""
    given: dict[str, Any] = {name.removeprefix("CCMANAGE_").lower(): value for name, value in SECRETS.items()}
    return Settings(_env_file=None, database_url=database_url, redis_url="", **given)


def temporary_folder() -> Path:
    """Return a folder that is removed when the test run is gone."""
    return reaper.temp_dir("ccm-stack-")
