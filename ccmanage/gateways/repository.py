"""Queries of gateways and their tokens."""

from collections.abc import Iterable

from sqlalchemy import func, or_, select, update

from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.repository import Repository
from ccmanage.gateways.models import Gateway, GatewayState, GatewayToken


class GatewayRepository(Repository[Gateway]):
    """Machine clients."""

    model = Gateway

    def add_token(self, token: GatewayToken) -> None:
        """Insert a token."""
        self.session.add(token)
        self.session.flush()

    def by_token(self, digest: bytes, now: int) -> Gateway | None:
        """Find the active gateway whose token has this digest and has not run out."""
        return self.one(
            select(Gateway)
            .join(GatewayToken, GatewayToken.gateway_id == Gateway.id)
            .where(
                GatewayToken.digest == digest,
                or_(GatewayToken.expires_at.is_(None), GatewayToken.expires_at > now),
                Gateway.state == GatewayState.ACTIVE,
            )
        )

    def page_of_all(self, ask: PageRequest) -> Page[Gateway]:
        """Return gateways, newest first."""
        return self.page(select(Gateway), ask, Gateway.id)

    def many(self, numbers: Iterable[int]) -> list[Gateway]:
        """Return the gateways with these numbers."""
        wanted = sorted(set(numbers))
        return list(self.session.scalars(select(Gateway).where(Gateway.id.in_(wanted)))) if wanted else []

    def tokens_of(self, numbers: Iterable[int]) -> list[GatewayToken]:
        """Return the tokens of gateways, oldest first."""
        wanted = sorted(set(numbers))
        if not wanted:
            return []
        return list(
            self.session.scalars(
                select(GatewayToken).where(GatewayToken.gateway_id.in_(wanted)).order_by(GatewayToken.created_at)
            )
        )

    def end_tokens(self, gateway_id: int, at: int) -> None:
        """Let the tokens of a gateway run out at an instant, unless they do so before."""
        self.session.execute(
            update(GatewayToken)
            .where(
                GatewayToken.gateway_id == gateway_id,
                or_(GatewayToken.expires_at.is_(None), GatewayToken.expires_at > at),
            )
            .values(expires_at=at)
        )

    def count_active(self) -> int:
        """Count the gateways that may speak."""
        statement = select(func.count()).select_from(Gateway).where(Gateway.state == GatewayState.ACTIVE)
        return self.session.scalar(statement) or 0
