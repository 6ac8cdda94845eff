"""Gateways as administrators see them: when each last spoke, and how far its clock is off."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ccmanage.core.pagination import Page, PageRequest
from ccmanage.gateways.service import GatewayService, GatewayView
from ccmanage.usage.models import GatewayActivity


@dataclass(frozen=True, slots=True)
class GatewayLine:
    """One gateway and what was heard of it. Instants are None before its first post."""

    gateway: GatewayView
    last_post_at: int | None
    last_event_at: int | None
    received: int
    rejected: int
    clock_skew_ms: int | None


class GatewayReport:
    """Reads what was heard of a page of gateways with one query."""

    def __init__(self, session: Session, gateways: GatewayService) -> None:
        self._session = session
        self._gateways = gateways

    def page(self, ask: PageRequest) -> Page[GatewayLine]:
        """Return gateways, newest first."""
        page = self._gateways.page(ask)
        heard = self._heard([gateway.id for gateway in page.items])
        return page.map(lambda gateway: _line(gateway, heard.get(gateway.id)))

    def line(self, gateway: GatewayView) -> GatewayLine:
        """Return what was heard of one gateway."""
        return _line(gateway, self._heard([gateway.id]).get(gateway.id))

    def _heard(self, numbers: list[int]) -> dict[int, GatewayActivity]:
        rows = self._session.scalars(select(GatewayActivity).where(GatewayActivity.gateway_id.in_(numbers)))
        return {row.gateway_id: row for row in rows}


def _line(gateway: GatewayView, heard: GatewayActivity | None) -> GatewayLine:
    if heard is None:
        return GatewayLine(gateway, None, None, 0, 0, None)
    # Late events say nothing about a clock; an event from the future does.
    ahead = max(0, heard.last_event_at - heard.last_post_at) if heard.last_event_at else None
    last_event_at = heard.last_event_at or None
    return GatewayLine(gateway, heard.last_post_at, last_event_at, heard.received, heard.rejected, ahead)
