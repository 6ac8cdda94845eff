"""Redis dies, comes back empty, hangs, loses answers: posts and settling do not care (rows 9, 10, 11, 12)."""

from __future__ import annotations

import json
import re

import pytest

from support.stack import PASSWORD, Stack, Tenant
from support.stack_books import check_load
from support.stack_load import Load
from support.stack_posts import send, send_post
from support.stack_process import OwnProcess, until

pytestmark = [pytest.mark.faults, pytest.mark.mysql, pytest.mark.redis]

# With Redis away the workers' own poll settles, once a second.
POLL_SECONDS = 8.0


def test_rows_9_and_10_redis_is_killed_and_comes_back_empty(stack: Stack, tenant: Tenant) -> None:
    email = stack.administrator()
    with Load(stack, tenant, seed=9, pause=0.05) as load:
        load.wait_for(5)
        stack.redis.kill()
        stack.redis.wipe()
        down = len(load.tries)
        load.wait_for(20)
        last = load.acknowledged[-1]
        settled = f"SELECT COUNT(*) FROM events WHERE gateway_id = {tenant.gateway_id} AND event_id = '{{}}'"
        until(lambda: stack.scalar(settled.format(last.post.ids[-1])) == 1, POLL_SECONDS, "settled without Redis")
        assert readiness(stack.apis[0]) == (200, "degraded")
        assert sign_in(stack.apis[0], email, "wrong") == 401
        assert sign_in(stack.apis[0], email, PASSWORD) == 503, "guessing at administrators is not counted by all"
        stack.redis.start()
        before = nudges(stack.apis[0])
        load.wait_until(lambda _sent: nudges(stack.apis[0]) > before)
    assert [sent.answer.status for sent in load.tries[down:]].count(202) == len(load.tries[down:]), load.summary()
    assert readiness(stack.apis[0]) == (200, "ok")
    # Sign-ins have a quota of sixty a minute, which a quick poll would use up.
    until(lambda: sign_in(stack.apis[0], email, PASSWORD) == 200, 10, "an administrator signs in again", every=0.5)
    stack.settled()
    check_load(stack, load)


def test_row_11_a_hanging_redis_costs_posts_nothing(stack: Stack, tenant: Tenant) -> None:
    with Load(stack, tenant, seed=11, pause=0.05) as load:
        load.wait_for(20)
        threads = [process.threads() for process in stack.processes]
        calm = len(load.tries)
        stack.redis.pause()
        load.wait_for(60)
        hanging = sorted(sent.answer.seconds for sent in load.tries[calm:])
        more = [process.threads() - before for process, before in zip(stack.processes, threads, strict=True)]
        pending = stack.pending()
        settled = stack.scalar("SELECT COUNT(*) FROM settlements")
        until(lambda: stack.scalar("SELECT COUNT(*) FROM settlements") > settled, POLL_SECONDS, f"{pending} wait")
        stack.redis.resume()
    assert not load.failed, load.summary()
    assert hanging[int(len(hanging) * 0.99)] < 1.0, hanging[-3:]
    assert max(more) <= 3, f"threads pile up: {more}"
    stack.settled()
    check_load(stack, load)


def test_row_12_answers_of_redis_are_lost(stack: Stack, tenant: Tenant) -> None:
    """A fetched nudge is stranded with its worker, an enqueued one is sent twice: only time is lost."""
    worker = stack.only_worker(1)
    with Load(stack, tenant, seed=12, pause=0.05, ports=[stack.apis[1].port]) as load:
        for command in (b"fetch", b"enqueue", b"ack"):
            load.wait_for(5)
            dropped = stack.redis_proxy.dropped
            stack.redis_proxy.drop_reply(lambda sent, command=command: command in sent, times=2)
            until(lambda before=dropped: stack.redis_proxy.dropped > before, 10, f"a lost answer to {command!r}")
        until(lambda: worker.said("broker_lost"), 10, "the worker notices")
    assert not load.failed, load.summary()
    stack.settled()
    check_load(stack, load)
    assert send_post(stack.apis[1].port, tenant.token, load.acknowledged[0].post, query="?wait=10").status == 200


def readiness(api: OwnProcess) -> tuple[int, str]:
    """Return what /readyz says, and of the broker."""
    answer = send(api.port, "/readyz", b"", {}, method="GET")
    return answer.status, answer.json.get("broker", "")


def sign_in(api: OwnProcess, email: str, password: str) -> int:
    """Return the status of a sign-in."""
    body = json.dumps({"email": email, "password": password}).encode()
    return send(api.port, "/v1/auth/login", body, {"Content-Type": "application/json"}).status


def nudges(api: OwnProcess) -> float:
    """Return how many nudges an API process has sent."""
    text = send(api.port, "/metrics", b"", {}, method="GET").body.decode()
    return sum(float(value) for value in re.findall(r"^ccmanage_nudges_sent_total\{.*\} (.*)$", text, re.MULTILINE))
