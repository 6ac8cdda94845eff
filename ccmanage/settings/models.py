"""The table of what administrators have set."""

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import Base, Blob, Count
from ccmanage.core.personal import no_personal


class SettingRow(Base):
    """The value of one setting, as JSON. No row: the default holds."""

    __tablename__ = "settings"
    __personal__ = no_personal("how the installation is set up, and the number of who changed it")

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    # Empty = set back to the default; the row stays for its revision.
    value: Mapped[bytes] = mapped_column(Blob)
    revision: Mapped[int] = mapped_column(Count)
    # 0 = the system itself or its command line.
    changed_by: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[int] = mapped_column(BigInteger)
