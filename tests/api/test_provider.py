"""Signing in at a real OpenID provider: who comes in, as whom, and who does not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from ccmanage.accounts.settings import PASSWORD_ENABLED
from ccmanage.settings.service import Change
from support.factors import enrol, second_step
from support.oidc import Provider, come_back, sign_in, start
from support.server_process import ServerMissing
from support.signup import mails
from support.world import PASSWORD, World

Make = Callable[..., World]


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    try:
        found = Provider()
    except ServerMissing as missing:
        pytest.skip(str(missing))
    yield found
    found.stop()


@pytest.fixture
def make(provider: Provider, database_url: str, request: pytest.FixtureRequest) -> Iterator[Make]:
    """Make an installation that signs people in at the provider; rows of another test are not there."""
    world = request.getfixturevalue("world")
    made: list[World] = []

    def build(**settings: Any) -> World:
        made.append(World(world.settings.database_url, **{**provider.settings, **settings}))
        return made[-1]

    yield build
    for one in made:
        one.close()


@dataclass
class Walk:
    """An installation with a fresh browser."""

    world: World
    client: TestClient


@pytest.fixture
def walk(make: Make) -> Walk:
    world = make()
    return Walk(world, world.client())


def me(client: TestClient) -> dict[str, Any]:
    answer = client.get("/v1/me")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_first_sign_in_creates_the_person_with_a_workspace(provider: Provider, walk: Walk) -> None:
    provider.become("ann", email="Ann@Example.com")
    assert sign_in(provider, walk.client, redirect="/usage?tab=events") == "/usage?tab=events"
    found = me(walk.client)
    assert (found["email"], found["name"], found["role"]) == ("ann@example.com", "Ann", "user")
    assert [workspace["kind"] for workspace in found["workspaces"]] == ["personal"]
    assert walk.world.rows("users")[0]["email_verified_at"] is not None
    assert walk.world.count("audit_log", "action = 'accounts.link_provider'") == 1
    stored = walk.world.rows("provider_identities")[0]
    assert b"ann" not in stored["subject_sealed"]


def test_later_sign_ins_find_them_by_subject_not_by_address(provider: Provider, walk: Walk) -> None:
    provider.become("ann")
    sign_in(provider, walk.client)
    first = me(walk.client)["id"]
    provider.become("ann", email="ann.married@example.com")
    again = walk.world.client()
    sign_in(provider, again)
    assert me(again)["id"] == first
    assert walk.world.count("users") == 1


def test_the_provider_refuses_a_sign_in_without_a_code_verifier(provider: Provider, walk: Walk) -> None:
    """That it asks for PKCE is what makes the next test mean something."""
    url = start(walk.client)
    asked = parse_qs(urlsplit(url).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    without = "&".join(part for part in url.split("&") if not part.startswith("code_challenge"))
    back = parse_qs(urlsplit(provider.walk(without)).query)
    assert back["error"] == ["invalid_request"]


def test_a_stolen_code_is_worth_nothing_with_another_verifier(provider: Provider, walk: Walk) -> None:
    provider.become("ann")
    stolen = parse_qs(urlsplit(provider.walk(start(walk.client))).query)["code"][0]
    thief = walk.world.client()
    state = parse_qs(urlsplit(start(thief)).query)["state"][0]
    where = come_back(thief, f"/v1/auth/oidc/callback?code={stolen}&state={state}")
    assert where == "/sign-in?problem=accounts.provider_refused"
    assert walk.world.count("sessions") == 0


@pytest.mark.parametrize("change", ["state", "iss", "code", "no cookie", "late", "nonsense cookie"])
def test_an_answer_that_belongs_to_nothing_lets_nobody_in(provider: Provider, walk: Walk, change: str) -> None:
    provider.become("ann")
    back = provider.walk(start(walk.client))
    if change == "no cookie":
        walk.client.cookies.clear()
    elif change == "nonsense cookie":
        walk.client.cookies.clear()
        walk.client.cookies.set("ccm_oidc", "bm9uc2Vuc2U=", path="/v1/auth/oidc")
    elif change == "late":
        walk.world.clock.move(minutes=10, seconds=1)
    else:
        back = back.replace(f"{change}=", f"{change}=x")
    assert come_back(walk.client, back) == "/sign-in?problem=accounts.provider_refused"
    assert walk.world.count("users") == 0


def test_an_answer_works_once(provider: Provider, walk: Walk) -> None:
    provider.become("ann")
    back = provider.walk(start(walk.client))
    assert come_back(walk.client, back) == "/"
    assert come_back(walk.client, back) == "/sign-in?problem=accounts.provider_refused"


def test_a_token_for_another_nonce_is_refused(provider: Provider, walk: Walk) -> None:
    """The provider signs what it was asked; the browser brings a ticket that was made for another question."""
    provider.become("ann")
    url = start(walk.client)
    asked = parse_qs(urlsplit(url).query)["nonce"][0]
    back = provider.walk(url.replace(f"nonce={asked}", "nonce=another"))
    assert come_back(walk.client, back) == "/sign-in?problem=accounts.provider_refused"


@pytest.mark.parametrize("claim", ["aud", "iss"])
def test_a_token_for_another_audience_or_issuer_is_refused(
    provider: Provider, walk: Walk, claim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    oidc = walk.world.runtime.oidc
    assert oidc is not None
    provider.become("ann")
    back = provider.walk(start(walk.client))
    expected = oidc._expected()
    expected[claim]["value"] = "another"
    monkeypatch.setattr(oidc, "_expected", lambda: expected)
    assert come_back(walk.client, back) == "/sign-in?problem=accounts.provider_refused"
    assert walk.world.count("users") == 0


def test_whoever_refuses_at_the_provider_comes_back_unharmed(provider: Provider, walk: Walk) -> None:
    provider.become("ann", refuses=True)
    assert sign_in(provider, walk.client) == "/sign-in?problem=accounts.provider_refused"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nb"])
def test_it_leads_nowhere_but_into_the_portal(provider: Provider, walk: Walk, target: str) -> None:
    provider.become("ann")
    assert sign_in(provider, walk.client, redirect=target) == "/"


class TestWhoMayComeIn:
    """Domains, proven addresses, accounts that were there before."""

    def test_only_listed_domains(self, provider: Provider, make: Make) -> None:
        world = make(oidc_domains=("example.com",))
        provider.become("eve", email="eve@evil.example")
        assert sign_in(provider, world.client()) == "/sign-in?problem=accounts.provider_domain_refused"
        provider.become("sub", email="ann@sub.example.com")
        assert sign_in(provider, world.client()) == "/sign-in?problem=accounts.provider_domain_refused"
        provider.become("ann")
        assert sign_in(provider, world.client()) == "/"

    @pytest.mark.parametrize("verified", [False, None, "yes"])
    def test_only_addresses_that_the_provider_vouches_for(
        self, provider: Provider, walk: Walk, verified: object
    ) -> None:
        provider.become("eve", email="boss@example.com", email_verified=verified)
        assert sign_in(provider, walk.client) == "/sign-in?problem=accounts.provider_email_unproven"
        assert walk.world.count("users") == 0

    def test_an_account_whose_address_was_proven_is_linked(self, provider: Provider, walk: Walk) -> None:
        ann = walk.world.person("Ann")
        with walk.world.scope() as scope:
            scope.providers._prove_address(ann.account.id)
        provider.become("ann")
        assert sign_in(provider, walk.client) == "/"
        assert me(walk.client)["id"] == ann.id

    def test_an_account_that_somebody_may_wait_in_is_not(self, provider: Provider, walk: Walk) -> None:
        ann = walk.world.person("Ann")  # registered with a password; nobody has proven the address
        with walk.world.scope() as scope:
            user = scope.accounts._repository.lock(ann.account.id)
            assert user is not None
            user.email_verified_at = None
        provider.become("ann")
        assert sign_in(provider, walk.client) == "/sign-in?problem=accounts.provider_link_refused"
        assert walk.world.count("provider_identities") == 0

    def test_an_account_without_a_password_is(self, provider: Provider, walk: Walk) -> None:
        ann = walk.world.person("Ann", password=None)
        provider.become("ann")
        assert sign_in(provider, walk.client) == "/"
        assert me(walk.client)["id"] == ann.id

    def test_a_suspended_person_stays_out(self, provider: Provider, walk: Walk) -> None:
        provider.become("ann")
        sign_in(provider, walk.client)
        with walk.world.scope() as scope:
            account = scope.accounts.find_by_email("ann@example.com")
            assert account is not None
            scope.accounts.suspend(account.public_id, reason="test")
        assert sign_in(provider, walk.world.client()) == "/sign-in?problem=accounts.suspended"


class TestGroups:
    """Groups at the provider are roles here, at each sign-in."""

    def test_they_make_administrators_and_unmake_them(self, provider: Provider, make: Make) -> None:
        world = make(oidc_admin_groups=("credit admins",))
        world.person("Break Glass", admin=True)
        provider.become("ann", groups=["staff", "credit admins"])
        client = world.client()
        sign_in(provider, client)
        assert me(client)["role"] == "admin"
        provider.become("ann", groups=["staff"])
        again = world.client()
        sign_in(provider, again)
        assert me(again)["role"] == "user"
        world.clock.move(seconds=2)
        assert client.get("/v1/me").status_code == 401  # what was opened as an administrator has ended

    def test_without_a_mapping_they_say_nothing(self, provider: Provider, walk: Walk) -> None:
        provider.become("ann", groups=["credit admins"])
        sign_in(provider, walk.client)
        assert me(walk.client)["role"] == "user"

    def test_the_last_administrator_stays(self, provider: Provider, make: Make) -> None:
        world = make(oidc_admin_groups=("credit admins",))
        provider.become("ann", groups=["credit admins"])
        sign_in(provider, world.client())
        provider.become("ann", groups=[])
        client = world.client()
        sign_in(provider, client)
        assert me(client)["role"] == "admin"


class TestFactors:
    """A provider does not get anybody around the second factor that they have here."""

    def test_a_code_is_asked_unless_the_provider_asked_for_a_second_factor(
        self, provider: Provider, walk: Walk
    ) -> None:
        provider.become("ann")
        sign_in(provider, walk.client)
        walk.client.headers["Origin"] = "http://testserver"
        walk.client.headers["X-CSRF-Token"] = walk.client.cookies["ccm_csrf"]
        phone, _ = enrol(walk.world, walk.client)
        again = walk.world.client()
        where = sign_in(provider, again, redirect="/keys")
        assert where.startswith("/sign-in?redirect=%2Fkeys#challenge=")
        assert "ccm_session" not in again.cookies
        challenge = where.partition("#challenge=")[2]
        assert second_step(again, challenge, phone.code()).status_code == 200
        provider.become("ann", amr=["pwd", "otp"])
        assert sign_in(provider, walk.world.client()) == "/"

    def test_a_fresh_proof_is_asked_of_the_provider(self, provider: Provider, walk: Walk) -> None:
        walk.world.clock.now = int(time.time() * 1000)
        provider.become("ann")
        url = start(walk.client, prompt="login")
        asked = parse_qs(urlsplit(url).query)
        assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
        assert come_back(walk.client, provider.walk(url)) == "/"


class TestPasswordOff:
    """Where people sign in at the provider only."""

    def off(self, world: World) -> None:
        with world.scope() as scope:
            scope.settings.change([Change(PASSWORD_ENABLED.name, False, 0)])
        world.clock.move(seconds=2)

    def login(self, world: World, email: str, password: str = PASSWORD) -> Any:
        return world.client().post("/v1/auth/login", json={"email": email, "password": password})

    def test_passwords_open_nothing_but_the_break_glass_account(self, provider: Provider, make: Make) -> None:
        world = make(break_glass_emails=("boss@example.com", "ann@example.com"))
        ann, boss = world.person("Ann"), world.person("Boss", admin=True)
        other = world.person("Other", admin=True)
        assert world.client().get("/v1/auth/methods").json()["passwords"] is True
        self.off(world)
        assert world.client().get("/v1/auth/methods").json() == {
            "passwords": False,
            "provider": {"name": "Example", "start": "/v1/auth/oidc/start"},
        }
        for email in (ann.email, other.email, "nobody@example.com"):
            answer = self.login(world, email)
            assert (answer.status_code, answer.json()["code"]) == (403, "accounts.password_off"), email
        assert self.login(world, boss.email, "wrong").status_code == 401
        assert self.login(world, boss.email).status_code == 200

    def test_without_a_provider_passwords_stay_on(self, world: World) -> None:
        ann = world.person("Ann")
        self.off(world)
        assert self.login(world, ann.email).status_code == 200
        answer = world.client().get("/v1/auth/oidc/start")
        assert (answer.status_code, answer.json()["code"]) == (404, "accounts.no_provider")


class TestLinkingByHand:
    """A name at the provider is linked to one's account, and taken away, under Security."""

    def begin(self, browser: TestClient) -> str:
        answer = browser.post("/v1/me/identities/link")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["url"])

    def listed(self, browser: TestClient) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = browser.get("/v1/me/identities").json()["items"]
        return found

    def test_whoever_linked_it_signs_in_with_it(self, provider: Provider, walk: Walk) -> None:
        ann = walk.world.person("Ann")
        browser = walk.world.browser(ann)
        provider.become("a.smith", email="a.smith@elsewhere.example", email_verified=False)
        assert come_back(browser, provider.walk(self.begin(browser))) == "/security?linked="
        [one] = self.listed(browser)
        assert (one["issuer"], one["may_unlink"]) == (provider.issuer, True)
        assert sign_in(provider, walk.client) == "/"
        assert me(walk.client)["id"] == ann.id
        # A second time it is linked already, and that is no fault.
        assert come_back(browser, provider.walk(self.begin(browser))) == "/security?linked="
        assert walk.world.count("audit_log", "action = 'accounts.link_provider'") == 1

    def test_it_opens_one_account_only(self, provider: Provider, walk: Walk) -> None:
        provider.become("ann")
        sign_in(provider, walk.client)
        bob = walk.world.browser(walk.world.person("Bob"))
        assert come_back(bob, provider.walk(self.begin(bob))) == "/security?problem=accounts.identity_taken"
        assert self.listed(bob) == []

    def test_a_link_is_for_who_began_it(self, provider: Provider, walk: Walk) -> None:
        ann, eve = walk.world.browser(walk.world.person("Ann")), walk.world.browser(walk.world.person("Eve"))
        provider.become("eve.at.work")
        back = provider.walk(self.begin(eve))
        ann.cookies.set("ccm_oidc", eve.cookies["ccm_oidc"], domain="testserver.local", path="/v1/auth/oidc")
        assert come_back(ann, back) == "/security?problem=accounts.provider_refused"
        assert self.listed(ann) == []
        eve.post("/v1/auth/logout")
        assert come_back(eve, back) == "/security?problem=accounts.provider_refused"
        assert walk.world.count("provider_identities") == 0

    def test_domains_hold_for_it_too(self, provider: Provider, make: Make) -> None:
        world = make(oidc_domains=("example.com",))
        browser = world.browser(world.person("Ann"))
        provider.become("ann", email="ann@elsewhere.example")
        back = come_back(browser, provider.walk(self.begin(browser)))
        assert back == "/security?problem=accounts.provider_domain_refused"

    def test_it_is_taken_away_but_never_as_the_last_way_in(self, provider: Provider, walk: Walk) -> None:
        provider.become("ann")
        sign_in(provider, walk.client)
        browser = walk.client
        browser.headers["Origin"], browser.headers["X-CSRF-Token"] = "http://testserver", browser.cookies["ccm_csrf"]
        [one] = self.listed(browser)
        refused = browser.post(f"/v1/me/identities/{one['id']}/unlink")
        assert (refused.status_code, refused.json()["code"]) == (409, "accounts.last_way_in")
        provider.become("ann.again", email="another@example.com")
        assert come_back(browser, provider.walk(self.begin(browser))) == "/security?linked="
        assert [each["may_unlink"] for each in self.listed(browser)] == [True, True]
        assert browser.post(f"/v1/me/identities/{one['id']}/unlink").status_code == 204
        gone = browser.post(f"/v1/me/identities/{one['id']}/unlink")
        assert (gone.status_code, gone.json()["code"]) == (404, "accounts.identity_not_found")
        [left] = self.listed(browser)
        assert left["may_unlink"] is False
        assert walk.world.count("audit_log", "action = 'accounts.unlink_provider'") == 1

    def test_a_password_that_opens_nothing_is_no_way_in(self, provider: Provider, walk: Walk) -> None:
        browser = walk.world.browser(walk.world.person("Ann"))
        provider.become("ann")
        come_back(browser, provider.walk(self.begin(browser)))
        [one] = self.listed(browser)
        with walk.world.scope() as scope:
            scope.settings.change([Change(PASSWORD_ENABLED.name, False, 0)])
        walk.world.clock.move(seconds=2)
        assert browser.post(f"/v1/me/identities/{one['id']}/unlink").json()["code"] == "accounts.last_way_in"

    def test_nobody_takes_away_what_is_anothers(self, provider: Provider, walk: Walk) -> None:
        ann, bob = walk.world.browser(walk.world.person("Ann")), walk.world.browser(walk.world.person("Bob"))
        provider.become("ann")
        come_back(ann, provider.walk(self.begin(ann)))
        [one] = self.listed(ann)
        assert bob.post(f"/v1/me/identities/{one['id']}/unlink").status_code == 404
        assert len(self.listed(ann)) == 1


