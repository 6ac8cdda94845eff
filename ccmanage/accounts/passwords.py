"""What a password may be: long enough, not among the most common ones, not the person's own name or address.

There are no rules of composition: they make passwords harder to remember and no harder to guess. The list of common
passwords ships with the package, so that nothing about a password ever leaves the machine; its first lines name its
origin and licence.
"""

import gzip
from functools import cache
from importlib.resources import files

from ccmanage.core.errors import FieldError, InvalidInput

MIN_PASSWORD = 8
MAX_PASSWORD = 128
_LEAST_DIFFERENT = 3
_LEAST_TELLING = 4

# What lists of leaked passwords cannot know: this product, and what its readers would try first.
_OWN = frozenset(
    """
    ccmanage ccmanage1 ccmanage123 claudecode claudecode1 claude123 anthropic anthropic1 changeme123 woaini1314
    5201314520 welcome123 admin1234 administrator letmein123 password1234 qwerty12345
    """.split()  # noqa: SIM905 - far easier to read than a list of strings
)


@cache
def common_passwords() -> frozenset[str]:
    """Return the shipped list, folded."""
    packed = files("ccmanage.accounts").joinpath("common_passwords.txt.gz").read_bytes()
    lines = gzip.decompress(packed).decode().splitlines()
    return frozenset(line for line in lines if not line.startswith("# ")) | _OWN


def password_faults(password: str, *, email: str, name: str = "") -> list[FieldError]:
    """Tell what keeps a password from being accepted; the pointer is the caller's business.

    Characters are counted, not bytes, and nothing is trimmed, folded or cut before it is hashed.
    """
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        return [FieldError("", "password.length", f"Use {MIN_PASSWORD} to {MAX_PASSWORD} characters.")]
    folded = password.casefold()
    if folded in common_passwords() or len(set(folded)) < _LEAST_DIFFERENT:
        return [FieldError("", "password.too_common", "This password is easy to guess. Use another one.")]
    if folded.strip() in _personal(email, name):
        return [FieldError("", "password.personal", "Do not use your name or address as a password.")]
    return []


def require_good(password: str, pointer: str, *, email: str, name: str = "") -> None:
    """Raise InvalidInput, with the field, for a password that will not do."""
    if faults := password_faults(password, email=email, name=name):
        fields = [FieldError(pointer, fault.code, fault.detail) for fault in faults]
        raise InvalidInput(faults[0].detail, fields=fields)


def _personal(email: str, name: str) -> frozenset[str]:
    address = email.strip().casefold()
    local, _, domain = address.partition("@")
    words = name.casefold().split()
    texts = {address, local, domain, local + domain, " ".join(words), "".join(words), "".join(reversed(words))}
    return frozenset(text for text in texts if len(text) >= _LEAST_TELLING)
