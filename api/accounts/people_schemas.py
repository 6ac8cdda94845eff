"""Bodies around what administrators do to people."""

from typing import Literal

from api.accounts.schemas import Email, Locale, RoleName, UserOut
from api.schemas import In, Moment, Name, Out, Reason, Ref, Revision, ShownOnce
from ccmanage.core.ids import KEY, WORKSPACE, encode_id
from ccmanage.keys.service import KeyView
from ccmanage.workspaces.models import Workspace


class UserInviteIn(In):
    """Whom an administrator invites. The mail holds a link, by which they choose a password."""

    email: Email
    name: Name
    role: RoleName = "user"
    locale: Locale = "en"


class UserSuspendIn(In):
    """Why somebody is kept out, and what becomes of the keys that they made."""

    reason: Reason
    keys: Literal["revoke", "hand_to_owners"] = "revoke"
    revision: Revision | None = None


class UserReactivateIn(In):
    """Which state of the person was looked at."""

    revision: Revision | None = None


class UserRoleIn(In):
    """What somebody may do in the installation, and why."""

    role: RoleName
    reason: Reason
    revision: Revision


class ViewingStartedOut(ShownOnce):
    """A read-only session as somebody; browsers got it as a cookie."""

    access_token: str
    expires_at: Moment
    user: UserOut


class AdminKeyOut(Out):
    """A key that a person made, and where."""

    id: str
    name: str
    prefix: str
    last_four: str
    state: Literal["active", "revoked", "expired"]
    workspace: Ref
    created_at: Moment
    last_used_at: Moment | None

    @classmethod
    def of(cls, key: KeyView, workspace: Workspace) -> "AdminKeyOut":
        """Make the answer."""
        return cls(
            id=encode_id(KEY, key.public_id),
            name=key.name,
            prefix=key.prefix,
            last_four=key.last_four,
            state=key.state,
            workspace=Ref(id=encode_id(WORKSPACE, workspace.public_id), name=workspace.name),
            created_at=key.created_at,
            last_used_at=key.last_used_at,
        )
