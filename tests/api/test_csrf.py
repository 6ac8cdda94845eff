"""Writes with a cookie come from our own pages, or not at all."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from support.world import ORIGIN, World


@pytest.fixture
def browser(sqlite_world: World) -> TestClient:
    return sqlite_world.browser(sqlite_world.person("Ann"))


def write(browser: TestClient, **headers: str) -> Any:
    return browser.post("/v1/keys", json={"name": "k"}, headers=headers)


def test_our_own_page_may_write(browser: TestClient) -> None:
    assert write(browser).status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "http://["},
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "guess"},
        {"X-CSRF-Token": "ÿ"},
    ],
)
def test_other_pages_may_not(browser: TestClient, headers: dict[str, str]) -> None:
    answer = write(browser, **{name: value.encode("latin-1") for name, value in headers.items()})  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf.refused")


def test_a_proxy_may_end_tls_in_front_of_us(browser: TestClient) -> None:
    assert write(browser, Origin="https://testserver").status_code == 201


def test_a_missing_origin_is_refused(browser: TestClient) -> None:
    del browser.headers["Origin"]
    assert write(browser).status_code == 403


def test_a_planted_cookie_does_not_help(browser: TestClient) -> None:
    """Whoever can set a cookie for us, from another subdomain, still does not know the session's token."""
    browser.cookies.clear()
    session = browser.post("/v1/auth/login", json={"email": "ann@example.com", "password": "correct horse battery"})
    assert session.status_code == 200
    browser.cookies.set("ccm_csrf", "planted", domain="testserver.local")
    browser.cookies.set("ccm_csrf", "planted")
    assert write(browser, **{"X-CSRF-Token": "planted"}).status_code == 403


def test_the_token_of_another_session_does_not_help(sqlite_world: World, browser: TestClient) -> None:
    other = sqlite_world.browser(sqlite_world.person("Eve"))
    token = other.headers["X-CSRF-Token"]
    browser.cookies.delete("ccm_csrf")
    browser.cookies.set("ccm_csrf", token)
    assert write(browser, **{"X-CSRF-Token": token}).status_code == 403


def test_reading_needs_no_token(browser: TestClient) -> None:
    del browser.headers["Origin"], browser.headers["X-CSRF-Token"]
    assert browser.get("/v1/keys").status_code == 200


def test_with_a_bearer_the_cookie_is_ignored(sqlite_world: World, browser: TestClient) -> None:
    eve = sqlite_world.person("Eve")
    del browser.headers["Origin"], browser.headers["X-CSRF-Token"]
    token = {"Authorization": f"Bearer {sqlite_world.token(eve)}"}
    assert write(browser, **token).status_code == 201
    assert browser.get("/v1/me", headers=token).json()["id"] == eve.id
    assert browser.get("/v1/me", headers={"Authorization": "Bearer nonsense"}).status_code == 401


def test_signing_in_across_sites_is_stopped_by_the_content_type(sqlite_world: World) -> None:
    """A form of another site can send text or form fields, not JSON."""
    sqlite_world.person("Ann")
    body = '{"email": "ann@example.com", "password": "correct horse battery"}'
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        headers = {"Content-Type": media_type, "Origin": "https://evil.example"}
        assert sqlite_world.client().post("/v1/auth/login", content=body, headers=headers).status_code == 415


def test_public_origin_counts_whatever_the_host(sqlite_world: World, browser: TestClient) -> None:
    assert write(browser, Origin=ORIGIN.upper(), Host="10.0.0.5:8000").status_code == 201
