"""What a process has."""

from collections.abc import Callable
from copy import copy
from functools import cached_property
from typing import TypeVar

from ccmanage.accounts.answering import Answerer
from ccmanage.accounts.throttle import SignInThrottle
from ccmanage.adapters.failures import failure_store
from ccmanage.adapters.oidc_client import OidcClient
from ccmanage.adapters.rates import call_counter
from ccmanage.adapters.redis_client import redis_client
from ccmanage.adapters.redis_counters import RedisLeases
from ccmanage.admission.counting import MemoryCounters
from ccmanage.admission.snapshots import SnapshotReader
from ccmanage.audit.service import Actor
from ccmanage.bootstrap.registry import collect
from ccmanage.bootstrap.retaining import RULES, days_of, marks_of
from ccmanage.bootstrap.scope import Scope
from ccmanage.core.clock import Clock, FileClock, SystemClock
from ccmanage.core.config import Settings
from ccmanage.core.crypto import KeyRing, decode_secret, derive_key
from ccmanage.core.db import Database
from ccmanage.core.jwt import Tokens
from ccmanage.core.outbound import OutboundPolicy, Sender
from ccmanage.core.security import Digester, Passwords
from ccmanage.core.tasks import Queue
from ccmanage.core.uow import with_retries
from ccmanage.email.sending import Mailer, MailSender
from ccmanage.email.stopping import StopLinks
from ccmanage.email.transport import Mailbox, Transport
from ccmanage.notifications.delivering import Deliverer
from ccmanage.pricing.cache import PriceBookCache
from ccmanage.privacy.erasure import Eraser
from ccmanage.privacy.exports import Exporter
from ccmanage.privacy.retention import Retainer
from ccmanage.reports.numbers import OutsideNumbers
from ccmanage.settings.cache import SettingsCache
from ccmanage.subscriptions.moving import Mover
from ccmanage.subscriptions.sweeping import Renewer
from ccmanage.usage.late import charge_late_prices
from ccmanage.usage.settlement import Settler
from ccmanage.vouchers.throttle import RedemptionThrottle

T = TypeVar("T")


class Runtime:
    """What a process has: settings, engine, queue, clock, keys. Nothing of it is made at import."""

    def __init__(self, settings: Settings, queue: Queue, *, clock: Clock | None = None) -> None:
        self.settings = settings
        self.queue = queue
        self.uses_database_clock = clock is None
        self.clock: Clock = clock or (
            FileClock(settings.test_clock_file) if settings.test_clock_file else SystemClock()
        )
        self.database = Database(settings.database_url, pool_size=settings.database_pool)
        self.ring = KeyRing([decode_secret(secret) for secret in settings.encryption_keys])
        self.digester = Digester(decode_secret(settings.key_pepper))
        self.people_digester = Digester(derive_key(decode_secret(settings.key_pepper), "people"))
        self.numbers = OutsideNumbers(decode_secret(settings.key_pepper))
        self.passwords = Passwords()
        self.registry = collect(settings)
        self.settings_cache = SettingsCache()
        self.price_cache = PriceBookCache()
        self.answerer = Answerer(self.scope, self.read)
        # What is counted in this process: everything in the embedded mode, else while Redis is away.
        self.counters = MemoryCounters()
        self.snapshots = SnapshotReader(self.ring)
        leases = RedisLeases(settings.redis_url) if settings.redis_url else self.counters
        self.settler = Settler(self.scope, self.clock, max_events=settings.settle_events, end_leases=leases.release_now)
        self.renewer = Renewer(self.scope, self.read)
        self.mover = Mover(self.scope, self.read)
        self.outbound_policy = OutboundPolicy(settings.outbound_hosts)
        self.deliverer = Deliverer(self.scope, lambda: self.sender)
        failures = failure_store(redis_client(settings.redis_url) if settings.redis_url else None, self.clock)
        self.throttle = SignInThrottle(self.clock, failures, self.digester.digest)
        self.redemptions = RedemptionThrottle(self.clock, failures)
        self.calls = call_counter(settings.redis_url, self.clock)
        signing = [decode_secret(secret) for secret in settings.secret_keys]
        self.stop_links = StopLinks(signing, settings.public_url)
        sender = MailSender(settings.mail_from, settings.public_url)
        self.mailer = Mailer(self.scope, _transport(settings), sender, self.stop_links, self.clock)
        self.tokens = Tokens(signing, "session")
        self.challenge_tokens = Tokens(signing, "mfa")
        self.exporter = Exporter(self.scope, self.read, self.ring, self.clock)
        self.eraser = Eraser(self.scope, settings.data_dir, self.clock)
        self.retainer = Retainer(self.scope, RULES, self.clock, days_of, marks_of)
        self.oidc = OidcClient(settings, self.clock) if settings.oidc_issuer else None

    @cached_property
    def sender(self) -> Sender:
        """What speaks to addresses that people gave. Not every process does, so not every one loads it."""
        from ccmanage.adapters.outbound import OutboundClient

        return OutboundClient(self.outbound_policy, seconds=self.settings.webhook_seconds)

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

    def charge_late_prices(self) -> int:
        """Charge the events whose price is known by now; returns how many."""
        return charge_late_prices(self.scope, self.clock)

    def with_database(self, database: Database) -> "Runtime":
        """Return the same runtime on other connections."""
        other = copy(self)
        other.database = database
        return other

    def close(self) -> None:
        """Let go of all connections."""
        self.mailer.close()
        self.database.dispose()


def _transport(settings: Settings) -> Transport | None:
    """Return what carries mails: the mail server, in the embedded mode without one the portal's mailbox, or nothing."""
    if settings.smtp_url:
        from ccmanage.adapters.smtp import SmtpTransport

        return SmtpTransport(settings.smtp_url)
    return Mailbox() if settings.embedded else None
