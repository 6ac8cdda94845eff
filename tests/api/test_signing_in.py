"""Signing in and out: the same work and answer for the unknown, a session that can be ended, slow guessing."""

from typing import Any

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from api.accounts import hashing
from ccmanage.accounts.throttle import SignInThrottle
from ccmanage.adapters.failures import MemoryFailures
from ccmanage.core.security import Passwords
from support.databases import migrated_sqlite
from support.world import PASSWORD, Person, World


def login(client: TestClient, email: str, password: str = PASSWORD, **options: Any) -> Any:
    return client.post("/v1/auth/login", json={"email": email, "password": password}, **options)


def test_signing_in_gives_a_token_and_cookies(world: World) -> None:
    ann = world.person("Ann")
    answer = login(world.client(), " ANN@example.com ")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["token_type"], body["expires_in"], body["user"]["email"]) == ("bearer", 86_400, ann.email)
    assert body["user"]["id"] == ann.id
    cookies = {cookie.split("=")[0]: cookie for cookie in answer.headers.get_list("set-cookie")}
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=86400"} <= set(cookies["ccm_session"].split("; "))
    assert "HttpOnly" not in cookies["ccm_csrf"]
    assert "Secure" not in cookies["ccm_session"]
    assert world.count("audit_log", "action = 'accounts.sign_in'") == 1


def test_behind_https_cookies_are_secure(sqlite_template: Any, tmp_path: Any) -> None:
    world = World(migrated_sqlite(sqlite_template, tmp_path / "w.db"), public_url="https://credits.example")
    world.person("Ann")
    answer = login(world.client(), "ann@example.com")
    assert all("Secure" in cookie for cookie in answer.headers.get_list("set-cookie"))
    session = next(cookie for cookie in answer.headers.get_list("set-cookie") if "ccm_session" in cookie)
    assert session.startswith("__Host-ccm_session=")  # no other host, no plain http, no other path can set it
    assert "Path=/;" in session
    assert "Domain" not in session
    assert "max-age=31536000" in answer.headers["strict-transport-security"]
    world.close()


@pytest.mark.parametrize(("email", "password"), [("ann@example.com", "wrong"), ("nobody@example.com", PASSWORD)])
def test_wrong_and_unknown_get_the_same_answer(world: World, email: str, password: str) -> None:
    world.person("Ann")
    answer = login(world.client(), email, password)
    assert answer.status_code == 401
    body = answer.json()
    assert (body["code"], body["detail"]) == ("accounts.sign_in_refused", "Email address or password is wrong.")
    assert "set-cookie" not in answer.headers


