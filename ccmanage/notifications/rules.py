"""When thresholds fire, and when mails may be sent. Plain values in and out: no clock, no database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

PERCENT_LEFT, AMOUNT_LEFT, RUN_OUT, SPEND_PER_DAY = 1, 2, 3, 4
NO_DIGEST, DAILY, WEEKLY = 0, 1, 2

# What stands on a balance instead of an amount; both lie below every balance.
NOBODY: Final = -9 * 10**18  # nobody wants to be told
ALL_CROSSED: Final = -8 * 10**18  # somebody does, but not before credits have come
# What stands on a threshold that no balance crosses.
NO_AMOUNT: Final = -7 * 10**18

_DAY_MS: Final = 86_400_000
_MONDAY: Final = 0


@dataclass(slots=True)
class Mark:
    """A threshold that a balance crosses or that credits arm again: a working copy that `weigh` changes."""

    id: int
    kind: int
    value: int
    amount: int
    armed: bool
    period: int

    def arm(self) -> None:
        """Let it fire once more."""
        if not self.armed:
            self.armed = True
            self.period += 1


def amount_of(kind: int, value: int, base: int) -> int:
    """Return the balance at which a threshold fires; `base` is the current subscription grant, 0 = none."""
    if kind == AMOUNT_LEFT:
        return value
    if kind == PERCENT_LEFT and base > 0:
        return base * value // 100
    return NO_AMOUNT


def weigh(marks: Iterable[Mark], balance: int, *, base: int | None = None, rose: bool = False) -> list[Mark]:
    """Arm what the balance is above, and return what it has crossed, the highest first.

    `base` is the subscription grant if it has changed. A threshold fires when the balance comes down to its
    amount from above; so one that is set below where the balance already is waits until credits have come.
    """
    crossed = []
    for mark in marks:
        if mark.kind == PERCENT_LEFT and base is not None:
            mark.amount = amount_of(mark.kind, mark.value, base)
        if mark.kind == RUN_OUT:
            if rose:
                mark.arm()
        elif mark.amount == NO_AMOUNT:
            mark.armed = False
        elif balance > mark.amount:
            mark.arm()
        elif mark.armed:
            mark.armed = False
            crossed.append(mark)
    return sorted(crossed, key=lambda mark: -mark.amount)


def next_threshold(marks: Sequence[Mark]) -> int:
    """Return what settlement compares the balance with: the highest amount that was not crossed yet."""
    if not marks:
        return NOBODY
    return max((mark.amount for mark in marks if mark.armed and mark.amount != NO_AMOUNT), default=ALL_CROSSED)


def runs_out_at(balance: int, spent: int, days: int, now: int) -> int:
    """Return when a balance is gone at the pace of the last days; 0 = it is gone, or nothing is spent."""
    if balance <= 0 or spent <= 0:
        return 0
    return now + balance * days * _DAY_MS // spent


def will_run_out(gone_at: int, resets_at: int, within_days: int, now: int) -> bool:
    """Tell whether credits end within so many days, and before the next allowance comes (0 = none will)."""
    if not gone_at or gone_at > now + within_days * _DAY_MS:
        return False
    return not resets_at or gone_at < resets_at


def day_number(now: int, zone: str) -> int:
    """Return the number of the day that an instant lies in, in a zone."""
    return _local(now, zone).date().toordinal()


def day_start(number: int, zone: str) -> int:
    """Return the instant at which a day begins in a zone."""
    day = datetime.combine(date.fromordinal(number), datetime.min.time(), ZoneInfo(zone))
    return _instant(day)


def in_quiet_hours(minute: int, quiet_from: int, quiet_to: int) -> bool:
    """Tell whether a minute of the day is one of the quiet ones, which may go over midnight."""
    if quiet_from <= quiet_to:
        return quiet_from <= minute < quiet_to
    return minute >= quiet_from or minute < quiet_to


@dataclass(frozen=True, slots=True)
class Manners:
    """How a person wants to be written to: minutes of the day in their zone."""

    zone: str = "UTC"
    quiet_from: int = 0
    quiet_to: int = 0
    digest: int = NO_DIGEST
    digest_at: int = 9 * 60


def mail_due_at(now: int, manners: Manners) -> int:
    """Return when a mail about something that happens now may be sent."""
    local = _local(now, manners.zone)
    if manners.digest == NO_DIGEST:
        if not in_quiet_hours(local.hour * 60 + local.minute, manners.quiet_from, manners.quiet_to):
            return now
        return _next(local, manners.quiet_to)
    days = range(8)
    wanted = (_at(local.date() + timedelta(days=ahead), manners) for ahead in days)
    return next(
        _instant(moment)
        for moment in wanted
        if _instant(moment) > now and (manners.digest == DAILY or moment.weekday() == _MONDAY)
    )


def _at(day: date, manners: Manners) -> datetime:
    hour, minute = divmod(manners.digest_at, 60)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(manners.zone))


def _next(local: datetime, minute_of_day: int) -> int:
    """Return the next instant at which the clock on the wall shows a minute of the day."""
    hour, minute = divmod(minute_of_day, 60)
    moment = local.replace(hour=hour, minute=minute, second=0, microsecond=0, fold=0)
    if moment <= local:
        moment += timedelta(days=1)
    return _instant(moment)


def _local(now: int, zone: str) -> datetime:
    return datetime.fromtimestamp(now / 1000, ZoneInfo(zone))


def _instant(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * 1000)


# After each failed try: about three days in all, the schedule that Standard Webhooks recommends.
_DELAYS_S: Final = (5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
MAX_TRIES: Final = len(_DELAYS_S) + 1
DISABLE_AFTER_MS: Final = 5 * _DAY_MS
_LONGEST_WISH_S: Final = 3_600


def retry_delay_ms(tries: int, retry_after: str, jitter: float) -> int:
    """Return how long to wait after so many tries; a receiver may wish for longer, up to an hour."""
    delay = _DELAYS_S[min(tries, len(_DELAYS_S)) - 1]
    wish = min(int(retry_after), _LONGEST_WISH_S) if retry_after.isascii() and retry_after.isdigit() else 0
    return round(max(delay * jitter, wish) * 1000)
