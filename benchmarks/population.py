"""Who uses an installation: workspaces with a key, two grants and a member each, one gateway, the library's prices."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ccmanage.accounts.models import Role
from ccmanage.accounts.values import NewAccount
from ccmanage.bootstrap import Runtime
from ccmanage.core.ids import WORKSPACE, encode_id, new_id
from ccmanage.core.money import NANO
from ccmanage.core.security import API_KEY_PREFIX, last_four, new_secret, shown_prefix
from ccmanage.core.sql import BulkInsert
from ccmanage.credits import rules
from ccmanage.credits.models import Origin
from ccmanage.keys.models import KeyState
from ccmanage.workspaces.models import MemberRole, WorkspaceKind, WorkspaceState

EMAIL = "bench@example.com"
# The subscription's burns first and may well be used up; then the top-up burns.
GRANTS = ((Origin.SUBSCRIPTION, 1_000 * NANO), (Origin.TOP_UP, 1_000_000 * NANO))

_WORKSPACES = BulkInsert("workspaces", ("id", "public_id", "name", "kind", "state", "created_at"), "ibbiii")
_MEMBERS = BulkInsert("members", ("workspace_id", "user_id", "role", "created_at"), "iiii")
_KEYS = BulkInsert("api_keys", ("id", "public_id", "workspace_id", "user_id", "name", "state", "created_at"), "ibiibii")
_SECRETS = BulkInsert("api_key_secrets", ("digest", "key_id", "prefix", "last_four", "created_at"), "bibbi")
_BALANCES = BulkInsert(
    "balances",
    ("workspace_id", "balance_nano", "debt_nano", "spent_nano", "seq", "last_hash", "updated_at"),
    "iiiiibi",
)
_GRANTS = BulkInsert(
    "grants",
    (
        "public_id",
        "workspace_id",
        "origin",
        "state",
        "priority",
        "amount_nano",
        "remaining_nano",
        "effective_at",
        "expires_at",
        "created_at",
    ),
    "biiiiiiiii",
)


@dataclass(slots=True)
class Population:
    """What the load needs to know; workspace i + `first_id` holds key i."""

    token: str
    keys: list[str]
    first_id: int
    user_id: int
    workspace: str
    secrets: dict[str, str]

    def save(self, path: Path) -> None:
        """Keep it for a later run on the same data."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Population:
        """Read what was kept."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))


def populate(runtime: Runtime, workspaces: int, secrets: dict[str, str]) -> Population:
    """Fill an empty installation. The grants start by the product's own code, so that the books are true."""
    with runtime.scope() as scope:
        scope.pricing.import_library(dry_run=False)
        token = scope.gateways.create("benchmark").token
        person = scope.accounts.create(
            NewAccount(EMAIL, "Bench", runtime.passwords.hash(secrets["key_pepper"]), Role.ADMIN)
        )
        first = 1 + scope.workspaces.membership(person.id, None).workspace_id
    keys = [new_secret(API_KEY_PREFIX) for _ in range(workspaces)]
    outside = _insert(runtime, keys, first, person.id)
    while runtime.run(lambda scope: scope.credits.turn_due()):
        pass
    return Population(token, keys, first, person.id, encode_id(WORKSPACE, outside), secrets)


def _insert(runtime: Runtime, keys: list[str], first: int, user_id: int) -> bytes:
    """Insert what the services would insert one by one; returns the first workspace's outside id."""
    now = runtime.clock.now_ms()
    numbered = list(enumerate(keys, first))
    outside = {number: new_id() for number, _key in numbered}
    with runtime.scope() as scope:
        connection = scope.session.connection()
        _WORKSPACES.run(
            connection,
            [
                (number, outside[number], b"workspace %d" % number, WorkspaceKind.SHARED, WorkspaceState.ACTIVE, now)
                for number, _key in numbered
            ],
        )
        _MEMBERS.run(connection, [(number, user_id, MemberRole.OWNER, now) for number, _key in numbered])
        _KEYS.run(
            connection,
            [(number, new_id(), number, user_id, b"laptop", KeyState.ACTIVE, now) for number, _key in numbered],
        )
        _SECRETS.run(
            connection,
            [
                (runtime.digester.digest(key), number, shown_prefix(key).encode(), last_four(key).encode(), now)
                for number, key in numbered
            ],
        )
        _BALANCES.run(connection, [(number, 0, 0, 0, 0, rules.GENESIS, now) for number, _key in numbered])
        _GRANTS.run(
            connection,
            [
                (
                    new_id(),
                    number,
                    origin,
                    rules.SCHEDULED,
                    rules.DEFAULT_PRIORITIES[origin.name.lower()],
                    amount,
                    0,
                    now,
                    0,
                    now,
                )
                for number, _key in numbered
                for origin, amount in GRANTS
            ],
        )
    return outside[first]
