"""Find out whom something is told, and write it for each: a line in the list, a mail that is due, a delivery.

All in one transaction with the mark that it was told: however often a worker dies, each is told once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ccmanage.accounts.models import UserState
from ccmanage.accounts.service import AccountService
from ccmanage.accounts.values import Account
from ccmanage.core.clock import to_rfc3339
from ccmanage.core.ids import ALERT, THRESHOLD, encode_id, new_id
from ccmanage.core.money import format_credits
from ccmanage.core.uow import UnitOfWork
from ccmanage.notifications import rules
from ccmanage.notifications.catalogue import ALERT as ALERT_FIRED
from ccmanage.notifications.catalogue import KINDS, Concerns, Kind
from ccmanage.notifications.happenings import HappeningService, News
from ccmanage.notifications.models import (
    Alert,
    Happening,
    MailState,
    Notification,
    Preference,
    TellState,
    Threshold,
    ThresholdKind,
)
from ccmanage.notifications.repository import HappeningRepository, NotificationRepository, ThresholdRepository
from ccmanage.notifications.tasks import SendDeliveries
from ccmanage.notifications.webhook_models import Delivery, DeliveryState, Webhook
from ccmanage.notifications.webhook_repository import WebhookRepository
from ccmanage.workspaces.models import MemberRole
from ccmanage.workspaces.service import WorkspaceService

CHUNK = 200


@dataclass(frozen=True, slots=True)
class Tables:
    """What telling reads and writes."""

    thresholds: ThresholdRepository
    happenings: HappeningRepository
    notifications: NotificationRepository
    webhooks: WebhookRepository


@dataclass(frozen=True, slots=True)
class _People:
    """Who may be told: members of workspaces with their roles, administrators, and how they want it."""

    members: Mapping[int, Mapping[int, MemberRole]]
    admins: Collection[int]
    accounts: Mapping[int, Account]
    preferences: Mapping[int, Preference]

    def concerned(self, happening: Happening, kind: Kind) -> list[int]:
        """Return whom something is told."""
        members = self.members.get(happening.workspace_id, {})
        if happening.user_id:
            found = [happening.user_id] if happening.user_id in members else []
        elif kind.concerns is Concerns.NOBODY:
            found = []
        elif kind.concerns is Concerns.ADMINS or not happening.workspace_id:
            found = list(self.admins)
        else:
            found = [user for user, role in members.items() if role >= MemberRole.MANAGER]
        return [user for user in sorted(found) if self._is_active(user)]

    def _is_active(self, user: int) -> bool:
        account = self.accounts.get(user)
        return account is not None and account.state is UserState.ACTIVE


class Teller:
    """Tells what waits, a chunk at a time."""

    def __init__(
        self, uow: UnitOfWork, tables: Tables, happenings: HappeningService, accounts: AccountService,
        workspaces: WorkspaceService,
    ) -> None:  # fmt: skip
        self._uow = uow
        self._tables = tables
        self._happenings = happenings
        self._accounts = accounts
        self._workspaces = workspaces

    def tell(self) -> bool:
        """Tell a chunk of what waits; tells whether there may be more."""
        alerts = self._tables.thresholds.alerts_waiting(CHUNK)
        self._publish(alerts)
        waiting = self._tables.happenings.waiting(CHUNK)
        if waiting:
            self._spread(waiting)
        return CHUNK in (len(alerts), len(waiting))

    def _publish(self, alerts: Sequence[Alert]) -> None:
        thresholds = self._tables.thresholds.many([alert.threshold_id for alert in alerts])
        news = []
        for alert in alerts:
            alert.state = TellState.TOLD
            threshold = thresholds.get(alert.threshold_id)
            # A threshold that was removed in between is not told any more.
            if threshold is not None:
                news.append(_news_of(alert, threshold))
        self._uow.session.flush()
        self._happenings.publish(news)

    def _spread(self, waiting: Sequence[Happening]) -> None:
        people = self._people(waiting)
        webhooks = self._tables.webhooks.active_of({one.workspace_id for one in waiting} | {0})
        for happening in waiting:
            kind = KINDS.get(bytes(happening.kind).decode())
            happening.state = TellState.TOLD
            if kind is None:
                continue  # written by another version
            for user in people.concerned(happening, kind):
                self._uow.session.add(self._line(happening, kind, people, user))
            if happening.by_webhook and not happening.user_id:
                for webhook in webhooks:
                    if webhook.workspace_id in (0, happening.workspace_id) and wants(webhook, kind.name):
                        self._uow.session.add(delivery_of(webhook.id, happening.id, self._now))
                        self._uow.enqueue(SendDeliveries())
        self._uow.session.flush()

    @cached_property
    def _now(self) -> int:
        return self._uow.clock.now_ms()

    def _line(self, happening: Happening, kind: Kind, people: _People, user: int) -> Notification:
        wish = people.preferences.get(user)
        mails = kind.mails and bool(happening.by_mail) and (wish is None or bool(wish.mails))
        due = rules.mail_due_at(self._now, manners_of(people.accounts[user], wish)) if mails else 0
        return Notification(
            public_id=new_id(),
            user_id=user,
            happening_id=happening.id,
            created_at=happening.at,
            read_at=0,
            mail_state=MailState.DUE if mails else MailState.NONE,
            mail_due_at=due,
        )

    def _people(self, waiting: Sequence[Happening]) -> _People:
        members = self._workspaces.members_of({one.workspace_id for one in waiting} - {0})
        admins = self._accounts.admin_numbers() if any(not one.workspace_id for one in waiting) else []
        users = {user for roles in members.values() for user in roles} | set(admins)
        return _People(
            members, admins, self._accounts.named(users), self._tables.notifications.preferences(sorted(users))
        )


def manners_of(account: Account, wish: Preference | None) -> rules.Manners:
    """Return how a person wants to be written to."""
    if wish is None:
        return rules.Manners(account.time_zone)
    return rules.Manners(account.time_zone, wish.quiet_from, wish.quiet_to, wish.digest, wish.digest_at)


def wants(webhook: Webhook, kind: str) -> bool:
    """Tell whether a webhook is for a kind of happening."""
    chosen = bytes(webhook.kinds).decode()
    return not chosen or kind in chosen.split(",")


def delivery_of(webhook_id: int, happening_id: int, now: int) -> Delivery:
    """Make a delivery that is due."""
    return Delivery(
        public_id=new_id(),
        webhook_id=webhook_id,
        happening_id=happening_id,
        state=DeliveryState.PENDING,
        tries=0,
        next_attempt_at=now,
        lease=0,
        last_status=0,
        last_code=b"",
        created_at=now,
        ended_at=0,
    )


def _news_of(alert: Alert, threshold: Threshold) -> News:
    kind = ThresholdKind(alert.kind)
    in_credits = kind in (ThresholdKind.AMOUNT_LEFT, ThresholdKind.SPEND_PER_DAY)
    data = {
        "id": encode_id(ALERT, alert.public_id),
        "threshold_id": encode_id(THRESHOLD, threshold.public_id),
        "threshold": kind.name.lower(),
        "value": format_credits(alert.value) if in_credits else str(alert.value),
        "found": format_credits(alert.found_nano),
        "runs_out_at": to_rfc3339(alert.runs_out_at) if alert.runs_out_at else None,
        "fired_at": to_rfc3339(alert.at),
    }
    return News(
        ALERT_FIRED,
        alert.workspace_id,
        data,
        dedupe=f"{alert.threshold_id}:{alert.period}",
        user_id=alert.user_id,
        by_mail=bool(threshold.by_mail),
        by_webhook=bool(threshold.by_webhook),
    )
