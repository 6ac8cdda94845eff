"""A gateway in one hand: posts events through the real intake and inbox, settles, tells what became of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ccmanage.core.clock import to_rfc3339
from ccmanage.core.ids import new_id
from ccmanage.usage.inbox import INBOX, NewBatch
from ccmanage.usage.intake import Post, Rules, read_json
from ccmanage.usage.models import BatchKind
from ccmanage.usage.records import encode_payload, encode_rejections, join_ids
from ccmanage.usage.service import BatchView
from support.world import Person, World

MODEL = "claude-sonnet-4-5"
# 1,000 input at 3 and 100 output at 15 dollars a million: 4,500,000 nano-credits.
USAGE = {"input_tokens": 1_000, "output_tokens": 100}
COST = 4_500_000


@dataclass
class Gateway:
    """One gateway with one key of one person."""

    world: World
    person: Person
    api_key: str = ""
    key_id: int = 0
    id: int = 0
    token: str = ""
    count: int = field(default=0)

    @classmethod
    def of(cls, world: World, *, credits: str | None = "100", name: str = "Ann") -> Gateway:
        """Return a gateway for a new person, whose workspace has credits, in a world with prices."""
        if not world.count("prices", "1=1 LIMIT 1"):
            with world.scope() as scope:
                scope.pricing.import_library(dry_run=False)
        person = world.person(name)
        if credits is not None:
            world.grant(person.workspace, credits)
        issued = world.key(person)
        token = world.gateway()
        return cls(world, person, issued.secret, issued.key.id, token.gateway.id, token.token)

    def event(self, **changes: Any) -> dict[str, Any]:
        """Return a valid event; give fields to change them."""
        self.count += 1
        event = {
            "id": f"msg_{self.count:06d}",
            "time": to_rfc3339(self.world.clock.now_ms() - 1_000),
            "api_key": self.api_key,
            "model": MODEL,
            "usage": dict(USAGE),
        }
        return {**event, **changes}

    def read(self, events: Sequence[dict[str, Any]] | dict[str, Any]) -> Post:
        """Read a post as the ingress does."""
        runtime = self.world.runtime
        rules = Rules(runtime.clock.now_ms(), runtime.settings.event_horizon_days, runtime.digester.digest)
        return read_json(json.dumps(events).encode(), rules)

    def post(self, *events: dict[str, Any], edit: Callable[[NewBatch], None] | None = None) -> bytes:
        """Store a post in the inbox; returns the batch's public id."""
        post = self.read(list(events))
        batch = NewBatch(
            public_id=new_id(),
            gateway_id=self.id,
            kind=BatchKind.POST,
            received=post.received,
            rejected=len(post.rejections),
            received_at=self.world.clock.now_ms(),
            payload=encode_payload(post.records),
            rejections=encode_rejections(post.rejections) or b"",
            ids=join_ids(post.ids),
        )
        if edit is not None:
            edit(batch)
        with self.world.scope() as scope:
            INBOX.run(scope.session.connection(), [batch.row()])
        return batch.public_id

    def settle(self) -> None:
        """Settle all that waits."""
        self.world.runtime.settler.run_pending()

    def batch(self, public_id: bytes) -> BatchView:
        """Return a batch with its items."""
        with self.world.read() as scope:
            return scope.usage.batch(public_id, gateway_id=self.id)

    def charge(self, *events: dict[str, Any]) -> BatchView:
        """Post, settle and return what became of it."""
        public_id = self.post(*events)
        self.settle()
        return self.batch(public_id)

    def balance(self) -> int:
        """Return the workspace's balance in nano-credits."""
        with self.world.read() as scope:
            return scope.credits.standing(self.person.workspace.id).balance.balance_nano


def outcomes(view: BatchView) -> list[str]:
    """Return the outcome of each item."""
    return [item.outcome.name.lower() for item in view.items]
