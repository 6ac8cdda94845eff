"""People as plain values: read, to be created, changed."""

from dataclasses import dataclass

from ccmanage.accounts.models import Role, UserState


@dataclass(frozen=True, slots=True)
class Account:
    """A person, decrypted."""

    id: int
    public_id: bytes
    email: str
    name: str
    role: Role
    state: UserState
    locale: str
    time_zone: str
    created_at: int
    revision: int
    is_verified: bool = True


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signing in needs to know of a person, usable outside the transaction that read it."""

    user_id: int
    public_id: bytes
    email: str
    name: str
    password_hash: str | None
    is_active: bool
    is_admin: bool


@dataclass(frozen=True, slots=True)
class NewAccount:
    """Who shall be created. The password is hashed before a transaction opens: that takes long."""

    email: str
    name: str
    password_hash: str | None
    role: Role = Role.USER
    locale: str = "en"
    time_zone: str = "UTC"
    # Whoever an administrator or an invitation lets in counts as verified.
    is_verified: bool = True


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """What a person changes about themself; None leaves a field as it is."""

    name: str | None = None
    locale: str | None = None
    time_zone: str | None = None
