"""What is wrong or unwise in an installation, one finding a check. It changes nothing."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from ccmanage.adapters.brokers import open_broker
from ccmanage.adapters.redis_client import redis_client
from ccmanage.adapters.smtp import FAULTS, SmtpTransport, judge
from ccmanage.bootstrap import Runtime
from ccmanage.cli import doctor_database
from ccmanage.cli.installation import open_runtime
from ccmanage.core.clock import DAY, HOUR, SECOND
from ccmanage.core.config import PREFIX, Settings
from ccmanage.migrations import is_current
from ccmanage.privacy.rotation import waiting

_GIB = 1 << 30
_STUCK_MS = 60 * SECOND
_MAIL_SECONDS = 10.0
_MAIL_HINTS = {
    "smtp_certificate": f" ({PREFIX}SMTP_URL must have the name that is in it; ?ca=/path trusts an authority of yours)",
    "smtp_tls": " (port 465 is for smtps://, port 587 for smtp+starttls://)",
    "smtp_535": f" (user and password in {PREFIX}SMTP_URL)",
}
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class State(Enum):
    """How a check went."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    check: str
    state: State
    text: str


Verdict = tuple[State, str]


def examine() -> list[Finding]:
    """Run all checks. A wrong setting raises ConfigError before anything else is looked at."""
    with open_runtime() as runtime:
        return list(_findings(runtime))


def _findings(runtime: Runtime) -> Iterator[Finding]:
    settings = runtime.settings
    yield _run("settings", lambda: _settings(settings))
    yield _run("secrets", lambda: _secrets(settings))
    yield _run("disk", lambda: _disk(settings.data_dir))
    yield _run("broker", lambda: _broker(settings))
    yield _run("mail", lambda: _mail(settings))
    reachable = _run("database", lambda: (State.OK, doctor_database.version(runtime.database)))
    yield reachable
    if reachable.state is State.WRONG:
        return
    for name, text in doctor_database.server_settings(runtime.database):
        yield Finding(name, State.WARNING if text else State.OK, text or "as it should be")
    yield _run("clock", lambda: _verdict(*doctor_database.clock(runtime.database, runtime.clock)))
    schema = _run("schema", lambda: _schema(runtime))
    yield schema
    if schema.state is State.OK:
        yield _run("ledger guards", lambda: _verdict(*doctor_database.guards(runtime.database)))
        yield _run("backlog", lambda: _backlog(runtime))
        yield _run("prices", lambda: _prices(runtime))
        yield _run("encryption", lambda: _encryption(runtime))
        yield _run("books", lambda: _books(runtime))


def _run(check: str, look: Callable[[], Verdict]) -> Finding:
    try:
        state, text = look()
    except Exception as error:
        state, text = State.WRONG, f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"
    return Finding(check, state, text)


def _verdict(good: bool, text: str) -> Verdict:
    return (State.OK if good else State.WRONG), text


def _settings(settings: Settings) -> Verdict:
    if settings.embedded:
        return State.OK, f"embedded, data in {settings.data_dir}"
    public = urlsplit(settings.public_url)
    if public.scheme != "https" and public.hostname not in _LOOPBACK:
        return State.WARNING, f"{PREFIX}PUBLIC_URL is not https: passwords and keys travel in the clear"
    if not settings.metrics_token:
        return State.WARNING, f"{PREFIX}METRICS_TOKEN is not set: /metrics answers this machine only"
    return State.OK, f"public address {settings.public_url}"


def _secrets(settings: Settings) -> Verdict:
    named = [Path(value) for name, value in os.environ.items() if name.startswith(PREFIX) and name.endswith("_FILE")]
    looked = [path for path in (settings.data_dir / "secrets.json", Path(".env"), *named) if path.is_file()]
    open_to_all = [path for path in looked if path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH)]
    if open_to_all:
        return State.WRONG, "readable by everybody: " + ", ".join(map(str, open_to_all)) + " (chmod 600)"
    return State.OK, f"{len(looked)} files, none readable by everybody"


def _disk(folder: Path) -> Verdict:
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder.resolve()).free
    state = State.OK if free > 2 * _GIB else State.WARNING if free > _GIB // 4 else State.WRONG
    return state, f"{free / _GIB:.1f} GiB free for {folder}"


