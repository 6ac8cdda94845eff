"""Which data goes when: one rule for each setting of retention that a step applies.

Files of exports go by their own hours (`scope.exports.expire`), ended sign-ins with what else of accounts is over
(`accounts.forget_stale`).
"""

from ccmanage.bootstrap.scope import Scope
from ccmanage.core.retaining import Taken
from ccmanage.credits.retention import take_holds
from ccmanage.privacy.repository import RetentionRepository
from ccmanage.privacy.retention import Rule
from ccmanage.settings import retention
from ccmanage.settings.kinds import Setting
from ccmanage.usage.retention import UsageRetention


def days_of(scope: Scope, setting: Setting[int]) -> int:
    """Return for how many days a kind of data is kept."""
    return scope.settings.get(setting)


def marks_of(scope: Scope) -> RetentionRepository:
    """Return how far retention has come."""
    return RetentionRepository(scope.session)


def _events(scope: Scope, before: int, mark: int) -> Taken:
    return UsageRetention(scope.session).take_events(before, mark, scope.books.proven_settlement())


def _outcomes(scope: Scope, before: int, mark: int) -> Taken:
    return UsageRetention(scope.session).forget_outcomes(before, mark, scope.books.proven_settlement())


def _bodies(scope: Scope, before: int, mark: int) -> Taken:
    return UsageRetention(scope.session).forget_bodies(before, mark)


def _holds(scope: Scope, before: int, mark: int) -> Taken:
    return take_holds(scope.session, before, mark)


def _log(scope: Scope, before: int, mark: int) -> Taken:
    return scope.sealer.cut(before, mark)


def _mail_texts(scope: Scope, before: int, mark: int) -> Taken:
    return scope.email.forget_bodies(before, mark)


def _mails(scope: Scope, before: int, mark: int) -> Taken:
    return scope.email.forget(before, mark)


def _exports(scope: Scope, before: int, mark: int) -> Taken:
    return scope.exports.forget(before, mark)


def _unverified(scope: Scope, before: int, mark: int) -> Taken:
    return scope.erasures.end_unverified(before, mark)


RULES = (
    Rule("events", retention.EVENTS, _events),
    Rule("outcomes", retention.PAYLOADS, _outcomes),
    Rule("quarantine_bodies", retention.PAYLOADS, _bodies),
    Rule("holds", retention.PAYLOADS, _holds),
    Rule("audit_log", retention.AUDIT, _log),
    Rule("mail_texts", retention.MAIL_BODIES, _mail_texts),
    Rule("mails", retention.MAILS, _mails),
    Rule("exports", retention.SIGN_INS, _exports),
    Rule("unverified_accounts", retention.UNVERIFIED, _unverified),
)
