"""Registering: who may, what happens to whom, and what those can do who have not verified."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from ccmanage.accounts.settings import REGISTRATION_DOMAINS, REGISTRATION_MODE, TERMS_URL
from ccmanage.core.ids import WORKSPACE, encode_id
from ccmanage.privacy.consents import TERMS
from ccmanage.settings.errors import SettingsInvalid
from support.signup import NEW, login, mails, register, settings, token_of, work
from support.world import World


@pytest.fixture
def world(world: World) -> World:
    settings(world, REGISTRATION_MODE, "open")
    return world


class TestRegistering:
    """A stranger becomes a user with a workspace."""

    def shown(self, world: World) -> Any:
        return world.client().get("/v1/auth/registration").json()

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
        assert self.shown(world) == {
            "mode": "invitation",
            "domains": [],
            "terms": None,
        }

    def test_by_domain_only_who_has_an_address_there(self, world: World) -> None:
        settings(world, REGISTRATION_MODE, "domain")
        settings(world, REGISTRATION_DOMAINS, ["example.com"])
        assert register(world).status_code == 202
        for email in ("ann@example.org", "ann@sub.example.com", "ann@example.com.evil.org"):
            answer = register(world, email=email)
            assert (answer.status_code, answer.json()["code"]) == (422, "accounts.domain_not_allowed")
        assert self.shown(world) == {
            "mode": "domain",
            "domains": ["example.com"],
            "terms": None,
        }

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


class TestInvited:
    """Whoever holds an invitation into a workspace may register with its address, whoever else may."""

    @pytest.fixture
    def token(self, world: World) -> str:
        bob = world.person("Bob")
        team = world.shared(bob)
        client = world.client(bob)
        client.headers["X-Workspace"] = encode_id(WORKSPACE, team.public_id)
        asked = client.post("/v1/workspace/invitations", json={"email": "ann@example.com", "role": "member"})
        assert asked.status_code == 201, asked.text
        return token_of(world, "workspaces.invited")

    @pytest.mark.parametrize(("mode", "refusal"), [("invitation", 403), ("domain", 422)])
    def test_they_register_and_join(self, world: World, token: str, mode: str, refusal: int) -> None:
        settings(world, REGISTRATION_MODE, mode)
        assert register(world).status_code == refusal
        assert register(world, invitation="x" * 43).status_code == refusal
        assert register(world, email="eve@example.com", invitation=token).status_code == refusal
        assert register(world, invitation=token).status_code == 202
        verify = token_of(world, "accounts.verify")
        assert world.client().post("/v1/auth/verify-email", json={"token": verify}).status_code == 204
        ann = world.client()
        ann.headers["Authorization"] = f"Bearer {login(ann, NEW['email']).json()['access_token']}"
        assert ann.post("/v1/invitations/accept", json={"token": token}).status_code == 200
        assert [one["kind"] for one in ann.get("/v1/me").json()["workspaces"]] == ["personal", "shared"]

    def test_an_invitation_that_ran_out_opens_nothing(self, world: World, token: str) -> None:
        settings(world, REGISTRATION_MODE, "invitation")
        world.clock.move(days=7)
        assert register(world, invitation=token).status_code == 403


class TestTerms:
    """Where the installation has terms of use, whoever registers accepts them, and that stays on record."""

    URL = "https://example.com/terms"

    def consents(self, world: World) -> list[tuple[str, str, str]]:
        rows = world.rows("consents", "1=1 ORDER BY id")
        place = "consents.network:{}"
        networks = [world.runtime.ring.decrypt(r["network_sealed"], place.format(r["public_id"].hex())) for r in rows]
        return [(r["purpose"], r["source"], n) for r, n in zip(rows, networks, strict=True)]

    def test_without_them_nobody_is_asked(self, world: World) -> None:
        assert world.client().get("/v1/auth/registration").json()["terms"] is None
        assert register(world, terms_accepted=True).status_code == 202
        assert world.count("consents") == 0

    def test_they_must_be_accepted(self, world: World) -> None:
        settings(world, TERMS_URL, self.URL)
        shown = world.client().get("/v1/auth/registration").json()["terms"]
        assert (shown["url"], shown["version"], shown["texts"]["zh"]) == (self.URL, TERMS.version, TERMS.texts["zh"])
        answer = register(world)
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["pointer"], error["code"]) == (422, "/terms_accepted", "terms.not_accepted")
        assert world.count("users") == 0

    def test_the_wording_that_was_read_is_recorded_with_the_account(self, world: World) -> None:
        settings(world, TERMS_URL, self.URL)
        assert register(world, terms_accepted=True).status_code == 202
        assert self.consents(world) == [("terms", "registration", "127.0.0.0/24")]
        [row] = world.rows("consents")
        assert (row["text_version"], row["text_sha256"]) == (TERMS.version, TERMS.digest("zh"))
        assert world.count("audit_log", "action = 'privacy.give_consent'") == 1
        register(world, terms_accepted=True)
        assert world.count("consents") == 1, "the same wording is not recorded twice"

    @pytest.mark.parametrize("address", ["javascript:alert(1)", "example.com", "https://", "https://a b"])
    def test_only_the_address_of_a_page_is_taken(self, world: World, address: str) -> None:
        with pytest.raises(SettingsInvalid):
            settings(world, TERMS_URL, address)


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
