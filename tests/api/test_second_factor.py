"""Signing in with a second factor: two steps, each code once, no way around it."""

import re

import pyotp
import pytest
from starlette.testclient import TestClient

from api.deps import CALLERS, person
from api.openapi import dependencies_of
from ccmanage.accounts.throttle import Attempt
from support.factors import enrol, first_step, second_step
from support.world import PASSWORD, Person, World


@pytest.fixture
def ann(world: World) -> Person:
    return world.person("Ann")


def test_enrolling_shows_a_secret_a_picture_and_then_ten_codes(world: World, ann: Person) -> None:
    client = world.client(ann)
    begun = client.post("/v1/auth/totp/enrol").json()
    assert re.fullmatch(r"[A-Z2-7]{32}", begun["secret"])
    assert begun["uri"].startswith("otpauth://totp/ccmanage:ann%40example.com?")
    assert begun["picture"].startswith("data:image/svg+xml")
    assert client.get("/v1/auth/totp").json()["enabled"] is False
    _, codes = enrol(world, client)
    assert len(set(codes)) == 10
    state = client.get("/v1/auth/totp").json()
    assert (state["enabled"], state["required"], state["recovery_codes_left"]) == (True, False, 10)


def test_secret_and_codes_are_not_in_the_database(world: World, ann: Person) -> None:
    client = world.client(ann)
    secret = client.post("/v1/auth/totp/enrol").json()["secret"]
    _, codes = enrol(world, client)
    stored = repr(world.rows("second_factors") + world.rows("recovery_codes") + world.rows("audit_log"))
    assert secret not in stored
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)


def test_a_wrong_first_code_turns_nothing_on(world: World, ann: Person) -> None:
    client = world.client(ann)
    client.post("/v1/auth/totp/enrol")
    answer = client.post("/v1/auth/totp/confirm", json={"code": "000000"})
    assert (answer.status_code, answer.json()["code"]) == (422, "accounts.wrong_code")
    assert (
        "challenge" not in world.client().post("/v1/auth/login", json={"email": ann.email, "password": PASSWORD}).json()
    )