def test_a_sign_in_from_a_new_browser_is_told(provider: Provider, walk: Walk) -> None:
    provider.become("ann")
    sign_in(provider, walk.client)
    assert mails(walk.world) == []
    sign_in(provider, walk.client)
    assert mails(walk.world) == [], "this browser is known by now"
    sign_in(provider, walk.world.client(address="198.51.100.7"))
    assert [mail[:2] for mail in mails(walk.world)] == [("accounts.new_sign_in", "ann@example.com")]


def test_who_has_no_password_deletes_the_account_with_a_fresh_sign_in(provider: Provider, walk: Walk) -> None:
    walk.world.clock.now = int(time.time() * 1000)
    provider.become("ann")
    sign_in(provider, walk.client)
    walk.world.clock.move(hours=1)
    headers = {"Origin": "http://testserver", "X-CSRF-Token": walk.client.cookies["ccm_csrf"]}
    refused = walk.client.post("/v1/me/privacy/deletion", headers=headers)
    assert refused.json()["code"] == "auth.step_up_required"
    walk.world.clock.now = int(time.time() * 1000)
    assert come_back(walk.client, provider.walk(start(walk.client, prompt="login", redirect="/privacy"))) == "/privacy"
    headers["X-CSRF-Token"] = walk.client.cookies["ccm_csrf"]
    assert walk.client.post("/v1/me/privacy/deletion", headers=headers).status_code == 201


def test_a_provider_that_is_away_is_said_to_be(sqlite_world: World, provider: Provider) -> None:
    url = sqlite_world.settings.database_url
    for settings in ({"oidc_issuer": "http://127.0.0.1:9"}, {"oidc_issuer": f"{provider.issuer}/"}):
        world = World(url, **{**provider.settings, **settings})
        answer = world.client().get("/v1/auth/oidc/start", follow_redirects=False)
        assert (answer.status_code, answer.json()["code"]) == (503, "accounts.provider_away")
        world.close()
