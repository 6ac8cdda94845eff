"""Faults of webhooks: a worker that dies when a receiver has said yes and nobody has written it down."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ccmanage.adapters.outbound import OutboundClient
from ccmanage.core.outbound import OutboundPolicy
from ccmanage.notifications.webhook_models import DeliveryState
from ccmanage.notifications.webhooks import NewWebhook
from support.databases import empty, hurry
from support.receiver import Received, Receiver, receiving
from support.world import World

pytestmark = pytest.mark.faults

ROOT = Path(__file__).parents[2]
MESSAGES = 12
CHILD = """
import sys
from test_webhook_faults import opened
opened(sys.argv[1], sys.argv[2]).runtime.deliverer.run()
"""


def opened(database_url: str, trusted: str) -> World:
    """Open the database as a process does that may send to one receiver."""
    world = World(database_url)
    world.runtime.outbound_policy = OutboundPolicy([trusted])
    world.runtime.sender = OutboundClient(world.runtime.outbound_policy, seconds=2)
    return world


def told(world: World, receiver: Receiver) -> None:
    """Have something to tell: a webhook, and one message of each key that was made."""
    ann = world.person("Ann")
    with world.scope() as scope:
        scope.webhooks.create(ann.workspace.id, ann.account.id, NewWebhook("robot", receiver.url, ["key.created"]))
    for _ in range(MESSAGES):
        world.key(ann)
    while world.runtime.run(lambda scope: scope.teller.tell()):
        pass


def is_whole(post: Received) -> bool:
    """Tell whether a post came to its end: whoever dies while sending leaves half of one."""
    return len(post.body) == int(post.headers["content-length"])


def arrived(receiver: Receiver) -> Counter[str]:
    """Count what came whole, by its id."""
    return Counter(post.headers["webhook-id"] for post in receiver.posts if is_whole(post))


def killed_while_sending(database_url: str, receiver: Receiver) -> int:
    """Let a process of its own send until the failpoint ends it; returns its exit code."""
    paths = os.pathsep.join(map(str, (ROOT / "tests", ROOT / "tests" / "faults", ROOT)))
    environment = {**os.environ, "CCMANAGE_FAIL": "webhook.before_mark", "PYTHONPATH": paths}
    command = [sys.executable, "-c", CHILD, database_url, receiver.host]
    return subprocess.run(command, env=environment, cwd=ROOT, check=False, timeout=60).returncode


def test_a_worker_killed_between_the_yes_and_the_mark_repeats_the_message_and_loses_none(database_url: str) -> None:
    world = opened(database_url, "localhost")
    (hurry if world.is_sqlite else empty)(world.runtime.database.engine)
    try:
        with receiving() as receiver:
            world.runtime.outbound_policy = OutboundPolicy([receiver.host])
            world.runtime.sender = OutboundClient(world.runtime.outbound_policy, seconds=2)
            told(world, receiver)
            assert killed_while_sending(database_url, receiver) == -9
            first = arrived(receiver)
            assert first, "it died after an answer"
            assert {row["state"] for row in world.rows("webhook_deliveries")} == {DeliveryState.PENDING}
            # What it held stays its own until the lease is over; the others of the chunk were never claimed.
            world.runtime.deliverer.run()
            assert arrived(receiver)[next(iter(first))] == 1
            world.clock.move(seconds=61)
            world.runtime.deliverer.run()
            world.runtime.deliverer.run()
            rows = world.rows("webhook_deliveries")
            assert {row["state"] for row in rows} == {DeliveryState.DELIVERED}
            after = arrived(receiver)
            assert len(after) == len(rows) == MESSAGES, "nothing is lost"
            assert {after[name] for name in first} == {2}, "what had arrived came once more, under the same id"
            assert max(after.values()) == 2
            bodies = {(post.headers["webhook-id"], post.body) for post in receiver.posts if is_whole(post)}
            assert len(bodies) == MESSAGES, "a message that is repeated is the same"
    finally:
        world.close()
