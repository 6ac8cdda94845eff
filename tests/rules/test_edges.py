"""Edges that whole scenarios meet rarely: an hour that comes twice, short months, names of domains, outages."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ccmanage.accounts.rules import is_domain
from ccmanage.core.clock import MINUTE, SECOND
from ccmanage.email.rules import outage_delay_ms
from ccmanage.packages.rules import Period, PeriodKind
from ccmanage.subscriptions.rules import Span, months_before, period_at

BERLIN = ZoneInfo("Europe/Berlin")


def ms(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1000)


def test_a_day_that_began_in_an_hour_that_comes_twice_has_begun() -> None:
    """At the second 02:10 the first 02:30 is over: the clock shows less, and yet it is the next day's period."""
    anchor = ms(datetime(2026, 10, 24, 2, 30, tzinfo=BERLIN))
    second = ms(datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN, fold=1))
    first_half_past = ms(datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=0))
    assert first_half_past < second
    assert period_at(anchor, Period(PeriodKind.DAY), BERLIN, second) == Span(
        first_half_past, ms(datetime(2026, 10, 26, 2, 30, tzinfo=BERLIN))
    )


def test_months_before_end_on_the_last_day_of_shorter_ones() -> None:
    march = ms(datetime(2026, 3, 31, 12, tzinfo=BERLIN))
    assert months_before(march, 1, BERLIN) == ms(datetime(2026, 2, 28, 12, tzinfo=BERLIN))
    assert months_before(march, 3, BERLIN) == ms(datetime(2025, 12, 31, 12, tzinfo=BERLIN))


@pytest.mark.parametrize(("text", "known"), [("example.com", True), ("a@b.com", False), ("-x.com", False), ("", False)])
def test_names_of_domains(text: str, *, known: bool) -> None:
    assert is_domain(text) is known


def test_an_outage_is_asked_after_more_rarely_but_every_few_minutes() -> None:
    pauses = [outage_delay_ms(failures, 7) for failures in range(12)]
    assert pauses == sorted(pauses)
    assert 10 * SECOND <= pauses[0] <= 12 * SECOND
    assert pauses[-1] <= 6 * MINUTE
