"""Forgotten passwords, and the links in mails."""

from typing import Any

import pytest
from sqlalchemy import update

from ccmanage.accounts.models import User
from ccmanage.accounts.settings import REGISTRATION_MODE
from ccmanage.core.clock import DAY, MINUTE, SECOND
from support.signup import BETTER, login, mails, settings, token_of, work
from support.world import World


@pytest.fixture
def world(world: World) -> World:
    settings(world, REGISTRATION_MODE, "open")
    return world


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
