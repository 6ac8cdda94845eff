"""Many events in little time: packed as the ingress packs them, settled for real."""

from __future__ import annotations

import random

from ccmanage.core.clock import DAY, MINUTE
from ccmanage.core.ids import new_id
from ccmanage.core.sql import chunks
from ccmanage.usage.inbox import INBOX, NewBatch
from ccmanage.usage.models import BatchKind
from ccmanage.usage.records import Identity, encode_payload, join_ids, pack
from support.world import World

MODELS = ("claude-sonnet-4-5", "claude-opus-4-5", "claude-haiku-4-5")
_POST = 100
_POSTS_A_GROUP = 100


def fill(world: World, events: int, *, workspaces: int, days: int = 30, seed: int = 1) -> None:
    """Post and settle events of a number of people, drawn Zipf-like, over the last days."""
    if not world.count("prices", "1=1 LIMIT 1"):
        with world.scope() as scope:
            scope.pricing.import_library(dry_run=False)
    gateway = world.gateway(f"bulk {seed}").gateway.id
    keys = []
    for number in range(workspaces):
        person = world.person(f"Bulk {seed} {number}")
        world.grant(person.workspace, "5")
        keys.append(world.key(person).key.public_id)
    weights = [1 / (rank + 1) for rank in range(workspaces)]
    chance = random.Random(seed)
    for group in chunks(range(0, events, _POST), _POSTS_A_GROUP):
        now = world.clock.now_ms()
        posts = []
        for start in group:
            drawn = chance.choices(keys, weights, k=min(_POST, events - start))
            at = [now - chance.randrange(days * DAY) for _ in drawn]
            posts.append(_post(gateway, f"{seed}-{start}", list(zip(drawn, at, strict=True)), chance, now))
        with world.scope() as scope:
            INBOX.run(scope.session.connection(), [post.row() for post in posts])
        world.runtime.settler.run_pending()
        world.clock.now += MINUTE


def _post(gateway: int, name: str, calls: list[tuple[bytes, int]], chance: random.Random, now: int) -> NewBatch:
    records = [
        pack(
            index,
            Identity(
                f"msg_{name}_{index}", key, at, chance.choice(MODELS), chance.randrange(5_000), chance.randrange(900),
                chance.randrange(60_000), 0, 0, 0, 0, 0, 0, int(chance.random() < 0.01), b"",
            ),
            chance.choice(("", "site", "tools")),
            "",
            b"",
        )
        for index, (key, at) in enumerate(calls)
    ]  # fmt: skip
    return NewBatch(
        public_id=new_id(),
        gateway_id=gateway,
        kind=BatchKind.POST,
        received=len(records),
        rejected=0,
        received_at=now,
        payload=encode_payload(records),
        rejections=b"",
        ids=join_ids([f"msg_{name}_{index}" for index in range(len(records))]),
    )