def test_the_password_alone_gives_no_session(world: World, ann: Person) -> None:
    phone, _ = enrol(world, world.client(ann))
    client = world.client()
    answer = client.post("/v1/auth/login", json={"email": ann.email, "password": PASSWORD})
    assert set(answer.json()) == {"challenge", "expires_in"}
    assert "set-cookie" not in answer.headers
    challenge = answer.json()["challenge"]
    assert client.get("/v1/me", headers={"Authorization": f"Bearer {challenge}"}).status_code == 401
    done = second_step(client, challenge, phone.code())
    assert done.status_code == 200
    assert "ccm_session" in client.cookies
    token = done.json()["access_token"]
    assert world.client().get("/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_a_code_works_once_even_in_another_sign_in(world: World, ann: Person) -> None:
    phone, _ = enrol(world, world.client(ann))
    code = phone.code()
    assert second_step(world.client(), first_step(world.client(), ann), code).status_code == 200
    answer = second_step(world.client(), first_step(world.client(), ann), code)
    assert (answer.status_code, answer.json()["code"]) == (401, "accounts.code_refused")
    world.clock.move(seconds=30)
    assert second_step(world.client(), first_step(world.client(), ann), phone.code()).status_code == 200


def test_the_code_that_enrolled_does_not_sign_in(world: World, ann: Person) -> None:
    client = world.client(ann)
    begun = client.post("/v1/auth/totp/enrol").json()
    code = pyotp.TOTP(begun["secret"]).at(world.clock.now // 1000)
    assert client.post("/v1/auth/totp/confirm", json={"code": code}).status_code == 200
    assert second_step(world.client(), first_step(world.client(), ann), code).status_code == 401


def test_a_challenge_works_once(world: World, ann: Person) -> None:
    phone, _ = enrol(world, world.client(ann))
    challenge = first_step(world.client(), ann)
    assert second_step(world.client(), challenge, phone.code()).status_code == 200
    world.clock.move(seconds=30)
    answer = second_step(world.client(), challenge, phone.code())
    assert (answer.status_code, answer.json()["code"]) == (401, "accounts.challenge_over")


def test_a_challenge_lives_for_minutes(world: World, ann: Person) -> None:
    phone, _ = enrol(world, world.client(ann))
    challenge = first_step(world.client(), ann)
    world.clock.move(minutes=5)
    assert second_step(world.client(), challenge, phone.code()).status_code == 401


def test_a_challenge_is_worth_nothing_on_another_device(world: World, ann: Person) -> None:
    phone, _ = enrol(world, world.client(ann))
    challenge = first_step(world.client(), ann)
    thief = world.client()
    thief.headers["User-Agent"] = "another"
    assert second_step(thief, challenge, phone.code()).json()["code"] == "accounts.challenge_over"
    assert second_step(world.client(), challenge, phone.code()).status_code == 200


def test_a_challenge_takes_five_guesses_and_guessing_is_slowed_down_for_all(world: World, ann: Person) -> None:
    phone, _ = enrol(world, world.client(ann))
    client, challenge = world.client(), first_step(world.client(), ann)
    for _ in range(5):
        assert second_step(client, challenge, "000000").status_code == 401
    row = world.rows("second_factors")[0]
    assert (row["failures"], row["next_attempt_at"] - world.clock.now) == (5, 2_000)
    # Another process knows nothing of this one's throttle, but the row does.
    world.runtime.throttle.succeeded(Attempt(f"code {ann.id}", "127.0.0.1"))
    answer = second_step(client, first_step(client, ann), phone.code())
    assert (answer.status_code, answer.json()["code"]) == (429, "accounts.codes_throttled")
    assert int(answer.headers["retry-after"]) == 2
    world.clock.move(seconds=2)
    assert second_step(client, challenge, phone.code()).json()["code"] == "accounts.challenge_over"
    assert second_step(client, first_step(client, ann), phone.code()).status_code == 200
    assert world.rows("second_factors")[0]["failures"] == 0


def test_a_new_password_does_not_get_around_the_factor(world: World, ann: Person) -> None:
    phone, _ = enrol(world, world.client(ann))
    before = first_step(world.client(), ann)
    phc = world.runtime.passwords.hash("a much better one")
    with world.scope() as scope:  # what a reset by mail does
        scope.accounts.set_password(ann.account.id, phc)
    assert second_step(world.client(), before, phone.code()).json()["code"] == "accounts.challenge_over"
    challenge = first_step(world.client(), ann, "a much better one")
    assert second_step(world.client(), challenge, phone.code()).status_code == 200


def test_a_suspended_person_gets_no_further(world: World, ann: Person) -> None:
    phone, _ = enrol(world, world.client(ann))
    challenge = first_step(world.client(), ann)
    with world.scope() as scope:
        scope.accounts.suspend(ann.account.public_id, reason="test")
    assert second_step(world.client(), challenge, phone.code()).status_code == 401


def test_a_recovery_code_works_once_and_new_ones_end_the_old(world: World, ann: Person) -> None:
    _phone, codes = enrol(world, world.client(ann))
    client = world.client()
    done = second_step(client, first_step(client, ann), codes[0].upper())
    assert done.status_code == 200
    assert second_step(world.client(), first_step(world.client(), ann), codes[0]).status_code == 401
    mine = world.client()
    mine.headers["Authorization"] = f"Bearer {done.json()['access_token']}"
    assert mine.get("/v1/auth/totp").json()["recovery_codes_left"] == 9
    assert world.count("audit_log", "action = 'accounts.use_recovery_code'") == 1
    new = mine.post("/v1/auth/totp/recovery-codes").json()["recovery_codes"]
    assert not set(new) & set(codes)
    assert second_step(world.client(), first_step(world.client(), ann), codes[1]).status_code == 401
    assert second_step(world.client(), first_step(world.client(), ann), new[0]).status_code == 200


def test_recovery_codes_of_another_person_are_wrong(world: World, ann: Person) -> None:
    eve = world.person("Eve")
    _, hers = enrol(world, world.client(eve))
    enrol(world, world.client(ann))
    assert second_step(world.client(), first_step(world.client(), ann), hers[0]).status_code == 401


def test_turning_it_on_ends_the_other_sessions(world: World, ann: Person) -> None:
    mine, other = world.client(ann), world.client(ann)
    assert other.get("/v1/me").status_code == 200
    enrol(world, mine)
    assert mine.get("/v1/me").status_code == 200
    assert other.get("/v1/me").status_code == 401


def test_replacing_keeps_the_old_phone_until_the_new_one_has_shown_a_code(world: World, ann: Person) -> None:
    mine = world.client(ann)
    old, _ = enrol(world, mine)
    mine.post("/v1/auth/totp/enrol")
    assert second_step(world.client(), first_step(world.client(), ann), old.code()).status_code == 200
    new, _ = enrol(world, mine)
    assert second_step(world.client(), first_step(world.client(), ann), old.code()).status_code == 401
    assert second_step(world.client(), first_step(world.client(), ann), new.code()).status_code == 200


def test_it_can_be_turned_off(world: World, ann: Person) -> None:
    mine = world.client(ann)
    assert mine.post("/v1/auth/totp/disable").json()["code"] == "accounts.factor_missing"
    enrol(world, mine)
    assert mine.post("/v1/auth/totp/disable").status_code == 204
    assert world.count("recovery_codes") == 0
    assert (
        "access_token" in world.client().post("/v1/auth/login", json={"email": ann.email, "password": PASSWORD}).json()
    )


class TestDemanded:
    """An administrator demands a second factor: nothing is open before it is set up."""

    @pytest.fixture
    def boss(self, world: World) -> TestClient:
        return world.client(world.person("Boss", admin=True))

    def demand(self, boss: TestClient, ann: Person, required: bool = True) -> None:
        body = {"required": required, "reason": "policy"}
        assert boss.post(f"/v1/admin/users/{ann.id}/factor/require", json=body).status_code == 200

    def test_only_enrolling_is_open_and_then_everything(self, world: World, ann: Person, boss: TestClient) -> None:
        client = world.client(ann)
        assert client.get("/v1/keys").status_code == 200
        self.demand(boss, ann)
        answer = client.get("/v1/keys")
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.factor_required")
        assert client.get("/v1/me").json()["must_enrol"] is True
        enrol(world, client)
        assert client.get("/v1/keys").status_code == 200
        assert client.get("/v1/me").json()["must_enrol"] is False
        assert client.post("/v1/auth/totp/disable").json()["code"] == "accounts.factor_needed"

    def test_every_route_that_is_not_for_enrolling_refuses(self, sqlite_world: World) -> None:
        """Routes ask for `signed_in` only where somebody without the demanded factor has business."""
        from fastapi.routing import iter_route_contexts

        open_to_all = set()
        for context in iter_route_contexts(sqlite_world.app.routes):
            dependant = getattr(context, "dependant", None)
            needs = set(dependencies_of(dependant)) if dependant else set()
            if needs & CALLERS and person not in needs:
                open_to_all |= {(method, context.path) for method in context.methods or ()}
        assert open_to_all == {
            ("GET", "/v1/me"),
            ("POST", "/v1/auth/logout"),
            ("POST", "/v1/auth/view-as/end"),
            ("POST", "/v1/auth/verify-email/resend"),
            ("POST", "/v1/auth/step-up"),
            ("GET", "/v1/auth/totp"),
            ("POST", "/v1/auth/totp/enrol"),
            ("POST", "/v1/auth/totp/confirm"),
        }

    def test_whoever_lost_the_phone_is_let_in_by_an_admin_with_a_reason(
        self, world: World, ann: Person, boss: TestClient
    ) -> None:
        mine = world.client(ann)
        enrol(world, mine)
        assert boss.get(f"/v1/admin/users/{ann.id}/factor").json()["enabled"] is True
        refused = boss.post(f"/v1/admin/users/{ann.id}/factor/reset", json={"reason": ""})
        assert refused.status_code == 422
        answer = boss.post(f"/v1/admin/users/{ann.id}/factor/reset", json={"reason": "phone lost, seen in person"})
        assert answer.json()["enabled"] is False
        assert mine.get("/v1/me").status_code == 401
        signed_in = world.client().post("/v1/auth/login", json={"email": ann.email, "password": PASSWORD})
        assert "access_token" in signed_in.json()
        assert world.count("audit_log", "action = 'accounts.reset_factor'") == 1
