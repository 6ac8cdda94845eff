"""Whether a flood of sign-ins holds up usage: 50 a second are offered beside posts, and hashes are bounded."""

from __future__ import annotations

import http.client
import json
import random
import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from benchmarks.context import Context
from benchmarks.figures import Figure, at_most
from benchmarks.installation import Installation
from benchmarks.load import Load, Sent, send
from ccmanage.accounts.values import NewAccount

_OFFERED_A_SECOND = 50
_CONNECTIONS = 8
_POST_SIZE = 100
_EVENTS_A_SECOND = 3_000
_SENDERS = 64
_PEOPLE = 200
_HELD_UP = 1.5


@dataclass
class _Flood:
    """Sends sign-ins at a fixed rate, whatever becomes of them."""

    address: str
    password: str
    answers: Counter[int] = field(default_factory=Counter)
    began: float = 0.0
    seconds: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _sent: int = 0
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> _Flood:
        self.began = time.perf_counter()
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(_SENDERS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self.began
        self._over.set()
        for thread in self._threads:
            thread.join(10)

    def _due(self) -> float:
        with self._turn:
            self._sent += 1
            return self.began + self._sent / _OFFERED_A_SECOND

    def _send(self) -> None:
        parts = urlsplit(self.address)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=15)
        while not self._over.wait(max(0.0, self._due() - time.perf_counter())):
            try:
                email = address_of(random.randrange(_PEOPLE))
                body = json.dumps({"email": email, "password": self.password})
                connection.request("POST", "/v1/auth/login", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                self.answers[answer.status] += 1
            except OSError:
                self.answers[0] += 1
                connection.close()
        connection.close()


def sign_ins(context: Context) -> None:
    """Posts at a steady rate, without and with sign-ins beside them, in turns."""
    options = context.options
    installation = context.install("sign_ins")
    # One address signs in for everybody here: what is measured is the bound on hashes, not the quota of an address.
    installation.environment["CCMANAGE_RATE_LIMIT_STRANGERS"] = "0"
    password = _people(installation)
    with installation.in_production(processes=options.processes, workers=options.workers):
        _posts(installation, options.short / 2)
        alone = _posts(installation, options.short)
        with _Flood(installation.address, password) as flood:
            beside = _posts(installation, options.short)
    base = Figure("posts without sign-ins: p99", alone.latency_ms(0.99), "ms")
    right, turned_away = flood.answers[200], flood.answers[429] + flood.answers[503]
    other = sum(flood.answers.values()) - right - turned_away
    context.notes["sign_ins"] = {"answers": dict(flood.answers), "offered_a_second": _OFFERED_A_SECOND}
    context.add(
        base,
        at_most("posts beside 50 sign-ins/s: p99", beside.latency_ms(0.99), "ms", _HELD_UP, of=base),
        at_most("posts beside 50 sign-ins/s: refused", beside.refused, "posts", 0),
        Figure("sign-ins beside posts", right / flood.seconds, "sign-ins/s"),
        Figure("sign-ins turned away with 429 or 503", turned_away / flood.seconds, "sign-ins/s"),
        at_most("sign-ins answered otherwise", other, "sign-ins", 0),
    )
    context.audit(installation, "sign_ins")


def address_of(number: int) -> str:
    """Return the mail address of one of the people who sign in."""
    return f"person{number}@bench.example"


def _people(installation: Installation) -> str:
    """Make people who all have the same password; returns it."""
    password = secrets.token_urlsafe(12)
    phc = installation.runtime.passwords.hash(password)
    with installation.runtime.scope() as scope:
        for number in range(_PEOPLE):
            scope.accounts.create(NewAccount(address_of(number), f"Person {number}", phc))
    return password


def _posts(installation: Installation, seconds: float) -> Sent:
    population = installation.population
    load = Load(
        installation.address,
        population.token,
        population.keys,
        _POST_SIZE,
        _CONNECTIONS,
        seconds,
        rate=_EVENTS_A_SECOND,
    )
    return send(load)
