"""Bodies of registering, of links from mails, and of one's mail address."""

from typing import Annotated, Literal

from pydantic import Field

from api.accounts.schemas import Email, Locale, Password, TimeZone
from api.accounts.signup import Rules
from api.schemas import In, Moment, Name, Out
from ccmanage.accounts.addresses import AddressState
from ccmanage.privacy.consents import TERMS

Token = Annotated[str, Field(min_length=1, max_length=200, description="What stands behind `#t=` in the link.")]


class TermsOut(Out):
    """What whoever registers must accept: where it can be read, and the wording of the acceptance, by language."""

    url: str
    version: str
    texts: dict[Locale, str]


class RegistrationOut(Out):
    """Who may register, and what they must accept."""

    mode: Literal["open", "invitation", "domain"]
    domains: list[str]
    terms: TermsOut | None

    @classmethod
    def of(cls, rules: Rules) -> "RegistrationOut":
        """Make the answer."""
        terms = TermsOut(url=rules.terms_url, version=TERMS.version, texts=TERMS.texts) if rules.terms_url else None
        return cls(mode=rules.mode, domains=list(rules.domains), terms=terms)


class RegisterIn(In):
    """Who wants an account."""

    email: Email
    name: Name
    password: Password
    locale: Locale = "en"
    time_zone: TimeZone = "UTC"
    terms_accepted: bool = False
    invitation: Annotated[str, Field(max_length=200, description="What stands behind `#t=` in its link.")] | None = None


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
    """Another mail address."""

    email: Email


class AddressOut(Out):
    """The address that holds, and the one that waits to be confirmed."""

    email: str
    pending: str | None
    pending_until: Moment | None

    @classmethod
    def of(cls, state: AddressState) -> "AddressOut":
        """Make the answer."""
        return cls(email=state.email, pending=state.pending, pending_until=state.pending_until)
