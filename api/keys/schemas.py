"""Bodies around API keys."""

from typing import Literal

from api.schemas import In, Moment, MomentIn, Name, Out, Ref, ShownOnce
from ccmanage.accounts.service import Account
from ccmanage.core.ids import KEY, USER, encode_id
from ccmanage.keys.service import IssuedKey, KeyView


class KeyIssueIn(In):
    """A key to be made."""

    name: Name
    expires_at: MomentIn | None = None


class KeyUpdateIn(In):
    """What shall change; fields that are not sent stay. `expires_at: null` means never."""

    name: Name | None = None
    expires_at: MomentIn | None = None


class KeyFields(Out):
    """What may be shown of a key at any time."""

    id: str
    name: str
    prefix: str
    last_four: str
    state: Literal["active", "revoked", "expired"]
    created_at: Moment
    created_by: Ref
    expires_at: Moment | None
    revoked_at: Moment | None
    last_used_at: Moment | None
    rotating_until: Moment | None


class KeyOut(KeyFields):
    """A key. While `rotating_until` lasts, the secret before the newest works too."""

    @classmethod
    def of(cls, key: KeyView, maker: Account) -> "KeyOut":
        """Make the answer."""
        return cls(**_fields(key, maker))


class KeyIssuedOut(KeyFields, ShownOnce):
    """A key with its new secret, which is shown here and never again."""

    secret: str

    @classmethod
    def of(cls, issued: IssuedKey, maker: Account) -> "KeyIssuedOut":
        """Make the answer."""
        return cls(**_fields(issued.key, maker), secret=issued.secret)


def _fields(key: KeyView, maker: Account) -> dict[str, object]:
    return {
        "id": encode_id(KEY, key.public_id),
        "name": key.name,
        "prefix": key.prefix,
        "last_four": key.last_four,
        "state": key.state,
        "created_at": key.created_at,
        "created_by": Ref(id=encode_id(USER, maker.public_id), name=maker.name),
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
        "rotating_until": key.rotating_until,
    }
