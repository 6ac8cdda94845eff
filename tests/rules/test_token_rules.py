"""What scopes of access tokens open, and what no scope opens."""

import pytest

from ccmanage.accounts.token_rules import NAMES, TokenScope, may, names_of

EVERYTHING = TokenScope(sum(NAMES.values()))

OPEN = [
    ("read", "GET", "/v1/keys"),
    ("read", "GET", "/v1/usage/summary"),
    ("read", "GET", "/v1/workspace"),
    ("read", "GET", "/v1/me"),
    ("usage", "GET", "/v1/usage/export"),
    ("usage", "GET", "/v1/credits/balance"),
    ("usage", "GET", "/v1/me"),
    ("keys", "POST", "/v1/keys"),
    ("keys", "GET", "/v1/keys/key_1"),
    ("write", "PATCH", "/v1/workspace"),
    ("admin:read", "GET", "/v1/admin/users"),
    ("admin", "POST", "/v1/admin/users"),
    ("admin", "GET", "/v1/admin/users"),
]
CLOSED = [
    ("read", "POST", "/v1/keys"),
    ("read", "GET", "/v1/admin/users"),
    ("usage", "GET", "/v1/keys"),
    ("usage", "POST", "/v1/usage/export"),
    ("keys", "GET", "/v1/keysmith"),
    ("keys", "GET", "/v1/usage/summary"),
    ("write", "POST", "/v1/keys"),
    ("write", "GET", "/v1/workspace"),
    ("write", "POST", "/v1/admin/users"),
    ("admin:read", "POST", "/v1/admin/users"),
    ("admin", "POST", "/v1/keys"),
    ("admin", "GET", "/v1/keys"),
    ("sensitive", "GET", "/v1/keys"),
    ("sensitive", "POST", "/v1/keys/key_1/rotate"),
]


@pytest.mark.parametrize(("scope", "method", "path"), OPEN)
def test_a_scope_opens_what_it_is_named_for(scope: str, method: str, path: str) -> None:
    assert may(NAMES[scope], method, path)


@pytest.mark.parametrize(("scope", "method", "path"), CLOSED)
def test_a_scope_opens_nothing_else(scope: str, method: str, path: str) -> None:
    assert not may(NAMES[scope], method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/auth/logout"),
        ("POST", "/v1/auth/step-up"),
        ("POST", "/v1/auth/totp/disable"),
        ("GET", "/v1/auth/totp"),
        ("PATCH", "/v1/me"),
        ("POST", "/v1/me/password"),
        ("GET", "/v1/me/sessions"),
        ("GET", "/v1/me/tokens"),
        ("POST", "/v1/me/tokens"),
    ],
)
def test_no_scope_opens_the_account_itself(method: str, path: str) -> None:
    assert not may(EVERYTHING, method, path)


def test_names_come_in_one_order() -> None:
    assert names_of(EVERYTHING) == list(NAMES)
    assert names_of(TokenScope.ADMIN | TokenScope.READ) == ["read", "admin"]
