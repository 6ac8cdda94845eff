"""Vouchers: made, shown once, redeemed once, withdrawn; also by many at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ccmanage.core.clock import DAY, SECOND
from ccmanage.core.errors import DomainError, InvalidInput
from ccmanage.core.money import NANO
from ccmanage.credits.models import Origin
from ccmanage.vouchers.errors import (
    CodeMistyped,
    RedeemedAlready,
    VoucherExpired,
    VoucherNotFound,
    VoucherUsedUp,
    VoucherWithdrawn,
)
from ccmanage.vouchers.rules import code_of
from ccmanage.vouchers.service import IssuedBatch, NewBatch
from support.books import assert_books_clean
from support.plans import balance
from support.world import Person, World


@pytest.fixture(autouse=True)
def books(world: World) -> Iterator[None]:
    """Prove the books after each test."""
    yield
    assert_books_clean(world.runtime.database, world.clock)


def issue(world: World, **options: object) -> IssuedBatch:
    new = NewBatch(**{"name": "Launch", "amount_nano": 5 * NANO, "codes": 2, **options})  # type: ignore[arg-type]
    with world.scope() as scope:
        return scope.vouchers.issue(new, 1)


def redeem(world: World, person: Person, code: str) -> None:
    with world.scope() as scope:
        scope.vouchers.redeem(person.workspace.id, person.workspace.id, code)


def test_a_code_gives_its_credits_once_and_is_kept_as_a_digest(world: World) -> None:
    ann, issued = world.person("Ann"), issue(world, lasts_days=30)
    redeem(world, ann, issued.codes[0].lower())
    [grant] = world.rows("grants")
    assert (grant["origin"], grant["priority"], grant["amount_nano"]) == (Origin.VOUCHER, 30, 5 * NANO)
    assert grant["expires_at"] == world.clock.now + 30 * DAY
    assert balance(world, ann.workspace) == (5 * NANO, 0)
    for code in issued.codes:
        with pytest.raises(RedeemedAlready):
            redeem(world, ann, code)
    kept = str(world.rows("vouchers")) + str(world.rows("audit_log"))
    assert issued.codes[0].replace("-", "")[3:] not in kept
    assert issued.codes[0] not in kept


def test_what_keeps_a_code_from_being_redeemed(world: World) -> None:
    ann, bob = world.person("Ann"), world.person("Bob")
    issued = issue(world, expires_at=world.clock.now + DAY)
    with pytest.raises(CodeMistyped):
        redeem(world, ann, issued.codes[0][:-1] + ("0" if issued.codes[0][-1] != "0" else "1"))
    with pytest.raises(VoucherNotFound):
        redeem(world, ann, code_of([7] * 18))
    redeem(world, ann, issued.codes[0])
    with pytest.raises(VoucherUsedUp):
        redeem(world, bob, issued.codes[0])
    world.clock.move(days=1)
    with pytest.raises(VoucherExpired):
        redeem(world, bob, issued.codes[1])
    other = issue(world)
    with world.scope() as scope:
        scope.vouchers.withdraw(other.batch.public_id, "printed wrongly")
    with pytest.raises(VoucherWithdrawn):
        redeem(world, bob, other.codes[0])
    assert world.count("grants") == 1


def test_a_batch_may_let_a_workspace_have_several_codes(world: World) -> None:
    ann, issued = world.person("Ann"), issue(world, once=False, uses=2)
    redeem(world, ann, issued.codes[0])
    redeem(world, ann, issued.codes[1])
    with pytest.raises(RedeemedAlready):
        redeem(world, ann, issued.codes[0])
    assert balance(world, ann.workspace) == (10 * NANO, 0)


@pytest.mark.parametrize("wrong", [{"amount_nano": 0}, {"codes": 0}, {"codes": 10_001}, {"expires_at": 1}])
def test_bad_batches_are_refused(world: World, wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInput):
        issue(world, **wrong)


def attempt(world: World, person: Person, code: str) -> str:
    try:
        redeem(world, person, code)
    except DomainError as error:
        return error.code
    return "redeemed"


def test_of_many_at_once_as_many_redeem_a_code_as_it_has_uses(world: World) -> None:
    people = [world.person(f"Person {number}") for number in range(8)]
    [code] = issue(world, codes=1, uses=3).codes
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda person: attempt(world, person, code), people))
    assert sorted(found) == ["redeemed"] * 3 + ["voucher.used_up"] * 5
    assert world.count("voucher_redemptions") == 3
    assert world.rows("vouchers")[0]["used"] == 3


def test_of_one_workspaces_many_codes_at_once_one_is_redeemed(world: World) -> None:
    ann, codes = world.person("Ann"), issue(world, codes=8).codes
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda code: attempt(world, ann, code), codes))
    assert sorted(found) == ["redeemed"] + ["voucher.redeemed_already"] * 7
    assert balance(world, ann.workspace) == (5 * NANO, 0)


def test_over_http_codes_are_shown_once_and_redeemed_by_a_member(world: World) -> None:
    boss, ann = world.person("Boss", admin=True), world.person("Ann")
    client, hers = world.client(boss), world.client(ann)
    body = {"name": "Launch", "credits": "2.5", "codes": 3, "expires_at": "2027-01-01T00:00:00Z"}
    made = client.post("/v1/admin/vouchers", json=body, headers={"Idempotency-Key": "one"})
    assert made.status_code == 201, made.text
    batch = made.json()
    assert len(set(batch["items"])) == 3
    again = client.post("/v1/admin/vouchers", json=body, headers={"Idempotency-Key": "one"})
    assert (again.status_code, again.json()["code"]) == (409, "idempotency.secret_already_shown")
    answer = hers.post("/v1/vouchers/redeem", json={"code": batch["items"][0]})
    assert (answer.status_code, answer.json()["origin"], answer.json()["amount"]) == (200, "voucher", "2.5")
    [listed] = client.get("/v1/admin/vouchers").json()["items"]
    assert (listed["redeemed"], listed["codes"], "items" in listed) == (1, 3, False)
    [who] = client.get(f"/v1/admin/vouchers/{batch['id']}/redemptions").json()["items"]
    assert (who["workspace"]["id"], who["user"]["name"]) == (ann.workspace_id, "Ann")
    gone = client.post(f"/v1/admin/vouchers/{batch['id']}/withdraw", json={"reason": "enough"})
    assert gone.json()["withdrawn_at"] is not None
    late = hers.post("/v1/vouchers/redeem", json={"code": batch["items"][1]})
    assert (late.status_code, late.json()["code"]) == (409, "voucher.withdrawn")


def test_who_guesses_codes_has_to_wait_and_typos_cost_nothing(world: World) -> None:
    client = world.client(world.person("Eve"))

    def guess(code: str) -> tuple[int, str]:
        answer = client.post("/v1/vouchers/redeem", json={"code": code})
        return answer.status_code, answer.json()["code"]

    for _ in range(8):
        assert guess("CCV-0000-0000-0000-0000-0000") == (422, "voucher.mistyped")
    for number in range(5):
        assert guess(code_of([number] * 18)) == (404, "voucher.not_found")
    answer = client.post("/v1/vouchers/redeem", json={"code": code_of([9] * 18)})
    assert (answer.status_code, answer.json()["code"]) == (429, "voucher.too_many_tries")
    assert answer.headers["retry-after"] == "5"
    world.clock.now += 5 * SECOND
    assert guess(code_of([9] * 18)) == (404, "voucher.not_found")
    assert guess(code_of([9] * 18))[0] == 429