def test_an_unknown_address_takes_the_same_work(sqlite_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[bool] = []
    whole = Passwords.verify

    def count(self: Passwords, password: str, phc: str | None) -> bool:
        checked.append(phc is not None)
        return whole(self, password, phc)

    monkeypatch.setattr(Passwords, "verify", count)
    sqlite_world.person("Ann")
    sqlite_world.person("No password yet", password=None)
    for email in ("ann@example.com", "nobody@example.com", "no.password.yet@example.com", "no address"):
        assert login(sqlite_world.client(), email, "wrong password").status_code == 401
    assert checked == [True, False, False, False]


def test_failures_of_known_people_are_recorded_of_unknown_ones_not(world: World) -> None:
    world.person("Ann")
    login(world.client(), "ann@example.com", "wrong")
    login(world.client(), "nobody@example.com", "wrong")
    world.after_answers()
    assert world.count("audit_log", "action = 'accounts.sign_in_refused'") == 1


def test_guessing_is_slowed_down_and_waiting_helps(world: World) -> None:
    world.person("Ann")
    client = world.client()
    for _ in range(5):
        assert login(client, "ann@example.com", "wrong").status_code == 401
    refused = login(client, "ann@example.com")
    assert refused.status_code == 429
    assert refused.json()["code"] == "accounts.sign_in_throttled"
    assert int(refused.headers["retry-after"]) == 1
    assert "r=0" in refused.headers["ratelimit"]
    assert login(client, "ANN@EXAMPLE.COM").status_code == 429
    world.clock.move(seconds=1)
    assert login(client, "ann@example.com").status_code == 200


def test_strangers_who_guess_do_not_keep_a_known_browser_out(world: World) -> None:
    ann = world.person("Ann")
    laptop = world.browser(ann)
    for number in range(30):
        login(world.client(address=f"203.0.113.{number}"), ann.email, "wrong")
    assert login(world.client(), ann.email).status_code == 429
    assert login(laptop, ann.email).status_code == 200


def test_the_mark_of_a_browser_is_good_for_its_person_only(sqlite_world: World) -> None:
    ann, bob = sqlite_world.person("Ann"), sqlite_world.person("Bob")
    browser = sqlite_world.browser(bob)
    for _ in range(5):
        login(sqlite_world.client(), ann.email, "wrong")
    assert login(browser, ann.email).status_code == 429
    forged = sqlite_world.client()
    forged.cookies.set("ccm_browser", browser.cookies["ccm_browser"][:-1] + "x")
    assert login(forged, ann.email).status_code == 429
    sqlite_world.clock.move(minutes=2)
    assert login(browser, ann.email).status_code == 200
    for _ in range(5):
        login(sqlite_world.client(), bob.email, "wrong")
    assert login(browser, bob.email).status_code == 200, "a browser may know several people"


def test_when_counts_are_away_administrators_stay_out(sqlite_world: World) -> None:
    class Away(MemoryFailures):
        is_away = True

    sqlite_world.runtime.throttle = SignInThrottle(sqlite_world.clock, Away(), sqlite_world.runtime.digester.digest)
    boss, ann = sqlite_world.person("Boss", admin=True), sqlite_world.person("Ann")
    assert login(sqlite_world.client(), boss.email, "wrong").status_code == 401
    answer = login(sqlite_world.client(), boss.email)
    assert (answer.status_code, answer.json()["code"]) == (503, "accounts.counts_away")
    assert login(sqlite_world.client(), ann.email).status_code == 200


def test_a_forged_forwarding_header_does_not_free_an_address(sqlite_world: World) -> None:
    client = sqlite_world.client(address="203.0.113.9")
    for number in range(20):
        login(client, f"user{number}@example.com", headers={"X-Forwarded-For": f"10.0.0.{number}"})
    answer = login(client, "another@example.com", headers={"X-Forwarded-For": "10.9.9.9"})
    assert answer.status_code == 429
    assert login(sqlite_world.client(address="203.0.113.10"), "another@example.com").status_code == 401


def test_a_suspended_person_is_told_so_only_with_the_right_password(world: World) -> None:
    ann = world.person("Ann")
    with world.scope() as scope:
        scope.accounts.suspend(ann.account.public_id, reason="test")
    assert login(world.client(), "ann@example.com", "wrong").status_code == 401
    answer = login(world.client(), "ann@example.com")
    assert (answer.status_code, answer.json()["code"]) == (403, "accounts.suspended")


def test_a_weak_hash_is_renewed_at_the_next_sign_in(world: World) -> None:
    world.person("Ann")
    before = world.rows("users")[0]["password_hash"]
    world.runtime.passwords = Passwords(memory_kib=16, rounds=2)
    assert login(world.client(), "ann@example.com").status_code == 200
    after = world.rows("users")[0]["password_hash"]
    assert after != before
    assert world.runtime.passwords.verify(PASSWORD, after)


def test_signing_out_ends_the_token_at_once(world: World) -> None:
    ann = world.person("Ann")
    browser = world.browser(ann)
    token = browser.cookies["ccm_session"]
    answer = browser.post("/v1/auth/logout")
    assert answer.status_code == 204
    assert all("Max-Age=0" in cookie for cookie in answer.headers.get_list("set-cookie"))
    assert world.client().get("/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x.y.z",
        "Basic YTpi",
        "bearer null",
        "Bearer " + "a" * 5000,
        "Bearer ccm_nonsense",
    ],
)
def test_other_credentials_are_refused(sqlite_world: World, header: str) -> None:
    answer = sqlite_world.client().get("/v1/me", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_of_another_key_or_a_changed_one_is_refused(sqlite_world: World) -> None:
    token = sqlite_world.token(sqlite_world.person("Ann"))
    head, body, signature = token.split(".")
    for forged in (f"{head}.{body}.", f"{head}.{body}.{signature[::-1]}", f"{body}.{body}.{signature}", f"{token}="):
        answer = sqlite_world.client().get("/v1/me", headers={"Authorization": f"Bearer {forged}"})
        assert answer.status_code == 401, forged


def test_a_gateway_token_signs_nobody_in(sqlite_world: World) -> None:
    token = sqlite_world.gateway().token
    assert sqlite_world.client().get("/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_sessions_end_by_idleness_and_after_a_day(world: World) -> None:
    client = world.client(world.person("Ann"))
    assert client.get("/v1/me").status_code == 200
    world.clock.move(hours=8, seconds=1)
    answer = client.get("/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "accounts.session_ended")


def test_use_is_noted_at_most_once_a_minute(world: World) -> None:
    client = world.client(world.person("Ann"))

    def seen() -> int:
        found: int = world.rows("sessions")[0]["last_seen_at"]
        return found

    first = seen()
    world.clock.move(seconds=30)
    client.get("/v1/me")
    assert seen() == first
    world.clock.move(seconds=31)
    client.get("/v1/me")
    assert seen() == world.clock.now


def test_a_suspension_is_seen_within_two_seconds_by_other_processes(world: World) -> None:
    ann = world.person("Ann")
    client = world.client(ann)
    client.get("/v1/me")
    with world.scope() as scope:  # as another process would: this one's cache is not told
        scope.accounts.suspend(ann.account.public_id, reason="test")
    world.clock.move(seconds=2)
    assert client.get("/v1/me").status_code == 401


def test_within_two_seconds_a_request_asks_nothing_about_its_caller(world: World) -> None:
    client = world.client(world.person("Ann"))
    client.get("/v1/workspace")
    statements: list[str] = []
    event.listen(world.runtime.database.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    assert client.get("/v1/workspace").status_code == 200
    assert statements == []
    assert client.get("/v1/keys").status_code == 200
    assert len([text for text in statements if text.startswith("SELECT")]) == 1


class TestPassword:
    """Changing one's password."""

    @pytest.fixture
    def ann(self, world: World) -> Person:
        return world.person("Ann")

    def change(self, client: TestClient, current: str = PASSWORD, new: str = "a much better one") -> Any:
        return client.post("/v1/me/password", json={"current_password": current, "new_password": new})

    def test_it_keeps_this_session_and_ends_the_others(self, world: World, ann: Person) -> None:
        mine, other = world.client(ann), world.client(ann)
        assert other.get("/v1/me").status_code == 200
        assert self.change(mine).status_code == 204
        assert mine.get("/v1/me").status_code == 200
        assert other.get("/v1/me").status_code == 401
        assert login(world.client(), ann.email).status_code == 401
        assert login(world.client(), ann.email, "a much better one").status_code == 200

    def test_the_current_one_must_be_right(self, world: World, ann: Person) -> None:
        answer = self.change(world.client(ann), current="wrong")
        assert (answer.status_code, answer.json()["code"]) == (422, "accounts.wrong_password")
        assert answer.json()["errors"][0]["pointer"] == "/current_password"

    def test_guessing_it_is_slowed_down(self, world: World, ann: Person) -> None:
        client = world.client(ann)
        for _ in range(10):
            self.change(client, current="wrong")
        assert self.change(client).status_code == 429

    @pytest.mark.parametrize("new", ["short", "password123", "ann@example.com"])
    def test_a_weak_one_is_refused(self, sqlite_world: World, new: str) -> None:
        client = sqlite_world.client(sqlite_world.person("Ann"))
        answer = self.change(client, new=new)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/new_password"
        assert new not in answer.text.replace("password.too_common", "")


def test_a_flood_of_sign_ins_is_turned_away_and_holds_up_nobody(sqlite_world: World) -> None:
    room = sqlite_world.app.state.password_desk.hashing
    room._inside = hashing.WAITING
    answer = login(sqlite_world.client(), "ann@example.com")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert sqlite_world.client().get("/healthz").status_code == 200
