"""Ask for credits; approve with another amount, deny, withdraw; decided once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from ccmanage.core.pagination import PageRequest
from support.books import assert_books_clean
from support.world import World

PATH, ADMIN = "/v1/credit-requests", "/v1/admin/credit-requests"


def test_a_request_is_approved_with_an_amount_and_an_end(world: World) -> None:
    ann, boss = world.client(world.person("Ann")), world.client(world.person("Boss", admin=True))
    made = ann.post(PATH, json={"credits": "20", "reason": "the big migration"})
    assert made.status_code == 201, made.text
    assert (made.json()["state"], made.json()["user"]["name"]) == ("open", "Ann")
    again = ann.post(PATH, json={"credits": "1", "reason": "and this"})
    assert (again.status_code, again.json()["code"]) == (409, "credit_request.open")
    [waiting] = boss.get(ADMIN, params={"state": "open"}).json()["items"]
    assert (waiting["reason"], waiting["credits"]) == ("the big migration", "20")
    body = {"credits": "12.5", "expires_at": "2026-12-31T00:00:00Z", "note": "enough until then"}
    done = boss.post(f"{ADMIN}/{waiting['id']}/approve", json=body).json()
    assert (done["state"], done["granted"], done["note"]) == ("approved", "12.5", "enough until then")
    assert ann.get("/v1/credits/balance").json()["balance"] == "12.5"
    assert ann.get(PATH).json()["items"] == [done]
    late = boss.post(f"{ADMIN}/{waiting['id']}/deny", json={"note": "no"})
    assert (late.status_code, late.json()["code"]) == (409, "credit_request.decided")
    assert boss.get(ADMIN, params={"state": "open"}).json()["items"] == []
    assert world.count("audit_log", "action IN ('credit_requests.ask', 'credit_requests.approved')") == 2
    assert_books_clean(world.runtime.database, world.clock)


def test_a_request_is_denied_or_withdrawn_and_another_can_follow(world: World) -> None:
    person = world.person("Ann")
    ann, boss = world.client(person), world.client(world.person("Boss", admin=True))
    eve = world.client(world.person("Eve"))
    first = ann.post(PATH, json={"credits": "20", "reason": "more"}).json()["id"]
    assert boss.post(f"{ADMIN}/{first}/deny", json={"note": ""}).status_code == 422
    assert boss.post(f"{ADMIN}/{first}/deny", json={"note": "not this month"}).json()["state"] == "denied"
    second = ann.post(PATH, json={"credits": "10", "reason": "less"}).json()["id"]
    assert eve.post(f"{PATH}/{second}/withdraw").status_code == 404
    assert ann.post(f"{PATH}/{second}/withdraw").json()["state"] == "withdrawn"
    assert ann.post(f"{PATH}/{second}/withdraw").status_code == 409
    assert [one["state"] for one in ann.get(PATH).json()["items"]] == ["withdrawn", "denied"]
    assert world.count("grants") == 0


@pytest.mark.parametrize("credits", ["0", "-1", "99999999999"])
def test_only_possible_amounts_can_be_asked_for(world: World, credits: str) -> None:
    ann = world.client(world.person("Ann"))
    assert ann.post(PATH, json={"credits": credits, "reason": "x"}).status_code == 422


def test_of_two_administrators_one_decides(world: World) -> None:
    ann = world.client(world.person("Ann"))
    boss = world.client(world.person("Boss", admin=True))
    number = ann.post(PATH, json={"credits": "5", "reason": "x"}).json()["id"]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: boss.post(f"{ADMIN}/{number}/approve", json={"credits": "5"}), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert ann.get("/v1/credits/balance").json()["balance"] == "5"
    assert_books_clean(world.runtime.database, world.clock)


def test_administrators_and_who_asked_get_a_mail_each_once(world: World) -> None:
    ann, boss = world.person("Ann"), world.person("Boss", admin=True)
    client = world.client(boss)
    request = world.client(ann).post(PATH, json={"credits": "5", "reason": "a demo"}).json()["id"]
    client.post(f"{ADMIN}/{request}/approve", json={"credits": "4", "note": "Good luck!"})
    with world.scope() as scope:
        letters = scope.email.page(PageRequest(limit=10)).items
    found = {letter.row.template: letter for letter in letters}
    made, decided = found["credits.request_made"], found["credits.request_decided"]
    assert (made.address, made.values["person"], made.values["reason"]) == (boss.email, "Ann", "a demo")
    assert (decided.address, decided.values["decision"], decided.values["amount"]) == (ann.email, "approved", "4")
