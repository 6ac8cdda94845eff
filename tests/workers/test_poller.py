"""The poll goes on whatever happens, can be woken, and ends after the running call."""

import threading

from workers.poller import Poller


def test_it_calls_again_and_again() -> None:
    calls = threading.Semaphore(0)
    poller = Poller(calls.release, every_seconds=0.001)
    poller.start()
    for _ in range(3):
        assert calls.acquire(timeout=5)
    assert poller.stop(5)


def test_it_can_be_woken_early() -> None:
    calls = threading.Semaphore(0)
    poller = Poller(calls.release, every_seconds=3600)
    poller.start()
    assert calls.acquire(timeout=5)
    poller.wake()
    assert calls.acquire(timeout=5)
    assert poller.stop(5)


def test_it_outlives_errors_and_waits_longer_after_each() -> None:
    calls = threading.Semaphore(0)

    def fail() -> None:
        calls.release()
        raise RuntimeError("no database")

    poller = Poller(fail, every_seconds=0.001)
    poller.start()
    for _ in range(5):
        assert calls.acquire(timeout=5)
    assert poller.stop(5)
    slow = Poller(fail, every_seconds=1.0)
    assert slow._pause(0) == 1.0
    assert 1.0 <= slow._pause(1) <= 2.0
    assert 2.5 <= slow._pause(50) <= 5.0


def test_it_finishes_the_running_call() -> None:
    inside, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        inside.set()
        may_end.wait()
        ended.set()

    poller = Poller(work)
    poller.start()
    assert inside.wait(5)
    assert not poller.stop(0.01)
    may_end.set()
    assert poller.stop(5)
    assert ended.is_set()
