"""From a stranger to somebody with an account: register, verify, forget the password, change the address."""

import re
from typing import Any

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from ccmanage.accounts.models import User
from ccmanage.accounts.settings import REGISTRATION_DOMAINS, REGISTRATION_MODE
from ccmanage.core.clock import DAY, HOUR, MINUTE, SECOND
from ccmanage.email.models import Email
from ccmanage.settings.service import Change
from support.world import PASSWORD, Person, World

BETTER = "a much better one"
NEW = {"email": "Ann@Example.com", "name": "Ann", "password": PASSWORD, "locale": "zh", "time_zone": "Asia/Shanghai"}


@pytest.fixture
def world(world: World) -> World:
    settings(world, REGISTRATION_MODE, "open")
    return world


def settings(world: World, setting: Any, value: Any) -> None:
    with world.scope() as scope:
        revision = next(view.revision for view in scope.settings.all() if view.setting is setting)
        scope.settings.change([Change(setting.name, value, revision)])
    world.clock.move(seconds=3)


def work(world: World) -> None:
    """Do what a worker does."""
    assert world.runtime.answerer.run(should_stop=lambda: False) is False


def mails(world: World, template: str = "") -> list[tuple[str, str, dict[str, str]]]:
    """Return template, address and values of the mails in the outbox, the oldest first."""
    with world.read() as scope:
        letters = [scope.email.opened(row) for row in scope.session.scalars(select(Email).order_by(Email.id))]
    found = [(letter.row.template, letter.address, dict(letter.values)) for letter in letters]
    return [mail for mail in found if not template or mail[0] == template]


def token_of(world: World, template: str) -> str:
    """Return the token in the latest mail of a kind."""
    link = mails(world, template)[-1][2]["link"]
    found = re.fullmatch(r"http://testserver/[a-z-]+#t=([\w-]{43})", link)
    assert found, link
    return found[1]


def register(world: World, **fields: Any) -> Any:
    answer = world.client().post("/v1/auth/register", json={**NEW, **fields})
    work(world)
    return answer


def login(client: TestClient, email: str, password: str = PASSWORD) -> Any:
    return client.post("/v1/auth/login", json={"email": email, "password": password})


def verified(world: World, **fields: Any) -> None:
    register(world, **fields)
    token = token_of(world, "accounts.verify")
    assert world.client().post("/v1/auth/verify-email", json={"token": token}).status_code == 204


