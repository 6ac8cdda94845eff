"""What can go wrong with people and their sign-ins."""

from ccmanage.core.errors import (
    DomainError,
    FieldError,
    Forbidden,
    InvalidInput,
    Kind,
    NotFound,
    Unauthenticated,
    Unavailable,
)


class UserNotFound(NotFound):
    """There is no such person."""

    code = "accounts.user_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such user.")


class EmailTaken(DomainError):
    """Somebody signs in with this address already."""

    kind, code = Kind.CONFLICT, "accounts.email_taken"

    def __init__(self) -> None:
        super().__init__("A user with this email address exists already.")


class SignInRefused(Unauthenticated):
    """Address and password do not belong together. The same answer whether the address is known or not."""

    code = "accounts.sign_in_refused"

    def __init__(self) -> None:
        super().__init__("Email address or password is wrong.")


class AccountSuspended(Forbidden):
    """The person is known and may not sign in."""

    code = "accounts.suspended"

    def __init__(self) -> None:
        super().__init__("This account is suspended. Ask an administrator.")


class SignInThrottled(DomainError):
    """Too many failures; the wait grows with each."""

    kind, code = Kind.LIMITED, "accounts.sign_in_throttled"

    def __init__(self, wait_seconds: int) -> None:
        super().__init__(f"Too many attempts. Try again in {wait_seconds} seconds.", retry_after_seconds=wait_seconds)


class LinkDead(InvalidInput):
    """The link is unknown, used, too old, or what it rested on has changed: nobody is told which."""

    code = "accounts.link_dead"

    def __init__(self) -> None:
        super().__init__("This link does not work any more. Ask for a new one.")


class RegistrationClosed(Forbidden):
    """One gets in by invitation only."""

    code = "accounts.registration_closed"

    def __init__(self) -> None:
        super().__init__("Registration is by invitation. Ask an administrator or a colleague to invite you.")


class DomainNotAllowed(InvalidInput):
    """Only people with an address at certain domains may register."""

    code = "accounts.domain_not_allowed"

    def __init__(self) -> None:
        sentence = "Register with an address of your organisation."
        super().__init__(sentence, fields=[FieldError("/email", self.code, sentence)])


class Unverified(Forbidden):
    """The person has not yet proved that the mail address is theirs."""

    code = "accounts.unverified"

    def __init__(self) -> None:
        super().__init__("Confirm your mail address first: open the link in the mail that we sent you.")


class TooManyMails(DomainError):
    """No more mails of this kind for now."""

    kind, code = Kind.LIMITED, "accounts.too_many_mails"

    def __init__(self) -> None:
        super().__init__("We have sent several mails already. Look for them, or try again in an hour.")


class CountsAway(Unavailable):
    """Redis does not answer: failures of other processes are not known."""

    code = "accounts.counts_away"

    def __init__(self) -> None:
        super().__init__("Administrators cannot sign in while Redis is away. Try again in a few seconds.")


class WrongPassword(InvalidInput):
    """The current password is not this one."""

    code = "accounts.wrong_password"


class LastAdmin(DomainError):
    """Without an administrator nobody could undo it."""

    kind, code = Kind.CONFLICT, "accounts.last_admin"

    def __init__(self) -> None:
        super().__init__("This is the last active administrator. Make another one first.")


class UserChanged(DomainError):
    """Somebody else changed the person after they were read."""

    kind, code = Kind.CONFLICT, "accounts.changed"

    def __init__(self, revision: int) -> None:
        super().__init__("Somebody else changed this user. Look at them again.", revision=revision)


class CannotViewAs(Forbidden):
    """Administrators, suspended people and oneself are not looked at this way."""

    code = "accounts.cannot_view_as"

    def __init__(self) -> None:
        super().__init__("Only active users who are no administrators can be viewed as.")


class ViewOnly(Forbidden):
    """An administrator who looks as somebody changes nothing and sees nothing that is only theirs."""

    code = "accounts.view_only"

    def __init__(self) -> None:
        super().__init__("You are viewing as somebody else. Nothing can be changed, and what is private stays so.")


class NotViewing(DomainError):
    """There is nothing to end."""

    kind, code = Kind.CONFLICT, "accounts.not_viewing"

    def __init__(self) -> None:
        super().__init__("You are not viewing as anybody.")


class NotInvited(DomainError):
    """Whoever has a password, or has proven the address, needs no invitation."""

    kind, code = Kind.CONFLICT, "accounts.not_invited"

    def __init__(self) -> None:
        super().__init__("This user has accepted already. Let them use the link for a forgotten password.")


class InvitedTooOften(DomainError):
    """Nobody's mailbox is filled from here."""

    kind, code = Kind.LIMITED, "accounts.invited_too_often"

    def __init__(self) -> None:
        super().__init__(
            "This was sent several times within the hour. Wait before sending it again.", retry_after_seconds=3_600
        )
