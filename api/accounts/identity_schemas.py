"""Bodies around names at an identity provider."""

from api.schemas import Moment, Out
from ccmanage.accounts.identities import Linked
from ccmanage.core.ids import IDENTITY, encode_id


class IdentityOut(Out):
    """A name at the identity provider by which a person signs in; the last way in cannot be unlinked."""

    id: str
    issuer: str
    created_at: Moment
    last_used_at: Moment
    may_unlink: bool

    @classmethod
    def of(cls, linked: Linked) -> "IdentityOut":
        """Make the answer."""
        row = linked.identity
        return cls(
            id=encode_id(IDENTITY, row.public_id),
            issuer=linked.issuer,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            may_unlink=linked.may_unlink,
        )


class IdentitiesOut(Out):
    """A person's names at the identity provider, the oldest first."""

    items: list[IdentityOut]


class ProviderUrlOut(Out):
    """Where to send the browser."""

    url: str
