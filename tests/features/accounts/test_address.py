"""Changing one's mail address, and being told of what changed."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from ccmanage.accounts.settings import REGISTRATION_MODE
from ccmanage.core.clock import DAY, HOUR, SECOND
from support.signup import BETTER, login, mails, settings, token_of, work
from support.world import PASSWORD, Person, World


@pytest.fixture
def world(world: World) -> World:
    settings(world, REGISTRATION_MODE, "open")
    return world


class TestAddress:
    """Changing one's address: the new one is proven, both are told, the old one can undo it."""

    @pytest.fixture
    def ann(self, world: World) -> Person:
        return world.person("Ann")

    def ask(self, world: World, client: TestClient, email: str) -> Any:
        answer = client.post("/v1/me/address", json={"email": email})
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

    def test_it_needs_a_recent_proof(self, world: World, ann: Person) -> None:
        client = world.client(ann)
        world.clock.move(hours=1)
        answer = self.ask(world, client, "new@example.org")
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.step_up_required")
        assert mails(world) == []
        assert client.post("/v1/auth/step-up", json={"password": PASSWORD}).status_code == 200
        assert self.ask(world, client, "new@example.org").status_code == 202

    def test_who_has_no_password_can_change_it_too(self, world: World) -> None:
        client = world.client(world.person("Provided", password=None))
        assert client.get("/v1/me").json()["has_password"] is False
        assert self.ask(world, client, "new@example.org").status_code == 202
        assert mails(world)[0][:2] == ("accounts.address_confirm", "new@example.org")

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
