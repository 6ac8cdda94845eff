"""Find keys by what usage events carry: the digest of a secret, or a key's outside id."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from ccmanage.accounts.models import UserState
from ccmanage.core.sql import IN_LIST, chunks, ints, select_in

DIGEST_BYTES = 32

_COLUMNS = "k.id, k.workspace_id, k.user_id, COALESCE(k.revoked_at, 0), COALESCE(k.expires_at, 0), w.state, u.state"
_BY_DIGEST = (
    f"SELECT s.digest, COALESCE(s.expires_at, 0), {_COLUMNS} FROM api_key_secrets s"
    " JOIN api_keys k ON k.id = s.key_id JOIN workspaces w ON w.id = k.workspace_id JOIN users u ON u.id = k.user_id"
    " WHERE s.digest IN ({})"
)
_BY_ID = (
    f"SELECT k.public_id, 0, {_COLUMNS} FROM api_keys k"
    " JOIN workspaces w ON w.id = k.workspace_id JOIN users u ON u.id = k.user_id WHERE k.public_id IN ({})"
)


class KeyFound(NamedTuple):
    """Whose usage it is. Instants are 0 where there is none."""

    key_id: int
    workspace_id: int
    user_id: int
    revoked_at: int
    expires_at: int
    workspace_state: int
    # Whose labels are kept no more.
    is_erased: bool


def find_keys(connection: Connection, references: Collection[bytes]) -> dict[bytes, KeyFound]:
    """Return the keys that exist, by the reference given; revoked and expired ones too."""
    found = {}
    digests = [reference for reference in references if len(reference) == DIGEST_BYTES]
    outside_ids = [reference for reference in references if len(reference) != DIGEST_BYTES]
    for text, wanted in ((_BY_DIGEST, digests), (_BY_ID, outside_ids)):
        if not wanted:
            continue
        for reference, secret_ends, key_id, workspace, user, revoked, expires, state, user_state in select_in(
            connection, text, wanted
        ):
            ends = min(filter(None, (secret_ends, expires)), default=0)
            found[bytes(reference)] = KeyFound(
                key_id, workspace, user, revoked, ends, state, user_state == UserState.ERASED
            )
    return found


def start_lives(connection: Connection, used: Iterable[tuple[int, int]]) -> None:
    """Let the lives of keys begin that count from the first use: (key, instant). Later uses change nothing.

    Hardly any key waits for its first use: one query finds them, whatever the number of keys in use.
    """
    when = dict(used)
    for key_id in sorted(_waiting_for_first_use(connection, when)):
        at = when[key_id]
        connection.exec_driver_sql(
            f"UPDATE api_keys SET first_used_at = {at:d}, expires_at = CASE WHEN expires_at IS NOT NULL"
            f" AND expires_at < {at:d} + life_ms THEN expires_at ELSE {at:d} + life_ms END"
            f" WHERE id = {key_id:d} AND life_ms > 0 AND first_used_at = 0"
        )


def _waiting_for_first_use(connection: Connection, key_ids: Collection[int]) -> list[int]:
    found: list[int] = []
    for part in chunks(key_ids, IN_LIST):
        text = f"SELECT id FROM api_keys WHERE id IN ({ints(part)}) AND life_ms > 0 AND first_used_at = 0"
        found.extend(key_id for (key_id,) in connection.exec_driver_sql(text))
    return found
