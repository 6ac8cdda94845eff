"""What can go wrong with sign-ins at an identity provider."""

from ccmanage.core.errors import DomainError, Forbidden, Kind, NotFound, Unauthenticated, Unavailable


class NoProvider(NotFound):
    """No identity provider is set up."""

    code = "accounts.no_provider"

    def __init__(self) -> None:
        super().__init__("No identity provider is set up here.")


class ProviderAway(Unavailable):
    """The provider cannot be reached, or does not speak as it should."""

    code = "accounts.provider_away"

    def __init__(self) -> None:
        super().__init__("The identity provider cannot be reached right now. Try again in a moment.")


class ProviderRefused(Unauthenticated):
    """The provider let nobody in, or its answer does not belong to a sign-in that began in this browser."""

    code = "accounts.provider_refused"

    def __init__(self) -> None:
        super().__init__("The sign-in at the identity provider was not completed. Start again.")


class EmailUnproven(Forbidden):
    """The provider does not vouch for the address."""

    code = "accounts.provider_email_unproven"

    def __init__(self) -> None:
        super().__init__("Your identity provider does not confirm your email address. Ask whoever runs it.")


class DomainRefused(Forbidden):
    """The address lies outside of the domains that may come in."""

    code = "accounts.provider_domain_refused"

    def __init__(self) -> None:
        super().__init__("People with an address at this domain cannot sign in here.")


class LinkRefused(Forbidden):
    """There is an account with this address whose owner has not proven that it is theirs."""

    code = "accounts.provider_link_refused"

    def __init__(self) -> None:
        super().__init__("An account has your address, and nobody ever confirmed it. Ask an administrator.")


class PasswordOff(Forbidden):
    """People sign in at the provider only."""

    code = "accounts.password_off"

    def __init__(self) -> None:
        super().__init__("Passwords are switched off here. Sign in at your identity provider.")


class IdentityTaken(DomainError):
    """Whoever came back from the provider signs in to another account."""

    kind, code = Kind.CONFLICT, "accounts.identity_taken"

    def __init__(self) -> None:
        super().__init__("This identity opens another account already. Unlink it there first.")


class IdentityNotFound(NotFound):
    """The person has no such name at a provider, or no longer."""

    code = "accounts.identity_not_found"

    def __init__(self) -> None:
        super().__init__("This identity is not linked to your account.")


class LastWayIn(DomainError):
    """Without it the person could not sign in any more."""

    kind, code = Kind.CONFLICT, "accounts.last_way_in"

    def __init__(self) -> None:
        super().__init__("This is your only way to sign in. Set a password or link another identity first.")
