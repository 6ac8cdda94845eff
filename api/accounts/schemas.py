"""Bodies around people."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas import In, Moment, Name, Out
from ccmanage.accounts.challenges import LENGTH_MS as CHALLENGE_MS
from ccmanage.accounts.challenges import Challenge
from ccmanage.accounts.models import Role, UserState
from ccmanage.accounts.passwords import MAX_PASSWORD
from ccmanage.accounts.rules import MAX_EMAIL
from ccmanage.accounts.sessions import LENGTH_MS, Started
from ccmanage.accounts.values import Account
from ccmanage.core.clock import SECOND
from ccmanage.core.ids import USER, WORKSPACE, encode_id
from ccmanage.workspaces.models import MemberRole, WorkspaceKind, WorkspaceState
from ccmanage.workspaces.service import Membership

Email = Annotated[str, Field(min_length=3, max_length=MAX_EMAIL, examples=["ann@example.com"])]
Password = Annotated[str, Field(min_length=1, max_length=MAX_PASSWORD)]
RoleName = Literal["user", "admin"]
Locale = Literal["en", "zh"]
TimeZone = Annotated[str, Field(min_length=1, max_length=64, examples=["Europe/Berlin"])]

ROLES: dict[Role, RoleName] = {Role.USER: "user", Role.ADMIN: "admin"}
ROLES_BY_NAME: dict[RoleName, Role] = {name: role for role, name in ROLES.items()}
UserStateName = Literal["active", "suspended", "erased"]
USER_STATES: dict[UserState, UserStateName] = {
    UserState.ACTIVE: "active",
    UserState.SUSPENDED: "suspended",
    UserState.ERASED: "erased",
}
MemberRoleName = Literal["owner", "manager", "member", "viewer"]
WorkspaceKindName = Literal["personal", "shared"]
WorkspaceStateName = Literal["active", "suspended", "closed"]
MEMBER_ROLES: dict[MemberRole, MemberRoleName] = {
    MemberRole.OWNER: "owner",
    MemberRole.MANAGER: "manager",
    MemberRole.MEMBER: "member",
    MemberRole.VIEWER: "viewer",
}
MEMBER_ROLES_BY_NAME: dict[MemberRoleName, MemberRole] = {name: role for role, name in MEMBER_ROLES.items()}
KINDS: dict[WorkspaceKind, WorkspaceKindName] = {WorkspaceKind.PERSONAL: "personal", WorkspaceKind.SHARED: "shared"}
STATES: dict[WorkspaceState, WorkspaceStateName] = {
    WorkspaceState.ACTIVE: "active",
    WorkspaceState.SUSPENDED: "suspended",
    WorkspaceState.CLOSED: "closed",
}


class LoginIn(In):
    """Who signs in."""

    email: Email
    password: Password


class UserOut(Out):
    """A person, as they see themself."""

    id: str
    email: str
    name: str
    role: RoleName
    locale: str
    time_zone: str
    email_verified: bool
    created_at: Moment

    @classmethod
    def of(cls, account: Account) -> "UserOut":
        """Make the answer."""
        return cls(
            id=encode_id(USER, account.public_id),
            email=account.email,
            name=account.name,
            role=ROLES[account.role],
            locale=account.locale,
            time_zone=account.time_zone,
            email_verified=account.is_verified,
            created_at=account.created_at,
        )


class LoginOut(Out):
    """A new session: the token for machines; browsers got it as a cookie."""

    access_token: str
    token_type: Literal["bearer"]
    expires_in: int
    user: UserOut

    @classmethod
    def of(cls, account: Account, started: Started) -> "LoginOut":
        """Make the answer."""
        return cls(
            access_token=started.token,
            token_type="bearer",  # noqa: S106 - the name of a scheme
            expires_in=LENGTH_MS // SECOND,
            user=UserOut.of(account),
        )


class ChallengeOut(Out):
    """The password was right, and a code of the second factor is asked: send both within `expires_in` seconds."""

    challenge: str
    expires_in: int

    @classmethod
    def of(cls, challenge: Challenge) -> "ChallengeOut":
        """Make the answer."""
        return cls(challenge=challenge.token, expires_in=CHALLENGE_MS // SECOND)


class MembershipOut(Out):
    """A workspace that a person belongs to."""

    id: str
    name: str
    kind: WorkspaceKindName
    role: MemberRoleName
    state: WorkspaceStateName

    @classmethod
    def of(cls, membership: Membership) -> "MembershipOut":
        """Make the answer."""
        return cls(
            id=encode_id(WORKSPACE, membership.public_id),
            name=membership.name,
            kind=KINDS[membership.kind],
            role=MEMBER_ROLES[membership.role],
            state=STATES[membership.state],
        )


class ViewingOut(Out):
    """Who looks at the portal as this person, and until when."""

    by: str
    expires_at: Moment


class MeOut(UserOut):
    """A person with their workspaces, the personal one first.

    With `must_enrol` a second factor must be set up before anything else is answered. `viewing` is there where an
    administrator looks at the portal as this person. Without `has_password` they sign in at the identity provider only.
    """

    workspaces: list[MembershipOut]
    must_enrol: bool
    has_password: bool
    viewing: ViewingOut | None


class ProfileIn(In):
    """What a person changes about themself; fields that are not sent stay."""

    name: Name | None = None
    locale: Locale | None = None
    time_zone: TimeZone | None = None


class PasswordIn(In):
    """A new password, and proof of the old one."""

    current_password: Password
    new_password: Password


class UserCreateIn(In):
    """Whom an administrator creates."""

    email: Email
    name: Name
    password: Password
    role: RoleName = "user"


class AdminUserOut(UserOut):
    """A person, as administrators see them."""

    state: UserStateName
    revision: int

    @classmethod
    def of(cls, account: Account) -> "AdminUserOut":
        """Make the answer."""
        return cls(**dict(UserOut.of(account)), state=USER_STATES[account.state], revision=account.revision)
