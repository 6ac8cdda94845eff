"""Where ranges of time are cut: a change of the clock at the very end cuts nothing."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ccmanage.reports.rules import Stretch, slots_of, stretches

BERLIN = ZoneInfo("Europe/Berlin")
SPRING = datetime(2026, 3, 29, 1, tzinfo=UTC)  # 02:00 becomes 03:00
HOUR = 4


def slot(moment: datetime) -> int:
    first, _ = slots_of(int(moment.timestamp()) * 1000, int(moment.timestamp()) * 1000)
    return first


def test_a_change_inside_the_range_cuts_it_there() -> None:
    change = slot(SPRING)
    assert stretches(BERLIN, change - 8, change + 8) == [
        Stretch(change - 8, change, HOUR),
        Stretch(change, change + 8, 2 * HOUR),
    ]


def test_a_change_at_the_very_end_cuts_nothing() -> None:
    change = slot(SPRING)
    assert stretches(BERLIN, change - 8, change) == [Stretch(change - 8, change, HOUR)]
