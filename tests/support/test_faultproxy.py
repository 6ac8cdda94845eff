"""The fault proxy does to connections what its orders say."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from support.faultproxy import FaultProxy


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(4096):
            self.server.seen.append(data)  # type: ignore[attr-defined]
            self.request.sendall(data.upper())


class _EchoServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Echo)
        self.seen: list[bytes] = []


@pytest.fixture
def echo() -> Iterator[_EchoServer]:
    with _EchoServer() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def proxy(echo: _EchoServer) -> Iterator[FaultProxy]:
    with FaultProxy(echo.server_address[1]) as proxy:
        yield proxy


def dial(proxy: FaultProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=5)


def ask(peer: socket.socket, words: bytes) -> bytes:
    peer.sendall(words)
    return peer.recv(100)


def ends(peer: socket.socket) -> bool:
    try:
        return peer.recv(100) == b""
    except ConnectionError:
        return True


def test_forwards_both_ways(proxy: FaultProxy) -> None:
    with dial(proxy) as peer:
        assert ask(peer, b"hello") == b"HELLO"
        assert ask(peer, b"again") == b"AGAIN"
        assert proxy.connections == 1


def test_refuse_cuts_what_is_open_and_heals(proxy: FaultProxy) -> None:
    with dial(proxy) as peer:
        ask(peer, b"hello")
        proxy.refuse()
        assert ends(peer)
        with pytest.raises(ConnectionRefusedError):
            dial(proxy)
    proxy.forward()
    with dial(proxy) as peer:
        assert ask(peer, b"back") == b"BACK"


def test_a_blackhole_answers_nothing_and_gives_back_what_it_held(proxy: FaultProxy) -> None:
    with dial(proxy) as peer:
        ask(peer, b"hello")
        proxy.blackhole()
        peer.settimeout(0.1)
        with pytest.raises(TimeoutError):
            ask(peer, b"held")
        proxy.forward()
        peer.settimeout(5)
        assert peer.recv(100) == b"HELD"


def test_drop_reply_lets_the_server_work_and_cuts_the_answer(proxy: FaultProxy, echo: _EchoServer) -> None:
    proxy.drop_reply(when=lambda sent: b"commit" in sent)
    with dial(proxy) as peer:
        assert ask(peer, b"insert") == b"INSERT"
        peer.sendall(b"commit")
        assert ends(peer)
    assert echo.seen == [b"insert", b"commit"]
    assert proxy.dropped == 1
    with dial(proxy) as peer:
        assert ask(peer, b"commit") == b"COMMIT"


def test_latency_delays(proxy: FaultProxy) -> None:
    proxy.latency(0.05)
    with dial(proxy) as peer:
        began = time.monotonic()
        assert ask(peer, b"slow") == b"SLOW"
        assert time.monotonic() - began >= 0.1


def test_a_server_that_is_away_ends_the_connection(proxy: FaultProxy) -> None:
    with FaultProxy(1) as lost, dial(lost) as peer:
        assert ends(peer)


def test_url_keeps_all_but_the_address(proxy: FaultProxy) -> None:
    url = proxy.url("mysql+pymysql://user:secret@127.0.0.1:3306/db?charset=utf8mb4")
    assert url == f"mysql+pymysql://user:secret@127.0.0.1:{proxy.port}/db?charset=utf8mb4"
