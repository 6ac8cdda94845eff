"""The only composition root: one Runtime a process, one Scope a transaction. Built by hand, typed through."""

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

from ccmanage.audit.repository import AuditRepository
from ccmanage.audit.service import Actor, AuditService
from ccmanage.core.clock import Clock, FileClock, SystemClock
from ccmanage.core.config import Settings
from ccmanage.core.crypto import KeyRing, decode_secret
from ccmanage.core.db import Database
from ccmanage.core.jwt import Tokens
from ccmanage.core.security import Digester, Passwords
from ccmanage.core.tasks import Queue
from ccmanage.core.uow import UnitOfWork, with_retries

T = TypeVar("T")


class Scope(UnitOfWork):
    """One transaction and its services, built when they are first asked for."""

    def __init__(self, runtime: "Runtime", actor: Actor, *, write: bool) -> None:
        super().__init__(runtime.database, runtime.queue, runtime.clock, write=write)
        self._runtime = runtime
        self._actor = actor

    @cached_property
    def audit(self) -> AuditService:
        """Who did what."""
        return AuditService(AuditRepository(self.session), self._runtime.ring, self.clock, self._actor)


class Runtime:
    """What a process has: settings, engine, queue, clock, keys. Nothing of it is made at import."""

    def __init__(self, settings: Settings, queue: Queue, *, clock: Clock | None = None) -> None:
        self.settings = settings
        self.queue = queue
        self.clock: Clock = clock or (
            FileClock(settings.test_clock_file) if settings.test_clock_file else SystemClock()
        )
        self.database = Database(settings.database_url, pool_size=settings.database_pool)
        self.ring = KeyRing([decode_secret(secret) for secret in settings.encryption_keys])
        self.digester = Digester(decode_secret(settings.key_pepper))
        self.passwords = Passwords()
        self.tokens = Tokens([decode_secret(secret) for secret in settings.secret_keys], "session")

    def scope(self, actor: Actor | None = None) -> Scope:
        """Open a transaction that may write: commits on leave, rolls back on error."""
        return Scope(self, actor or Actor(), write=True)

    def read(self, actor: Actor | None = None) -> Scope:
        """Open a transaction that only reads."""
        return Scope(self, actor or Actor(), write=False)

    def run(self, work: Callable[[Scope], T], actor: Actor | None = None) -> T:
        """Run repeatable work in a transaction, again as a whole after a transient error."""

        def once() -> T:
            with self.scope(actor) as scope:
                return work(scope)

        return with_retries(once, repeatable=True)

    def close(self) -> None:
        """Let go of all connections."""
        self.database.dispose()
