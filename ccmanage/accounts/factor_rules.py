"""Codes and waits of second factors. Pure: what a code is, which time step it belongs to, how long to wait."""

import hmac
import re
import secrets
import string
from collections.abc import Callable

from ccmanage.core.clock import MINUTE, SECOND

STEP_MS = 30 * SECOND
# Clocks of phones go wrong: the step before and the step after are taken too.
DRIFT = 1
DIGITS = 6
RECOVERY_CODES = 10
FREE_FAILURES = 5
LONGEST_WAIT_MS = 60 * MINUTE

# Without characters that look alike on paper.
_LETTERS = "".join(sorted(set(string.digits + string.ascii_lowercase) - set("01ilo")))
_GROUP = 5
_BREAKS = re.compile(r"[\s-]+")


def accepted_step(code: str, now_ms: int, last_step: int, code_of: Callable[[int], str]) -> int | None:
    """Return the time step that a code belongs to, None if it is wrong, too old or was used."""
    digits = _BREAKS.sub("", code)
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    now = now_ms // STEP_MS
    found = None
    # All steps are compared, so that the time taken does not tell which one was near.
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(code_of(step), digits) and step > last_step:
            found = step
    return found


def new_recovery_code() -> str:
    """Make a code of ten characters in two groups: 49 bits, for whoever gets only a few guesses."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(2 * _GROUP))
    return f"{letters[:_GROUP]}-{letters[_GROUP:]}"


def plain_recovery_code(text: str) -> str | None:
    """Return a recovery code as it is digested, None if the text is not of its form."""
    plain = _BREAKS.sub("", text).lower()
    return plain if len(plain) == 2 * _GROUP and set(plain) <= set(_LETTERS) else None


def wait_after(failures: int) -> int:
    """Return how long to wait after that many wrong codes in a row: some are free, then it doubles."""
    if failures < FREE_FAILURES:
        return 0
    return min(LONGEST_WAIT_MS, 2 * SECOND << min(failures - FREE_FAILURES, 20))
