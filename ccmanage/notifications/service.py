"""Use cases of thresholds: set, change, remove; and the claims of alerts that the timetable finds."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ccmanage.audit.service import AuditService
from ccmanage.core.clock import Clock
from ccmanage.core.errors import invalid
from ccmanage.core.ids import THRESHOLD, encode_id, new_id
from ccmanage.core.money import MAX_GRANT_NANO, format_credits
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.notifications import rules
from ccmanage.notifications.errors import (
    SharedNeedsManager,
    ThresholdExists,
    ThresholdNotFound,
    TooManyThresholds,
)
from ccmanage.notifications.models import Alert, TellState, Threshold, ThresholdKind
from ccmanage.notifications.repository import ThresholdRepository

MAX_THRESHOLDS: Final = 20
_MAX_DAYS: Final = 90


class Balances(Protocol):
    """What stands above: the balance that thresholds are about."""

    def weighing(self, workspace_id: int) -> AbstractContextManager[None]:
        """Hold a workspace's balance, and weigh its thresholds anew in the end."""
        ...


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks about thresholds of which workspace; managers also change those of the workspace."""

    workspace_id: int
    user_id: int
    manages: bool
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class NewThreshold:
    """A threshold to be set; `value` is percent, nano-credits or days, by kind."""

    kind: ThresholdKind
    value: int
    shared: bool = False
    by_mail: bool = True
    by_webhook: bool = False


@dataclass(frozen=True, slots=True)
class ThresholdChange:
    """What shall change of a threshold; None leaves it as it is."""

    value: int | None = None
    by_mail: bool | None = None
    by_webhook: bool | None = None


class ThresholdService:
    """Thresholds of workspaces and of single members."""

    def __init__(self, repository: ThresholdRepository, clock: Clock, audit: AuditService, balances: Balances) -> None:
        self._repository = repository
        self._clock = clock
        self._audit = audit
        self._balances = balances

    def list_for(self, asker: Asker) -> Sequence[Threshold]:
        """Return the thresholds that a person sees: the workspace's and their own."""
        return self._repository.seen_by(asker.workspace_id, asker.user_id)

    def alerts(self, asker: Asker, ask: PageRequest) -> Page[Alert]:
        """Return the alerts that a person sees, newest first."""
        return self._repository.alerts_page(asker.workspace_id, asker.user_id, ask)

    def get(self, asker: Asker, public_id: bytes) -> Threshold:
        """Return a threshold that a person sees; raises ThresholdNotFound."""
        row = self._repository.by_public_id(public_id)
        if row is None or row.workspace_id != asker.workspace_id or row.user_id not in (0, asker.user_id):
            raise ThresholdNotFound
        return row

    def named(self, numbers: Iterable[int]) -> dict[int, Threshold]:
        """Return thresholds by their inside numbers."""
        return self._repository.many(list(numbers))

    def create(self, asker: Asker, new: NewThreshold) -> Threshold:
        """Set a threshold; raises InvalidInput, SharedNeedsManager, ThresholdExists, TooManyThresholds."""
        if new.shared and not asker.manages:
            raise SharedNeedsManager
        check_value(new.kind, new.value)
        with self._balances.weighing(asker.workspace_id):
            row = self._row(asker, new)
            if self._repository.same(row) is not None:
                raise ThresholdExists
            if self._repository.count_of(row.workspace_id, row.user_id) >= MAX_THRESHOLDS:
                raise TooManyThresholds(MAX_THRESHOLDS)
            self._repository.add(row)
        self._record("alerts.set_threshold", row, after=_facts(row))
        return self._anew(row)

    def change(self, asker: Asker, public_id: bytes, change: ThresholdChange) -> Threshold:
        """Change a threshold; with another value it is armed anew. Raises ThresholdNotFound and others."""
        with self._balances.weighing(asker.workspace_id):
            row = self._own(asker, public_id)
            before = _facts(row)
            if change.value is not None and change.value != row.value:
                check_value(ThresholdKind(row.kind), change.value)
                row.value = change.value
                if (other := self._repository.same(row)) is not None and other.id != row.id:
                    raise ThresholdExists
                row.amount_nano = rules.amount_of(row.kind, row.value, 0)
                row.armed = int(row.kind == ThresholdKind.RUN_OUT)
                row.period += 1 if row.kind == ThresholdKind.RUN_OUT else 0
            row.by_mail = row.by_mail if change.by_mail is None else int(change.by_mail)
            row.by_webhook = row.by_webhook if change.by_webhook is None else int(change.by_webhook)
            self._repository.session.flush()
        self._record("alerts.change_threshold", row, before=before, after=_facts(row))
        return self._anew(row)

    def remove(self, asker: Asker, public_id: bytes) -> None:
        """Take a threshold away; raises ThresholdNotFound and SharedNeedsManager."""
        with self._balances.weighing(asker.workspace_id):
            row = self._own(asker, public_id)
            facts = _facts(row)
            self._repository.remove(row)
        self._record("alerts.remove_threshold", row, before=facts)

    def slow_chunk(self, after: int, limit: int) -> Sequence[Threshold]:
        """Lock the next thresholds that only the timetable can find crossed."""
        return self._repository.slow_chunk(after, limit)

    def claim(self, row: Threshold, period: int, found_nano: int, *, runs_out_at: int = 0) -> None:
        """Let a locked threshold fire in a period in which it has not."""
        now = self._clock.now_ms()
        self._repository.add_alert(
            Alert(
                public_id=new_id(),
                workspace_id=row.workspace_id,
                threshold_id=row.id,
                period=period,
                user_id=row.user_id,
                kind=row.kind,
                value=row.value,
                found_nano=found_nano,
                runs_out_at=runs_out_at,
                at=now,
                state=TellState.WAITING,
            )
        )
        row.period, row.armed, row.fired_at = period, 0, now
        self._repository.session.flush()

    def _own(self, asker: Asker, public_id: bytes) -> Threshold:
        row = self.get(asker, public_id)
        if not row.user_id and not asker.manages:
            raise SharedNeedsManager
        locked = self._repository.lock(row.id)
        if locked is None:
            raise ThresholdNotFound
        return locked

    def _anew(self, row: Threshold) -> Threshold:
        found = self._repository.anew(row.id)
        if found is None:
            raise ThresholdNotFound
        return found

    def _row(self, asker: Asker, new: NewThreshold) -> Threshold:
        runs_out = new.kind is ThresholdKind.RUN_OUT
        return Threshold(
            public_id=new_id(),
            workspace_id=asker.workspace_id,
            user_id=0 if new.shared else asker.user_id,
            kind=new.kind,
            value=new.value,
            amount_nano=rules.amount_of(new.kind, new.value, 0),
            armed=int(runs_out),
            period=int(runs_out),
            by_mail=int(new.by_mail),
            by_webhook=int(new.by_webhook and new.shared),
            zone=asker.zone.encode(),
            fired_at=0,
            created_at=self._clock.now_ms(),
        )

    def _record(self, action: str, row: Threshold, **details: Any) -> None:
        subject = ("threshold", encode_id(THRESHOLD, row.public_id))
        self._audit.record(action, subject, workspace_id=row.workspace_id, **details)