def _broker(settings: Settings) -> Verdict:
    if not settings.nudge_url:
        return State.OK, "in memory"
    if settings.nudge_url.startswith("amqp"):
        broker = open_broker(settings.nudge_url)
        broker.declare_queue("ccmanage.doctor")
        next(iter(broker.consume("ccmanage.doctor", timeout=1)), None)
        broker.close()
        return State.OK, "RabbitMQ answers"
    client = redis_client(settings.nudge_url)
    server, memory = client.info("server"), client.info("memory")
    assert isinstance(server, dict)  # noqa: S101 - for the type checker: the client is not an asynchronous one
    assert isinstance(memory, dict)  # noqa: S101
    policy = memory.get("maxmemory_policy")
    if memory.get("maxmemory") and policy != "noeviction":
        return State.WARNING, f"Redis may evict messages (maxmemory-policy {policy}; use noeviction)"
    return State.OK, f"Redis {server.get('redis_version')} answers"


def _mail(settings: Settings) -> Verdict:
    if not settings.smtp_url:
        if settings.embedded:
            return State.OK, "kept in the portal's mailbox"
        return State.WARNING, f"{PREFIX}SMTP_URL is not set: nobody gets a mail"
    transport = SmtpTransport(settings.smtp_url, timeout_seconds=_MAIL_SECONDS)
    address = transport.address
    try:
        greeting = transport.greet()
    except FAULTS as error:
        fault = judge(error)
        hint = _MAIL_HINTS.get(fault.code, "")
        return State.WRONG, f"{address.host}:{address.port} {fault.code}: {fault.text[:200]}{hint}"
    finally:
        transport.close()
    if not (address.tls or address.starttls) and address.host not in _LOOPBACK:
        return State.WARNING, f"{address.host} answers, but in the clear: use smtp+starttls:// or smtps://"
    return State.OK, f"{address.host}:{address.port} answers ({greeting})"


def _schema(runtime: Runtime) -> Verdict:
    if is_current(runtime.database):
        return State.OK, "at the newest version"
    return State.WRONG, "not at the newest version: run `ccmanage migrate`"


def _backlog(runtime: Runtime) -> Verdict:
    with runtime.read() as scope:
        backlog = scope.usage.backlog()
    if not backlog.batches:
        return State.OK, "nothing waits"
    age = runtime.clock.now_ms() - backlog.oldest_at
    text = f"{backlog.batches} batches wait, the oldest for {age / SECOND:.0f} s"
    return (State.WRONG if age > _STUCK_MS else State.OK), text + ("; does a worker run?" if age > _STUCK_MS else "")


def _prices(runtime: Runtime) -> Verdict:
    with runtime.read() as scope:
        if next(iter(scope.pricing.book(fresh=True).newest_first()), None) is None:
            return State.WRONG, "the price book is empty: run `ccmanage prices import`"
        unpriced = scope.usage.unpriced_count()
    if unpriced:
        return State.WARNING, f"events that wait for a price of their model: {unpriced}"
    return State.OK, "every model in use has a price"


def _encryption(runtime: Runtime) -> Verdict:
    with runtime.read() as scope:
        old = waiting(scope.session, runtime.ring)
    if not old:
        return State.OK, "everything is under the first key"
    rows = ", ".join(f"{table} {count}" for table, count in old.items())
    known = len(runtime.settings.encryption_keys)
    if known == 1:
        return State.WRONG, f"under a key that is not in {PREFIX}ENCRYPTION_KEYS: {rows}; put it back"
    return State.WARNING, f"rows under an old key: {rows}; run `ccmanage encryption rotate` before it goes"


def _books(runtime: Runtime) -> Verdict:
    run = doctor_database.last_books_run(runtime)
    if run is None:
        return State.WARNING, "never audited: run `ccmanage audit`"
    age = runtime.clock.now_ms() - run.at
    if not run.is_clean:
        return State.WRONG, "the last audit found broken invariants: run `ccmanage audit`"
    if age > DAY:
        return State.WARNING, f"clean, but last audited {age // HOUR} hours ago; does the scheduler run?"
    return State.OK, f"clean, audited {age // SECOND // 60} minutes ago"
