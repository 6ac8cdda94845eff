"""An administrator who grants, voids and sets prices over HTTP, and asks again with the same key until it is done."""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ccmanage.core.clock import SystemClock, to_rfc3339
from ccmanage.core.ids import PRICE, decode_id
from ccmanage.core.money import parse_credits
from support.stack import Stack
from support.stack_posts import Answer, send

PATIENCE_SECONDS = 60.0
# What may be asked again: the database is away, the process is gone.
LATER = (0, 503)


class GaveUp(AssertionError):
    """The deed was not done in time, or was refused."""


@dataclass
class Admin:
    """One administrator; remembers what was done, for the model that the books are compared with."""

    ports: list[int]
    token: str
    patience: Callable[[], float] = lambda: PATIENCE_SECONDS
    granted: list[tuple[str, str, int]] = field(default_factory=list)  # workspace, grant, nano-credits
    voided: list[str] = field(default_factory=list)
    # From when on a price was certainly in force, by its outside id.
    priced: dict[bytes, int] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ports = itertools.cycle(self.ports)

    @classmethod
    def of(cls, stack: Stack) -> Admin:
        """Return an administrator of the stack who is signed in."""
        return cls([api.port for api in stack.apis], stack.administrator_token())

    def grant(self, workspace_id: str, credits: str) -> str:
        """Give credits; returns the grant's id."""
        body = {"credits": credits, "reason": "chaos"}
        made = self.do(f"/v1/admin/workspaces/{workspace_id}/grants", body, 201)
        self.granted.append((workspace_id, made["id"], parse_credits(credits)))
        return str(made["id"])

    def void(self, workspace_id: str, grant_id: str) -> bool:
        """Take a grant's rest away; False if it was used up or gone already."""
        path = f"/v1/admin/workspaces/{workspace_id}/grants/{grant_id}/void"
        answer = self._ask(path, {"reason": "chaos"})
        if answer.status not in (200, 409):
            raise GaveUp(f"void: {answer}")
        if answer.status == 200:
            self.voided.append(grant_id)
        return answer.status == 200

    def price(self, pattern: str, input: str, output: str, *, effective_from: int = 0) -> None:
        """Set a price of so many credits a million tokens, from a time on."""
        rates = {"input": input, "output": output, "cache_read": input, "cache_write_5m": input}
        body: dict[str, Any] = {"pattern": pattern, "rates": {**rates, "cache_write_1h": input}}
        if effective_from:
            body["effective_from"] = to_rfc3339(effective_from)
        made = self.do("/v1/admin/prices", body, 201)
        self.priced[decode_id(PRICE, made["id"])] = SystemClock().now_ms()

    def do(self, path: str, body: dict[str, Any], status: int, *, method: str = "POST") -> dict[str, Any]:
        """Do something; returns the answer, which must have this status."""
        answer = self._ask(path, body, method=method)
        if answer.status != status:
            raise GaveUp(f"{path}: {answer}")
        return answer.json

    def _ask(self, path: str, body: dict[str, Any], *, method: str = "POST") -> Answer:
        """Ask again, with one key, until there is an answer that says what happened."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid.uuid4()),
        }
        deadline = time.monotonic() + self.patience()
        while True:
            answer = send(next(self._ports), path, json.dumps(body).encode(), headers, method=method)
            self.answers.append(answer)
            if answer.status not in LATER:
                return answer
            if time.monotonic() > deadline:
                raise GaveUp(f"{path}: {answer}")
            time.sleep(0.1)
