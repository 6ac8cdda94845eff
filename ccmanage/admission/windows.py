"""Where the window begins and ends in which a limit counts. Pure arithmetic.

Minutes, hours and stretches of five hours are cut from the epoch on; days, weeks (from Monday) and months are cut
at midnight in a zone. All but minutes begin at a quarter of an hour, whatever the zone: sums of slots are exact.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ccmanage.packages.limits import Window

_MINUTE = 60_000
_FIXED: Final = {Window.MINUTE: _MINUTE, Window.HOUR: 60 * _MINUTE, Window.FIVE_HOURS: 300 * _MINUTE}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DAY = timedelta(days=1)


def window_at(window: Window, now: int, zone: ZoneInfo) -> tuple[int, int]:
    """Return the first instant of the window that holds an instant, and the first one after it."""
    length = _FIXED.get(window)
    if length is not None:
        start = now - now % length
        return start, start + length
    local = (_EPOCH + timedelta(milliseconds=now)).astimezone(zone)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if window is Window.DAY:
        first, after = day, day + _DAY
    elif window is Window.WEEK:
        first = day - day.weekday() * _DAY
        after = first + 7 * _DAY
    else:
        first = day.replace(day=1)
        after = (first + 31 * _DAY).replace(day=1)
    return _instant(first), _instant(after)


def _instant(local: datetime) -> int:
    # A midnight that a change of the clocks skips is the first instant after the change.
    return (local.astimezone(UTC) - _EPOCH) // _MILLISECOND
