"""Deeds are told to others as the audit log records them: the features that do them need not know."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from ccmanage.audit.service import AuditService
from ccmanage.core.clock import to_rfc3339
from ccmanage.core.ids import SUBSCRIPTION, encode_id
from ccmanage.core.money import format_credits
from ccmanage.notifications import catalogue
from ccmanage.notifications.happenings import News
from ccmanage.subscriptions.states import Cause
from ccmanage.subscriptions.turning import Done

# What the turn of a subscription is told as. A pause is told when it is made, an end when it comes.
_TURNS: Final = {
    Cause.ASSIGNED: catalogue.SUBSCRIPTION_STARTED,
    Cause.TRIAL_STARTED: catalogue.SUBSCRIPTION_STARTED,
    Cause.TRIAL_ENDED: catalogue.SUBSCRIPTION_RENEWED,
    Cause.RENEWED: catalogue.SUBSCRIPTION_RENEWED,
    Cause.RESET: catalogue.SUBSCRIPTION_RENEWED,
    Cause.RESUMED: catalogue.SUBSCRIPTION_RENEWED,
    Cause.EXTENDED: catalogue.SUBSCRIPTION_RENEWED,
    Cause.CHANGED: catalogue.SUBSCRIPTION_CHANGED,
    Cause.PAST_END: catalogue.SUBSCRIPTION_ENDED,
    Cause.CANCELLED: catalogue.SUBSCRIPTION_ENDED,
}


class Hears(Protocol):
    """What is told of deeds."""

    def heard(self, action: str, subject: tuple[str, str], workspace_id: int, after: Mapping[str, Any] | None) -> None:
        """Tell others of a deed that the audit log records."""
        ...


class HeardAudit(AuditService):
    """The audit log, with somebody who listens."""

    def __init__(self, *parts: Any, hears: Hears) -> None:
        super().__init__(*parts)
        self._hears = hears

    def record(
        self,
        action: str,
        subject: tuple[str, str],
        *,
        workspace_id: int = 0,
        after: Mapping[str, Any] | None = None,
        **details: Any,
    ) -> None:
        """Record a deed, and let it be heard in the same transaction."""
        super().record(action, subject, workspace_id=workspace_id, after=after, **details)
        self._hears.heard(action, subject, workspace_id, after)


def news_of_turns(done: Sequence[Done]) -> list[News]:
    """Return what is told of subscriptions that turned."""
    return [_news_of(one, _TURNS[one.turn.cause]) for one in done if one.turn.cause in _TURNS]


def _news_of(done: Done, kind: str) -> News:
    after = done.after
    data = {
        "id": encode_id(SUBSCRIPTION, after.public_id),
        "cause": done.turn.cause.name.lower(),
        "allowance": format_credits(done.turn.allowance),
        "period_start_at": to_rfc3339(after.period_start_at) if after.period_start_at else None,
        "period_end_at": to_rfc3339(after.period_end_at) if after.period_end_at else None,
    }
    return News(kind, after.workspace_id, data)
