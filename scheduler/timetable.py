"""When which message is sent. The handler asks what is due and works in chunks; so a late line catches up."""

from dataclasses import dataclass
from datetime import timedelta

from ccmanage.accounts.tasks import AnswerRequests, ForgetStale, IndexDomains
from ccmanage.audit.tasks import SealAudit
from ccmanage.core.tasks import Task
from ccmanage.credits.tasks import ExpireHolds, TurnGrants
from ccmanage.email.tasks import SendMail
from ccmanage.keys.tasks import FitKeys
from ccmanage.notifications.tasks import FindSlowAlerts, ForgetTold, Tell, WatchInstallation
from ccmanage.privacy.tasks import ApplyRetention, BuildExports, EraseDue
from ccmanage.reports.tasks import AuditBooks
from ccmanage.subscriptions.tasks import MoveOn, RenewDue
from ccmanage.usage.tasks import ChargeLatePrices, SweepInbox


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timetable."""

    name: str
    every: timedelta
    task: Task


def every(*, seconds: float = 0, minutes: float = 0, hours: float = 0) -> timedelta:
    """Say how often."""
    return timedelta(seconds=seconds, minutes=minutes, hours=hours)


TIMETABLE = (
    Entry("usage.sweep_inbox", every(seconds=5), SweepInbox()),
    Entry("usage.charge_late_prices", every(minutes=5), ChargeLatePrices()),
    Entry("credits.turn_grants", every(minutes=1), TurnGrants()),
    Entry("credits.expire_holds", every(minutes=1), ExpireHolds()),
    Entry("subscriptions.renew_due", every(seconds=15), RenewDue()),
    Entry("subscriptions.move_on", every(minutes=1), MoveOn()),
    Entry("notifications.tell", every(seconds=5), Tell()),
    Entry("notifications.find_slow_alerts", every(minutes=5), FindSlowAlerts()),
    Entry("notifications.watch_installation", every(minutes=1), WatchInstallation()),
    Entry("notifications.forget_told", every(hours=6), ForgetTold()),
    Entry("accounts.index_domains", every(minutes=5), IndexDomains()),
    Entry("accounts.answer_requests", every(seconds=10), AnswerRequests()),
    Entry("email.send", every(seconds=30), SendMail()),
    Entry("audit.seal", every(seconds=5), SealAudit()),
    Entry("privacy.build_exports", every(minutes=1), BuildExports()),
    Entry("privacy.erase_due", every(minutes=10), EraseDue()),
    Entry("privacy.apply_retention", every(hours=1), ApplyRetention()),
    Entry("keys.fit", every(minutes=1), FitKeys()),
    Entry("accounts.forget_stale", every(hours=1), ForgetStale()),
    Entry("books.audit", every(hours=1), AuditBooks()),
)