def check_value(kind: ThresholdKind, value: int) -> None:
    """Refuse what no balance could ever meet; raises InvalidInput."""
    if kind is ThresholdKind.PERCENT_LEFT and not 0 <= value <= 99:
        raise invalid("/percent", "threshold.percent", "Choose 0 to 99 percent.")
    if kind is ThresholdKind.RUN_OUT and not 1 <= value <= _MAX_DAYS:
        raise invalid("/days", "threshold.days", f"Choose 1 to {_MAX_DAYS} days.")
    if kind is ThresholdKind.AMOUNT_LEFT and not 0 <= value <= MAX_GRANT_NANO:
        raise invalid("/credits", "threshold.credits", "Choose 0 to 1000000000 credits.")
    if kind is ThresholdKind.SPEND_PER_DAY and not 0 < value <= MAX_GRANT_NANO:
        raise invalid("/credits", "threshold.credits", "Choose more than 0 and at most 1000000000 credits.")


def _facts(row: Threshold) -> dict[str, Any]:
    kind = ThresholdKind(row.kind)
    in_credits = kind in (ThresholdKind.AMOUNT_LEFT, ThresholdKind.SPEND_PER_DAY)
    return {
        "kind": kind.name.lower(),
        "value": format_credits(row.value) if in_credits else row.value,
        "shared": row.user_id == 0,
        "by_mail": bool(row.by_mail),
        "by_webhook": bool(row.by_webhook),
    }
