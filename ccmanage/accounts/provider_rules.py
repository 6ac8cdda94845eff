"""Whom an identity provider may let in, and as what. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from ccmanage.accounts.models import Role

# What providers write into `amr` when more than a password was asked (RFC 8176).
_STRONG = frozenset({"mfa", "otp", "hwk", "swk", "sms", "fpt", "face", "pop"})


@dataclass(frozen=True, slots=True)
class Profile:
    """What a provider says of somebody, after its token was verified."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str
    groups: frozenset[str]
    methods: frozenset[str]

    @property
    def is_strong(self) -> bool:
        """Tell whether the provider asked for more than a password."""
        return bool(self.methods & _STRONG)


def is_domain_allowed(email: str, domains: Collection[str]) -> bool:
    """Tell whether an address lies in one of the domains; none given means any. Subdomains count as others."""
    return not domains or email.rpartition("@")[2].lower() in {domain.lower() for domain in domains}


def role_for(groups: frozenset[str], admin_groups: Collection[str]) -> Role | None:
    """Return the role that groups stand for, None where the provider has no say in it."""
    if not admin_groups:
        return None
    return Role.ADMIN if groups & set(admin_groups) else Role.USER


def may_link(*, email_proven: bool, has_password: bool) -> bool:
    """Tell whether a known account may be opened by whoever the provider says owns its address.

    Somebody could have registered with another's address and a password of their own, to wait there. So the address
    must have been proven here, or nobody can be in the account yet.
    """
    return email_proven or not has_password


def may_unlink(*, has_password: bool, others: bool) -> bool:
    """Tell whether somebody could still sign in without one of their names at the provider."""
    return has_password or others
