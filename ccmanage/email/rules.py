"""What a mail address may be, when a mail is tried again, how a time is written. Pure."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ccmanage.core.clock import HOUR, MINUTE, SECOND

MAX_ADDRESS: Final = 254
# After this a mail that was put off again and again has failed.
GIVE_UP_MS: Final = 24 * HOUR
_FIRST_DELAY_MS: Final = MINUTE
_LONGEST_DELAY_MS: Final = 2 * HOUR
_LONGEST_OUTAGE_DELAY_MS: Final = 5 * MINUTE

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")


def is_one_address(text: str) -> bool:
    """Tell whether a text is exactly one mail address: no list, no name, no quotes, nothing that breaks a header."""
    return len(text) <= MAX_ADDRESS and text.find("@") <= 64 and _ADDRESS.fullmatch(text) is not None


def delay_ms(tries: int, number: int) -> int:
    """Return the pause after a try that was put off: it doubles up to two hours, a bit different for each mail."""
    pause = min(_LONGEST_DELAY_MS, _FIRST_DELAY_MS << min(tries - 1, 10))
    return pause + _spread(number, pause)


def outage_delay_ms(failures: int, number: int) -> int:
    """Return the pause while the mail server cannot be used at all: at most five minutes, so that all leaves soon."""
    pause = min(_LONGEST_OUTAGE_DELAY_MS, 10 * SECOND << min(max(failures - 1, 0), 10))
    return pause + _spread(number, pause)


def _spread(number: int, pause: int) -> int:
    # Up to a fifth more, by a hash of the row's number: mails that failed together do not come back together.
    return pause // 5 * (number * 2_654_435_761 % 1_024) // 1_024


def written_moment(instant: int, zone: str, language: str) -> str:
    """Write an instant for the reader of a mail, in their zone."""
    moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant)).astimezone(ZoneInfo(zone))
    if language == "zh":
        return f"{moment.year}年{moment.month}月{moment.day}日 {moment:%H:%M} ({moment.tzname()})"
    return f"{moment.day} {moment:%B %Y, %H:%M} ({moment.tzname()})"
