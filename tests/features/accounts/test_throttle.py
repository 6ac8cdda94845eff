"""Guessing passwords gets slower, and nobody is locked out by others."""

import hashlib

from ccmanage.accounts.throttle import ADDRESS, Attempt, SignInThrottle, wait_of
from ccmanage.adapters.failures import MemoryFailures
from ccmanage.core.counters import Failures
from support.doubles import FixedClock


def sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def throttle_on(clock: FixedClock) -> SignInThrottle:
    return SignInThrottle(clock, MemoryFailures(), sha256)


def fail(throttle: SignInThrottle, times: int, *, account: str = "ann", address: str = "192.0.2.1") -> None:
    for _ in range(times):
        throttle.begin(Attempt(account, address))
        throttle.failed(Attempt(account, address))


def wait(throttle: SignInThrottle, account: str, address: str, known: str | None = None) -> int:
    return throttle.wait_ms(Attempt(account, address, known))


def test_a_few_failures_cost_nothing() -> None:
    throttle = throttle_on(FixedClock())
    fail(throttle, 4)
    assert wait(throttle, "ann", "192.0.2.1") == 0


def test_the_wait_doubles_and_is_capped_for_an_account() -> None:
    throttle = throttle_on(FixedClock())
    fail(throttle, 5)
    waits = []
    for attempt in range(10):
        fail(throttle, 1 if attempt else 0, address=f"192.0.2.{attempt}")
        waits.append(wait(throttle, "ann", "198.51.100.1"))
    assert waits[:4] == [1_000, 2_000, 4_000, 8_000]
    assert max(waits) == 60_000


def test_an_address_that_tries_many_accounts_waits_too() -> None:
    throttle = throttle_on(FixedClock())
    for number in range(20):
        fail(throttle, 1, account=f"user{number}")
    assert wait(throttle, "somebody else", "192.0.2.1") > 0
    assert wait(throttle, "somebody else", "192.0.2.2") == 0


def test_waiting_helps() -> None:
    clock = FixedClock()
    throttle = throttle_on(clock)
    fail(throttle, 5)
    clock.move(seconds=1)
    assert wait(throttle, "ann", "192.0.2.1") == 0


def test_an_hour_later_all_is_forgotten() -> None:
    clock = FixedClock()
    throttle = throttle_on(clock)
    fail(throttle, 12)
    clock.move(hours=1, seconds=1)
    throttle.begin(Attempt("ann", "192.0.2.1"))
    assert wait(throttle, "ann", "192.0.2.1") == 0


def test_success_frees_the_account_but_not_the_address() -> None:
    throttle = throttle_on(FixedClock())
    fail(throttle, 25)
    throttle.succeeded(Attempt("ann", "192.0.2.1"))
    assert wait(throttle, "ann", "192.0.2.9") == 0
    assert wait(throttle, "ann", "192.0.2.1") > 0


def test_right_passwords_never_slow_an_address_down() -> None:
    """A whole office behind one address signs in in the morning."""
    throttle = throttle_on(FixedClock())
    for number in range(ADDRESS.free * 2):
        throttle.begin(Attempt(f"user{number}", "192.0.2.1"))
    assert wait(throttle, "one more", "192.0.2.1") == 0, "not while they are being checked either"
    for number in range(ADDRESS.free * 2):
        throttle.succeeded(Attempt(f"user{number}", "192.0.2.1"))
    assert wait(throttle, "one more", "192.0.2.1") == 0


def test_strangers_cannot_lock_out_a_known_browser() -> None:
    throttle = throttle_on(FixedClock())
    fail(throttle, 50)
    assert wait(throttle, "ann", "192.0.2.1") > 0
    assert wait(throttle, "ann", "192.0.2.1", known="her laptop") == 0


def test_a_known_browser_that_guesses_is_slowed_down_as_well() -> None:
    throttle = throttle_on(FixedClock())
    for _ in range(10):
        throttle.begin(Attempt("ann", "192.0.2.1", "her laptop"))
    assert wait(throttle, "ann", "192.0.2.1", known="her laptop") == 1_000
    assert wait(throttle, "ann", "192.0.2.1") == 0


def test_what_was_never_decided_is_not_held_against_anybody() -> None:
    throttle = throttle_on(FixedClock())
    for _ in range(10):
        throttle.begin(Attempt("ann", "192.0.2.1"))
        throttle.undone(Attempt("ann", "192.0.2.1"))
    assert wait(throttle, "ann", "192.0.2.1") == 0


def test_the_longest_wait_of_an_address_is_a_quarter_of_an_hour() -> None:
    assert wait_of(Failures(10_000, 0), ADDRESS, 0) == 900_000


def test_memory_is_bounded() -> None:
    store = MemoryFailures()
    throttle = SignInThrottle(FixedClock(), store, sha256)
    for number in range(15_000):
        fail(throttle, 1, account=f"user{number}", address=f"address{number}")
    assert len(store) <= 20_000
