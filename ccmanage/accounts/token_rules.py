"""What a personal access token may do. Pure.

A scope only ever narrows what its maker may do at the moment of use: roles are asked as for the person themself.
Ways into the account (password, factors, sessions, other tokens) are closed to tokens whatever their scopes.
"""

from enum import IntFlag

SAFE_METHODS = frozenset({"GET", "HEAD"})


class TokenScope(IntFlag):
    """What a token may be used for; the names are in `NAMES`."""

    READ = 1
    USAGE = 2
    KEYS = 4
    WRITE = 8
    ADMIN_READ = 16
    ADMIN = 32
    SENSITIVE = 64


NAMES: dict[str, TokenScope] = {
    "read": TokenScope.READ,
    "usage": TokenScope.USAGE,
    "keys": TokenScope.KEYS,
    "write": TokenScope.WRITE,
    "admin:read": TokenScope.ADMIN_READ,
    "admin": TokenScope.ADMIN,
    "sensitive": TokenScope.SENSITIVE,
}
ADMINS_ONLY = TokenScope.ADMIN_READ | TokenScope.ADMIN
_FOR_PEOPLE_ONLY = ("/v1/auth", "/v1/me")
_USAGE = ("/v1/usage", "/v1/credits", "/v1/subscription")
_KEYS = ("/v1/keys",)
_ADMIN = ("/v1/admin",)


def names_of(scopes: TokenScope) -> list[str]:
    """Return the names of scopes, always in the same order."""
    return [name for name, scope in NAMES.items() if scope in scopes]


def may(scopes: TokenScope, method: str, path: str) -> bool:
    """Tell whether scopes open a call. Deeds of weight need `sensitive` besides, which is asked where they are done."""
    reads = method in SAFE_METHODS
    if path == "/v1/me" and reads:
        return True
    if _below(path, _FOR_PEOPLE_ONLY):
        return False
    if _below(path, _ADMIN):
        return TokenScope.ADMIN in scopes or (reads and TokenScope.ADMIN_READ in scopes)
    if reads and TokenScope.READ in scopes:
        return True
    if _below(path, _KEYS) and TokenScope.KEYS in scopes:
        return True
    if reads and _below(path, _USAGE) and TokenScope.USAGE in scopes:
        return True
    return not reads and TokenScope.WRITE in scopes and not _below(path, _KEYS)


def _below(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in roots)
