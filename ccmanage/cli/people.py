"""Creating people from the command line, the first administrator among them."""

import secrets
from dataclasses import dataclass

from ccmanage.accounts import passwords
from ccmanage.accounts.models import Role
from ccmanage.accounts.values import Account, NewAccount
from ccmanage.bootstrap import Runtime

FIRST_ADMIN = "admin@example.com"


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """Who may sign in to a new installation; the password only if it was made up here."""

    email: str
    made_password: str | None


def create_person(runtime: Runtime, email: str, name: str, password: str, *, admin: bool) -> Account:
    """Create a person with a password that holds the rules; raises InvalidInput and EmailTaken."""
    passwords.require_good(password, "/password", email=email, name=name)
    new = NewAccount(
        email=email,
        name=name,
        # Hashing takes long: outside the transaction.
        password_hash=runtime.passwords.hash(password),
        role=Role.ADMIN if admin else Role.USER,
    )
    return runtime.run(lambda scope: scope.accounts.create(new))


def create_first_admin(runtime: Runtime, *, make_up: bool) -> FirstAdmin | None:
    """Create the administrator of the settings if there is nobody yet; `make_up` makes one where none is set."""
    settings = runtime.settings
    with runtime.read() as scope:
        if scope.accounts.count():
            return None
    if not settings.admin_email and not make_up:
        return None
    made = None if settings.admin_password else secrets.token_urlsafe(12)
    admin = FirstAdmin(settings.admin_email or FIRST_ADMIN, made)
    create_person(runtime, admin.email, "Admin", settings.admin_password or made or "", admin=True)
    return admin
