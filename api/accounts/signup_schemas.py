"""Bodies of registering, of links from mails, and of one's mail address."""

from typing import Annotated, Literal

from pydantic import Field

from api.accounts.schemas import Email, Locale, Password, TimeZone
from api.schemas import In, Moment, Name, Out
from ccmanage.accounts.addresses import AddressState

Token = Annotated[str, Field(min_length=1, max_length=200, description="What stands behind `#t=` in the link.")]


class RegistrationOut(Out):
    """Who may register."""

    mode: Literal["open", "invitation", "domain"]
    domains: list[str]


class RegisterIn(In):
    """Who wants an account."""

    email: Email
    name: Name
    password: Password
    locale: Locale = "en"
    time_zone: TimeZone = "UTC"


class MailComingOut(Out):
    """It was taken in. If there is something to be done, a mail comes within a minute."""

    status: Literal["check_mail"]


class TokenIn(In):
    """A link from a mail."""

    token: Token


class ForgotIn(In):
    """Whose password was forgotten."""

    email: Email


class ResetIn(In):
    """A link from a mail, and the new password."""

    token: Token
    password: Password


class AddressIn(In):
    """Another mail address, and proof that one is oneself."""

    email: Email
    current_password: Password


class AddressOut(Out):
    """The address that holds, and the one that waits to be confirmed."""

    email: str
    pending: str | None
    pending_until: Moment | None

    @classmethod
    def of(cls, state: AddressState) -> "AddressOut":
        """Make the answer."""
        return cls(email=state.email, pending=state.pending, pending_until=state.pending_until)