class TestRegistering:
    """A stranger becomes a user with a workspace."""

    def test_the_whole_way(self, world: World) -> None:
        answer = register(world)
        assert (answer.status_code, answer.json()) == (202, {"status": "check_mail"})
        assert [(name, address) for name, address, _ in mails(world)] == [("accounts.verify", "ann@example.com")]
        client = world.client()
        token = token_of(world, "accounts.verify")
        assert client.post("/v1/auth/verify-email", json={"token": token}).status_code == 204
        body = login(client, "ann@example.com").json()
        assert (body["user"]["email_verified"], body["user"]["locale"]) == (True, "zh")
        client.headers["Authorization"] = f"Bearer {body['access_token']}"
        me = client.get("/v1/me").json()
        assert [workspace["kind"] for workspace in me["workspaces"]] == ["personal"]
        assert me["time_zone"] == "Asia/Shanghai"
        assert client.post("/v1/keys", json={"name": "laptop"}).status_code == 201
        assert world.count("account_requests") == 0

    def test_a_known_address_gets_the_same_answer_and_its_owner_a_mail(self, world: World) -> None:
        ann = world.person("Ann")
        before = world.rows("users")
        known, unknown = register(world), register(world, email="bob@example.com")
        assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
        assert known.headers.keys() == unknown.headers.keys()
        assert [mail[:2] for mail in mails(world)] == [
            ("accounts.already", ann.email),
            ("accounts.verify", "bob@example.com"),
        ]
        assert world.rows("users", f"id = {ann.account.id}") == before

    def test_its_owner_is_told_once_an_hour(self, world: World) -> None:
        world.person("Ann")
        for _ in range(3):
            register(world)
        assert len(mails(world, "accounts.already")) == 1
        world.clock.move(hours=1)
        register(world)
        assert len(mails(world, "accounts.already")) == 2

    def test_registering_again_before_verifying_takes_the_place_of_the_first(self, world: World) -> None:
        """Whoever took an address that is not theirs gains nothing: only the mail's reader can go on."""
        register(world, password="the password of a thief")
        first = token_of(world, "accounts.verify")
        register(world, name="Really Ann")
        assert world.client().post("/v1/auth/verify-email", json={"token": first}).status_code == 422
        second = token_of(world, "accounts.verify")
        assert world.client().post("/v1/auth/verify-email", json={"token": second}).status_code == 204
        assert login(world.client(), "ann@example.com", "the password of a thief").status_code == 401
        assert login(world.client(), "ann@example.com").json()["user"]["name"] == "Really Ann"
        assert world.count("users") == 1

    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"email": "nonsense"}, "/email"),
            ({"email": "ann@example.com\r\nBcc: x@example.com"}, "/email"),
            ({"name": " \t"}, "/name"),
            ({"password": "short"}, "/password"),
            ({"password": "iloveyou1"}, "/password"),
            ({"password": "ann@example.com"}, "/password"),
            ({"time_zone": "Mars/Olympus"}, "/time_zone"),
            ({"locale": "xx"}, "/locale"),
            ({"role": "admin"}, "/role"),
            ({"email_verified": True}, "/email_verified"),
        ],
    )
    def test_bad_fields_are_named(self, world: World, fields: dict[str, Any], pointer: str) -> None:
        answer = register(world, **fields)
        assert answer.status_code == 422
        assert [field["pointer"] for field in answer.json()["errors"]] == [pointer]
        assert world.count("account_requests") == world.count("users") == 0

    def test_by_invitation_nobody_registers(self, world: World) -> None:
        settings(world, REGISTRATION_MODE, "invitation")
        answer = register(world)
        assert (answer.status_code, answer.json()["code"]) == (403, "accounts.registration_closed")
        assert world.client().get("/v1/auth/registration").json() == {"mode": "invitation", "domains": []}

    def test_by_domain_only_who_has_an_address_there(self, world: World) -> None:
        settings(world, REGISTRATION_MODE, "domain")
        settings(world, REGISTRATION_DOMAINS, ["example.com"])
        assert register(world).status_code == 202
        for email in ("ann@example.org", "ann@sub.example.com", "ann@example.com.evil.org"):
            answer = register(world, email=email)
            assert (answer.status_code, answer.json()["code"]) == (422, "accounts.domain_not_allowed")
        assert world.client().get("/v1/auth/registration").json() == {"mode": "domain", "domains": ["example.com"]}

    def test_a_request_that_fails_is_put_off_and_then_given_up(
        self, sqlite_world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = sqlite_world
        settings(world, REGISTRATION_MODE, "open")

        def broken(*_: object) -> None:
            raise RuntimeError("broken")

        monkeypatch.setattr("ccmanage.accounts.registration.RegistrationService._register", broken)
        register(world)
        row = world.rows("account_requests")[0]
        assert (row["tries"], row["next_attempt_at"] - world.clock.now) == (1, 2_000)
        monkeypatch.undo()
        world.clock.move(seconds=2)
        work(world)
        assert (world.count("account_requests"), world.count("users")) == (0, 1)

    def test_nothing_that_waits_is_readable(self, world: World) -> None:
        world.client().post("/v1/auth/register", json=NEW)
        assert "ann" not in str(world.rows("account_requests")).lower()
        work(world)
        token = token_of(world, "accounts.verify")
        assert token not in str(world.rows("proofs"))


class TestUnverified:
    """Unverified users can only verify."""

    @pytest.fixture
    def client(self, world: World) -> TestClient:
        register(world)
        client = world.client()
        token = login(client, "ann@example.com").json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    def test_they_see_themselves_and_nothing_else(self, world: World, client: TestClient) -> None:
        assert client.get("/v1/me").json()["email_verified"] is False
        for path in ("/v1/keys", "/v1/usage/summary", "/v1/credits/balance", "/v1/workspace", "/v1/admin/users"):
            answer = client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (403, "accounts.unverified"), path
        assert client.post("/v1/keys", json={"name": "x"}).status_code == 403
        assert client.patch("/v1/me", json={"name": "x"}).status_code == 403

    def test_the_mail_can_be_sent_again_a_few_times(self, world: World, client: TestClient) -> None:
        answers = [client.post("/v1/auth/verify-email/resend").status_code for _ in range(5)]
        assert answers == [204, 204, 204, 204, 429]
        assert len(mails(world, "accounts.verify")) == 5
        token = token_of(world, "accounts.verify")
        assert client.post("/v1/auth/verify-email", json={"token": token}).status_code == 204
        assert client.get("/v1/keys").status_code == 200
        assert client.post("/v1/auth/verify-email/resend").status_code == 204
        assert len(mails(world, "accounts.verify")) == 5

    def test_signing_out_works(self, client: TestClient) -> None:
        assert client.post("/v1/auth/logout").status_code == 204
        assert client.get("/v1/me").status_code == 401


class TestForgotten:
    """A forgotten password is replaced by whoever reads the mail."""

    def forgot(self, world: World, email: str) -> Any:
        answer = world.client().post("/v1/auth/password/forgot", json={"email": email})
        work(world)
        return answer

    def reset(self, world: World, token: str, password: str = BETTER) -> Any:
        return world.client().post("/v1/auth/password/reset", json={"token": token, "password": password})

    def test_the_whole_way(self, world: World) -> None:
        ann = world.person("Ann")
        old = world.client(ann)
        assert old.get("/v1/me").status_code == 200
        assert self.forgot(world, " ANN@example.com ").status_code == 202
        assert self.reset(world, token_of(world, "accounts.reset")).status_code == 204
        assert old.get("/v1/me").status_code == 401
        assert login(world.client(), ann.email).status_code == 401
        assert login(world.client(), ann.email, BETTER).status_code == 200
        assert [mail[0] for mail in mails(world)] == ["accounts.reset", "accounts.password_changed"]
        assert world.count("audit_log", "action IN ('accounts.ask_reset', 'accounts.change_password')") == 2

    def test_an_unknown_address_gets_the_same_answer_and_no_mail(self, world: World) -> None:
        world.person("Ann")
        known, unknown = self.forgot(world, "ann@example.com"), self.forgot(world, "nobody@example.com")
        assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
        assert [mail[1] for mail in mails(world)] == ["ann@example.com"]

    def test_a_suspended_person_gets_no_link(self, world: World) -> None:
        ann = world.person("Ann")
        with world.scope() as scope:
            scope.accounts.suspend(ann.account.public_id, reason="test")
        self.forgot(world, ann.email)
        assert mails(world, "accounts.reset") == []

    def test_five_links_an_hour_and_only_the_latest_works(self, world: World) -> None:
        ann = world.person("Ann")
        self.forgot(world, ann.email)
        first = token_of(world, "accounts.reset")
        for _ in range(6):
            self.forgot(world, ann.email)
        assert len(mails(world, "accounts.reset")) == 5
        assert self.reset(world, first).status_code == 422
        assert self.reset(world, token_of(world, "accounts.reset")).status_code == 204

    def test_a_bad_new_password_leaves_the_link_alone(self, world: World) -> None:
        ann = world.person("Ann")
        self.forgot(world, ann.email)
        token = token_of(world, "accounts.reset")
        answer = self.reset(world, token, "iloveyou1")
        assert answer.json()["errors"][0]["pointer"] == "/password"
        assert self.reset(world, token).status_code == 204

    def test_it_lets_somebody_in_whom_strangers_slow_down(self, world: World) -> None:
        ann = world.person("Ann")
        self.forgot(world, ann.email)
        for number in range(20):
            login(world.client(address=f"203.0.113.{number}"), ann.email, "wrong")
        browser = world.client()
        token = token_of(world, "accounts.reset")
        answer = browser.post("/v1/auth/password/reset", json={"token": token, "password": BETTER})
        assert answer.status_code == 204
        assert login(world.client(), ann.email, BETTER).status_code == 429
        assert login(browser, ann.email, BETTER).status_code == 200


class TestLinks:
    """Tokens of 256 bits, hashed, good once, for a while, gone when the password changes (check 20)."""

    @pytest.fixture
    def token(self, world: World) -> str:
        ann = world.person("Ann")
        world.client().post("/v1/auth/password/forgot", json={"email": ann.email})
        work(world)
        return token_of(world, "accounts.reset")

    def use(self, world: World, token: str) -> Any:
        body = {"token": token, "password": BETTER}
        return world.client().post("/v1/auth/password/reset", json=body)

    def test_it_works_once(self, world: World, token: str) -> None:
        assert self.use(world, token).status_code == 204
        answer = self.use(world, token)
        assert (answer.status_code, answer.json()["code"]) == (422, "accounts.link_dead")

    def test_it_works_for_half_an_hour(self, world: World, token: str) -> None:
        world.clock.move(seconds=(30 * MINUTE) / SECOND)
        assert self.use(world, token).status_code == 422

    def test_it_dies_with_the_password(self, world: World, token: str) -> None:
        with world.scope() as scope:
            scope.session.execute(update(User).values(password_hash=world.runtime.passwords.hash("another one")))
        assert self.use(world, token).status_code == 422

    def test_it_is_good_for_its_purpose_only(self, world: World, token: str) -> None:
        for path in ("verify-email", "address/confirm", "address/undo"):
            assert world.client().post(f"/v1/auth/{path}", json={"token": token}).status_code == 422

    @pytest.mark.parametrize("text", ["x", "x" * 200, "ünïcödé", "' OR 1=1 --", "\u0000"])
    def test_nonsense_is_refused(self, world: World, text: str) -> None:
        assert self.use(world, text).status_code == 422

    def test_only_a_digest_is_stored_and_nothing_is_logged(
        self, world: World, token: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        self.use(world, token)
        assert token not in str(world.rows("proofs")) + str(world.rows("emails")) + str(world.rows("audit_log"))
        written = capfd.readouterr()
        assert token not in written.out + written.err

    def test_links_are_made_of_the_public_address_only(self, world: World) -> None:
        """Check 21: whatever a request says of its host changes no mail."""
        world.person("Bob")
        headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}
        world.client().post("/v1/auth/password/forgot", json={"email": "bob@example.com"}, headers=headers)
        work(world)
        link = mails(world, "accounts.reset")[-1][2]["link"]
        assert link.startswith("http://testserver/reset#t=")
        assert "evil" not in str(mails(world))

    def test_they_are_forgotten_a_month_after_they_ran_out(self, world: World, token: str) -> None:
        world.clock.move(seconds=(30 * DAY + 31 * MINUTE) / SECOND)
        with world.scope() as scope:
            assert scope.proofs.forget_stale() is False
        assert world.count("proofs") == 0


class TestAddress:
    """Changing one's address: the new one is proven, both are told, the old one can undo it."""

    @pytest.fixture
    def ann(self, world: World) -> Person:
        return world.person("Ann")

    def ask(self, world: World, client: TestClient, email: str, password: str = PASSWORD) -> Any:
        answer = client.post("/v1/me/address", json={"email": email, "current_password": password})
        work(world)
        return answer

    def test_the_whole_way_and_back(self, world: World, ann: Person) -> None:
        client = world.client(ann)
        assert self.ask(world, client, "New@Example.org").status_code == 202
        state = client.get("/v1/me/address").json()
        assert (state["email"], state["pending"]) == (ann.email, "new@example.org")
        assert [mail[:2] for mail in mails(world)] == [
            ("accounts.address_confirm", "new@example.org"),
            ("accounts.address_asked", ann.email),
        ]
        token = token_of(world, "accounts.address_confirm")
        assert world.client().post("/v1/auth/address/confirm", json={"token": token}).status_code == 204
        assert client.get("/v1/me").json()["email"] == "new@example.org"
        assert client.get("/v1/me/address").json()["pending"] is None
        assert login(world.client(), ann.email).status_code == 401
        assert [mail[:2] for mail in mails(world)[2:]] == [
            ("accounts.address_changed_old", ann.email),
            ("accounts.address_changed_new", "new@example.org"),
        ]
        undo = token_of(world, "accounts.address_changed_old")
        # A thief changes the password too: the owner's link must outlive that.
        change = {"current_password": PASSWORD, "new_password": "the password of a thief"}
        assert client.post("/v1/me/password", json=change).status_code == 204
        world.clock.move(seconds=(6 * DAY) / SECOND)
        assert world.client().post("/v1/auth/address/undo", json={"token": undo}).status_code == 204
        assert client.get("/v1/me").status_code == 401
        assert mails(world)[-1][:2] == ("accounts.reset", ann.email)
        body = {"token": token_of(world, "accounts.reset"), "password": "mine again, at last"}
        assert world.client().post("/v1/auth/password/reset", json=body).status_code == 204
        assert login(world.client(), ann.email, "mine again, at last").status_code == 200

    def test_undoing_ends_after_a_week(self, world: World, ann: Person) -> None:
        self.ask(world, world.client(ann), "new@example.org")
        token = token_of(world, "accounts.address_confirm")
        world.client().post("/v1/auth/address/confirm", json={"token": token})
        undo = token_of(world, "accounts.address_changed_old")
        world.clock.move(seconds=(7 * DAY) / SECOND)
        assert world.client().post("/v1/auth/address/undo", json={"token": undo}).status_code == 422

    def test_a_taken_address_looks_the_same_and_its_owner_is_told(self, world: World, ann: Person) -> None:
        bob = world.person("Bob")
        client = world.client(ann)
        assert self.ask(world, client, bob.email).status_code == 202
        assert client.get("/v1/me/address").json()["pending"] == bob.email
        assert [mail[:2] for mail in mails(world)] == [("accounts.already", bob.email)]

    def test_an_address_that_was_taken_meanwhile_stays_with_its_owner(self, world: World, ann: Person) -> None:
        self.ask(world, world.client(ann), "bob@example.com")
        world.person("Bob")
        token = token_of(world, "accounts.address_confirm")
        answer = world.client().post("/v1/auth/address/confirm", json={"token": token})
        assert (answer.status_code, answer.json()["code"]) == (409, "accounts.email_taken")

    def test_it_needs_the_password(self, world: World, ann: Person) -> None:
        answer = self.ask(world, world.client(ann), "new@example.org", "wrong")
        assert (answer.status_code, answer.json()["code"]) == (422, "accounts.wrong_password")
        assert mails(world) == []

    def test_it_can_be_cancelled(self, world: World, ann: Person) -> None:
        client = world.client(ann)
        self.ask(world, client, "new@example.org")
        assert client.post("/v1/me/address/cancel").json()["pending"] is None
        token = token_of(world, "accounts.address_confirm")
        assert world.client().post("/v1/auth/address/confirm", json={"token": token}).status_code == 422


class TestTellingPeople:
    """Changes and strange sign-ins are told by mail."""

    def test_a_changed_password_is_told(self, world: World) -> None:
        ann = world.person("Ann")
        change = {"current_password": PASSWORD, "new_password": BETTER}
        assert world.client(ann).post("/v1/me/password", json=change).status_code == 204
        name, address, values = mails(world)[-1]
        assert (name, address) == ("accounts.password_changed", ann.email)
        assert values["network"] == "127.0.0.0/24"

    def test_a_new_browser_is_told_a_known_one_and_the_first_are_not(self, world: World) -> None:
        ann = world.person("Ann")
        laptop = world.browser(ann)
        assert mails(world) == []
        login(laptop, ann.email)
        laptop.headers["User-Agent"] = "Firefox/200.0"  # an update
        login(laptop, ann.email)
        assert mails(world) == []
        login(world.client(address="198.51.100.7"), ann.email)
        assert [mail[:2] for mail in mails(world)] == [("accounts.new_sign_in", ann.email)]
        login(world.client(address="198.51.100.8"), ann.email)
        assert len(mails(world)) == 1, "the same program in the same network is known by now"

    def test_browsers_are_forgotten_after_a_year(self, world: World) -> None:
        world.browser(world.person("Ann"))
        world.clock.move(seconds=(401 * DAY + HOUR) / SECOND)
        with world.scope() as scope:
            assert scope.browsers.forget_stale() is False
        assert world.count("known_browsers") == 0
