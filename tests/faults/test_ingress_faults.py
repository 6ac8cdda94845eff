"""API processes die or are replaced in the middle of posts (rows 1, 2, 3, 8)."""

from __future__ import annotations

import pytest

from support.stack import Stack, Tenant
from support.stack_books import check_load
from support.stack_load import Load
from support.stack_posts import Stream, send_post

pytestmark = [pytest.mark.faults, pytest.mark.mysql, pytest.mark.redis]


def test_row_1_api_processes_are_killed_in_turn_under_load(stack: Stack, tenant: Tenant) -> None:
    with Load(stack, tenant, seed=1, pause=0.02) as load:
        for dying, other in (stack.apis, reversed(stack.apis)):
            load.wait_for(15)
            dying.kill()
            # The other goes on meanwhile.
            load.wait_until(lambda sent, port=other.port: sent.port == port and sent.answer.status == 202)
            dying.start()
    stack.settled()
    check_load(stack, load)
    assert {sent.answer.status for sent in load.failed} <= {0}, load.summary()


def test_rows_2_and_3_killed_between_commit_and_answer(stack: Stack, tenant: Tenant) -> None:
    """The posts are stored and nobody was told: not the clients, and of the first one not the workers either."""
    places = ("ingress.before_nudge", "ingress.after_commit")
    posts = [Stream(2, place, tenant.keys).next() for place in places]
    for api, place in zip(stack.apis, places, strict=True):
        api.kill()
        api.fail_at = place
    stack.start_processes()
    for api, post in zip(stack.apis, posts, strict=True):
        assert send_post(api.port, tenant.token, post).status == 0
        assert api.wait_end() == -9
    stack.settled(10)
    stack.start_processes()
    for api, post in zip(stack.apis, posts, strict=True):
        again = send_post(api.port, tenant.token, post, query="?wait=10")
        assert (again.status, again.json["duplicates"], again.json["inserted"]) == (200, len(post.events), 0)
        assert again.json["credits"] == "0"
    events = sum(len(post.events) for post in posts)
    assert stack.scalar(f"SELECT COUNT(*) FROM events WHERE gateway_id = {tenant.gateway_id}") == events


def test_row_8_a_rolling_restart_of_everything_fails_no_request(stack: Stack, tenant: Tenant) -> None:
    """Each process is ended in order under load; clients stand behind a proxy that tries the other API process."""
    with Load(stack, tenant, seed=8, clients=3, pause=0.02, through_proxy=True) as load:
        for process in (*stack.workers, stack.scheduler):
            load.wait_for(5)
            assert process.terminate() == 0
            process.start(wait=False)
        for api in stack.apis:
            load.wait_for(15)
            assert api.terminate() == 0
            load.wait_for(5)
            api.start()
    assert not load.failed, load.summary()
    stack.settled()
    check_load(stack, load)
