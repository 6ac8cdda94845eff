"""What all repositories share. A repository holds every query of its feature; it never commits, never decides."""

from typing import Generic, TypeVar

from sqlalchemy import Connection, Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from ccmanage.core.db import Base
from ccmanage.core.pagination import Page, PageRequest, page_of

E = TypeVar("E", bound=Base)


class Repository(Generic[E]):
    """Queries over one table. Finder names say meaning, not columns."""

    model: type[E]

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def connection(self) -> Connection:
        """The transaction's connection, for statements over many rows."""
        return self.session.connection()

    def add(self, entity: E) -> E:
        """Insert a row now, so that its number is known."""
        self.session.add(entity)
        self.session.flush()
        return entity

    def get(self, number: int) -> E | None:
        """Find a row by its inside number."""
        return self.session.get(self.model, number)

    def lock(self, number: int) -> E | None:
        """Find a row and lock it until the transaction ends; what was read before is read anew."""
        return self.session.get(self.model, number, with_for_update=True, populate_existing=True)

    def by_public_id(self, public_id: bytes) -> E | None:
        """Find a row by its outside id."""
        return self.one(select(self.model).where(self.model.public_id == public_id))  # type: ignore[attr-defined]

    def one(self, statement: Select[E]) -> E | None:
        """Return the only row, or None."""
        return self.session.scalars(statement).one_or_none()

    def page(self, statement: Select[E], ask: PageRequest, column: InstrumentedAttribute[int]) -> Page[E]:
        """Return a page of entities, the highest value of one unique column first."""
        at = ask.position()
        if at is not None:
            statement = statement.where(column < at[0])
        rows = list(self.session.scalars(statement.order_by(column.desc()).limit(ask.limit + 1)))
        return page_of(rows, ask, lambda row: (getattr(row, column.key),))
