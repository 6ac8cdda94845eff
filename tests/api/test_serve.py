"""Addresses that are served: taken ones are refused, and several processes share one port evenly."""

from __future__ import annotations

import pickle
import socket

import pytest

from api.serve import CannotListen, listen


@pytest.mark.parametrize("processes", [1, 2])
def test_a_port_that_is_served_is_refused(processes: int) -> None:
    with listen("127.0.0.1", 0, 1) as taken:
        taken.listen()
        with pytest.raises(CannotListen, match=f"PORT: cannot listen on 127.0.0.1:{taken.getsockname()[1]}"):
            listen("127.0.0.1", taken.getsockname()[1], processes)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_port_that_several_share_is_refused(processes: int) -> None:
    with listen("127.0.0.1", 0, 2) as parent, _in_child(parent) as child:
        child.listen()
        with pytest.raises(CannotListen):
            listen("127.0.0.1", parent.getsockname()[1], processes)


def test_each_child_takes_its_share_and_the_parent_none() -> None:
    with listen("127.0.0.1", 0, 2) as parent:
        address = parent.getsockname()
        children: list[socket.socket] = [_in_child(parent) for _ in range(2)]
        for child in children:
            child.listen(200)
            child.setblocking(False)
        clients = [socket.create_connection(address) for _ in range(100)]
        taken = [_accepted(child) for child in children]
        for one in (*clients, *children):
            one.close()
    assert sum(taken) == 100
    assert min(taken) >= 20, taken


def _in_child(parent: socket.socket) -> socket.socket:
    """Return what a child is handed when it is spawned."""
    received: socket.socket = pickle.loads(pickle.dumps(parent))  # noqa: S301 - our own, made in this line
    return received


def _accepted(listener: socket.socket) -> int:
    count = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1
