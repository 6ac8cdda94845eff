"""The product in a hundred naive lines: what a month must add up to, computed without any of its code.

Slow, all in memory, event by event. Where it and the product differ, one of them is wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

MILLION = 10**6


@dataclass
class Grant:
    """Credits of a workspace."""

    name: str
    amount: int
    priority: int
    start: int
    end: int  # 0: never
    remaining: int = 0
    state: str = "scheduled"


@dataclass
class Account:
    """What a workspace has."""

    grants: list[Grant] = field(default_factory=list)
    debt: int = 0

    @property
    def balance(self) -> int:
        return sum(grant.remaining for grant in self.grants) - self.debt

    def pass_time(self, now: int) -> None:
        """Start and end grants, in the order in which that happened."""
        moments = sorted({at for grant in self.grants for at in (grant.start, grant.end) if 0 < at <= now})
        for at in moments:
            for grant in self.grants:
                if grant.state == "scheduled" and grant.start == at:
                    repaid = min(self.debt, grant.amount)
                    self.debt -= repaid
                    grant.remaining = grant.amount - repaid
                    grant.state = "active" if grant.remaining else "exhausted"
            for grant in self.grants:
                if grant.state == "active" and grant.end == at:
                    grant.remaining, grant.state = 0, "expired"

    def burn(self, cost: int) -> None:
        """Take a cost from active grants: priority, soonest end, oldest; the rest is debt."""
        while cost:
            living = [grant for grant in self.grants if grant.state == "active"]
            if not living:
                self.debt += cost
                return
            grant = min(living, key=lambda one: (one.priority, one.end or float("inf"), self.grants.index(one)))
            part = min(cost, grant.remaining)
            grant.remaining -= part
            cost -= part
            if not grant.remaining:
                grant.state = "exhausted"

    def void(self, name: str) -> None:
        """Take a grant's rest away."""
        for grant in self.grants:
            if grant.name == name and grant.state in ("scheduled", "active"):
                grant.remaining, grant.state = 0, "voided"


@dataclass(frozen=True)
class Price:
    """Credits of a billionth per million tokens, from an instant on."""

    model: str
    start: int
    input: int
    output: int


@dataclass
class Event:
    """One call, as its gateway posts it."""

    id: str
    at: int
    key: str  # whose key was used, "" for one that nobody knows
    model: str
    input: int
    output: int
    workspace: str = ""  # who pays, "" while nobody is known
    cost: int | None = None

    @property
    def payload(self) -> tuple[object, ...]:
        return (self.at, self.key, self.model, self.input, self.output)


@dataclass
class Installation:
    """All workspaces, prices and events."""

    accounts: dict[str, Account] = field(default_factory=lambda: defaultdict(Account))
    prices: list[Price] = field(default_factory=list)
    waiting: list[Event] = field(default_factory=list)
    events: dict[str, Event] = field(default_factory=dict)
    strangers: dict[str, Event] = field(default_factory=dict)
    conflicts: int = 0
    duplicates: int = 0

    def settle(self, now: int) -> None:
        """Do what a settlement does with all that was posted before."""
        waiting, self.waiting = self.waiting, []
        for event in waiting:
            known = self.events.get(event.id)
            if known is not None:
                self.duplicates += known.payload == event.payload
                self.conflicts += known.payload != event.payload
            elif not event.workspace:
                self.strangers[event.id] = event
            else:
                self.events[event.id] = event
                self._charge(event, now)

    def charge_late(self, now: int) -> None:
        """Charge what had no price."""
        for event in self.unpriced():
            self._charge(event, now)

    def unpriced(self) -> Iterator[Event]:
        """Yield events that wait for a price."""
        return (event for event in list(self.events.values()) if event.cost is None)

    def _charge(self, event: Event, now: int) -> None:
        fitting = [
            (price.start, place)
            for place, price in enumerate(self.prices)
            if price.model == event.model and price.start <= event.at
        ]
        if not fitting:
            return
        price = self.prices[max(fitting)[1]]
        exact = Fraction(event.input * price.input + event.output * price.output, MILLION)
        event.cost = round(exact)  # half to even
        account = self.accounts[event.workspace]
        account.pass_time(now)
        account.burn(event.cost)
