"""Queries of settings."""

from sqlalchemy import select

from ccmanage.core.repository import Repository
from ccmanage.settings.models import SettingRow


class SettingRepository(Repository[SettingRow]):
    """What administrators have set."""

    model = SettingRow

    def everything(self) -> dict[str, SettingRow]:
        """Return all rows; there are as many as settings that were ever changed."""
        return {row.name: row for row in self.session.scalars(select(SettingRow))}

    def values(self) -> dict[str, bytes]:
        """Return all values that were set, by name."""
        rows = self.session.execute(select(SettingRow.name, SettingRow.value))
        return {row.name: row.value for row in rows}

    def locked(self, name: str) -> SettingRow | None:
        """Find one row and lock it until the transaction ends."""
        statement = select(SettingRow).where(SettingRow.name == name).with_for_update()
        return self.session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
