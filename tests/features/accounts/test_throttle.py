"""Guessing passwords gets slower, and nobody is locked out by others for long."""

from ccmanage.accounts.throttle import SignInThrottle
from support.doubles import FixedClock


def fail(throttle: SignInThrottle, times: int, *, account: str = "ann", address: str = "192.0.2.1") -> None:
    for _ in range(times):
        throttle.failed(account, address)


def test_a_few_failures_cost_nothing() -> None:
    throttle = SignInThrottle(FixedClock())
    fail(throttle, 4)
    assert throttle.wait_ms("ann", "192.0.2.1") == 0


def test_the_wait_doubles_and_is_capped_for_an_account() -> None:
    clock = FixedClock()
    throttle = SignInThrottle(clock)
    fail(throttle, 5)
    waits = []
    for attempt in range(10):
        fail(throttle, 1 if attempt else 0, address=f"192.0.2.{attempt}")
        waits.append(throttle.wait_ms("ann", "198.51.100.1"))
    assert waits[:4] == [1_000, 2_000, 4_000, 8_000]
    assert max(waits) == 60_000


def test_an_address_that_tries_many_accounts_waits_too() -> None:
    throttle = SignInThrottle(FixedClock())
    for number in range(20):
        throttle.failed(f"user{number}", "192.0.2.1")
    assert throttle.wait_ms("somebody else", "192.0.2.1") > 0
    assert throttle.wait_ms("somebody else", "192.0.2.2") == 0


def test_waiting_helps() -> None:
    clock = FixedClock()
    throttle = SignInThrottle(clock)
    fail(throttle, 5)
    clock.move(seconds=1)
    assert throttle.wait_ms("ann", "192.0.2.1") == 0


def test_an_hour_later_all_is_forgotten() -> None:
    clock = FixedClock()
    throttle = SignInThrottle(clock)
    fail(throttle, 12)
    clock.move(hours=1, seconds=1)
    throttle.failed("ann", "192.0.2.1")
    assert throttle.wait_ms("ann", "192.0.2.1") == 0


def test_success_frees_the_account_but_not_the_address() -> None:
    throttle = SignInThrottle(FixedClock())
    fail(throttle, 25)
    throttle.succeeded("ann")
    assert throttle.wait_ms("ann", "192.0.2.9") == 0
    assert throttle.wait_ms("ann", "192.0.2.1") > 0


def test_memory_is_bounded() -> None:
    throttle = SignInThrottle(FixedClock())
    for number in range(15_000):
        throttle.failed(f"user{number}", f"address{number}")
    assert len(throttle._failures) <= 20_000
