"""What a mail address, a password and a time zone may be. Pure."""

import re
from functools import cache
from zoneinfo import available_timezones

from ccmanage.core.errors import FieldError

MAX_EMAIL = 254
MIN_PASSWORD = 8
MAX_PASSWORD = 128
LOCALES = ("en", "zh")

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>{_LABEL}(?:\.{_LABEL})*)")
_MAX_LOCAL = 64

# The passwords that are tried first everywhere, as far as they are long enough to pass otherwise.
_COMMON = frozenset(
    """
    password password1 password12 password123 passw0rd p@ssw0rd p@ssword 12345678 123456789 1234567890 123123123
    11111111 00000000 88888888 87654321 987654321 qwertyui qwertyuiop qwerty123 1q2w3e4r 1q2w3e4r5t 1qaz2wsx zaq12wsx
    asdfghjkl asdfasdf abcd1234 abc12345 iloveyou iloveyou1 sunshine princess football baseball superman
    trustno1 letmein1 letmein123 welcome1 welcome123 admin123 admin1234 administrator changeme changeme1 dragon123
    monkey123 computer internet starwars michelle jennifer whatever freedom1 startrek mustang1 corvette master123
    a1b2c3d4 aa123456 q1w2e3r4 qazwsxedc woaini1314 5201314520 147258369 159753456 testtest test1234 ccmanage
    """.split()  # noqa: SIM905 - far easier to read than a list of strings
)


def normalise_email(text: str) -> str | None:
    """Return the one spelling under which an address is found, or None if it is not exactly one address.

    Case is folded in both parts: no provider in use tells `Ann@` from `ann@`, and people type both.
    """
    local, at, domain = text.strip().lower().rpartition("@")
    if not at:
        return None
    try:
        address = f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return None
    if len(address) > MAX_EMAIL or len(local) > _MAX_LOCAL:
        return None
    return address if _ADDRESS.fullmatch(address) else None


def password_faults(password: str, *, email: str) -> list[FieldError]:
    """Tell what keeps a password from being accepted; the pointer is the caller's business."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        return [FieldError("", "password.length", f"Use {MIN_PASSWORD} to {MAX_PASSWORD} characters.")]
    folded = password.casefold()
    if folded in _COMMON or len(set(folded)) < 3 or folded in {email, email.partition("@")[0]}:
        return [FieldError("", "password.too_common", "This password is easy to guess. Use another one.")]
    return []


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_time_zone(name: str) -> bool:
    """Tell whether the name is an IANA time zone that this machine knows."""
    return name in _zones()
