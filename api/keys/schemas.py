"""Bodies around API keys."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas import In, Moment, MomentIn, Name, Out, Ref, ShownOnce
from ccmanage.accounts.values import Account
from ccmanage.core.clock import SECOND
from ccmanage.core.ids import KEY, USER, WORKSPACE, encode_id
from ccmanage.keys.service import IssuedKey, KeyView, StateName
from ccmanage.workspaces.models import Workspace

Life = Annotated[
    int,
    Field(ge=60, le=3_660 * 86_400, description="How long the key lives from its first use on; null for no such end."),
]


class KeyIssueIn(In):
    """A key to be made."""

    name: Name
    expires_at: MomentIn | None = None
    life_seconds: Life | None = None


class KeyUpdateIn(In):
    """What shall change; fields that are not sent stay. `expires_at: null` means never."""

    name: Name | None = None
    expires_at: MomentIn | None = None
    life_seconds: Life | None = None


class KeyFields(Out):
    """What may be shown of a key at any time."""

    id: str
    name: str
    prefix: str
    last_four: str
    state: StateName
    created_at: Moment
    created_by: Ref
    expires_at: Moment | None
    revoked_at: Moment | None
    last_used_at: Moment | None
    rotating_until: Moment | None
    life_seconds: int | None
    first_used_at: Moment | None
    disabled_by: Literal["hand", "plan"] | None


class KeyOut(KeyFields):
    """A key. While `rotating_until` lasts, the secret before the newest works too."""

    @classmethod
    def of(cls, key: KeyView, maker: Account) -> "KeyOut":
        """Make the answer."""
        return cls(**_fields(key, maker))


class KeyAdminOut(KeyFields):
    """A key with the workspace that it belongs to."""

    workspace: Ref

    @classmethod
    def of_all(cls, key: KeyView, maker: Account, workspace: Workspace) -> "KeyAdminOut":
        """Make the answer."""
        place = Ref(id=encode_id(WORKSPACE, workspace.public_id), name=workspace.name)
        return cls(**_fields(key, maker), workspace=place)


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
        "life_seconds": key.life_ms // SECOND if key.life_ms else None,
        "first_used_at": key.first_used_at,
        "disabled_by": key.disabled_by,
    }
