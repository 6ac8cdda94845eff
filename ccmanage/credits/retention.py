"""Take away holds that ended long ago. The audit needs them no more: it weighs a hold against those still active."""

from typing import Final

from sqlalchemy.orm import Session

from ccmanage.core.retaining import Taken
from ccmanage.core.sql import ints
from ccmanage.credits.models import HoldState

_HOLDS: Final = 500


def take_holds(session: Session, before: int, mark: int) -> Taken:
    """Take away some holds made before an instant; the mark is a hold's number.

    One that is still active stops the step: nobody has ended it yet, and it is ended within the minute.
    """
    connection = session.connection()
    rows = connection.exec_driver_sql(
        f"SELECT id, created_at, state FROM holds WHERE id > {mark:d} ORDER BY id LIMIT {_HOLDS:d}"
    ).all()
    over: list[int] = []
    for number, created_at, state in rows:
        if created_at >= before or state == HoldState.ACTIVE:
            break
        over.append(int(number))
    if not over:
        return Taken(0, mark, more=False)
    gone = connection.exec_driver_sql(f"DELETE FROM holds WHERE id IN ({ints(over)})").rowcount
    return Taken(gone, over[-1], more=len(over) == _HOLDS)
