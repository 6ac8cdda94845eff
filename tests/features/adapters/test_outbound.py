"""Addresses that users supply never lead into our own network, and no answer takes long or grows large."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from ccmanage.adapters.outbound import MAX_BODY, OutboundClient
from ccmanage.core.outbound import OutboundPolicy, SendFailed, UrlRefused, is_public
from support.receiver import Receiver, receiving

PRIVATE = [
    "0.0.0.0",  # noqa: S104 - refused, not bound
    "0.1.2.3", "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
    "2001:db8::1", "100::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]

HOSTILE = [
    "http://example.com/", "https://example.com:22/", "https://example.com:80/", "ftp://example.com/",
    "https://:x@example.com/", "https://user@example.com/", "https://example.com/#x", "https:///hook",
    "https://127.0.0.1/", "https://0.0.0.0/", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
    "https://169.254.169.254/latest/meta-data", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/",
    "https://127.1/", "https://localhost/", "https://localhost./", "https://intranet/", "https://db.internal/",
    "https://printer.local/", "https://x.localhost/", "https://example.com\\@127.0.0.1/", "https://exa mple.com/",
    "https://example.com/\r\nHost: evil", "https://ex\u0430mple.com/", "javascript:alert(1)", "//example.com/",
    "https://example.com:99999/", "https://[::1", "", "https://example.com/" + "a" * 2_000,
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("url", HOSTILE)
def test_addresses_that_are_refused_before_anything_is_looked_up(url: str) -> None:
    def nobody(host: str, port: int) -> list[str]:
        raise AssertionError(f"looked {host} up")

    # Whole numbers as addresses are names to us; they are caught once looked up, see below.
    client = OutboundClient(OutboundPolicy(), resolve=nobody, seconds=1)
    with pytest.raises(UrlRefused):
        client.post(url, {}, b"{}")


@pytest.mark.parametrize("answer", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:127.0.0.1"], ["fe80::1%eth0"]])
def test_a_name_that_leads_inside_is_refused_whatever_else_it_leads_to(answer: list[str]) -> None:
    client = OutboundClient(OutboundPolicy(), resolve=lambda _host, _port: answer, seconds=1)
    with pytest.raises(UrlRefused, match="private") as refused:
        client.post("https://hooks.example.com/", {}, b"{}")
    assert refused.value.code == "address.private"


def test_a_name_is_looked_up_once_and_the_connection_goes_to_what_was_checked(monkeypatch: Any) -> None:
    """DNS rebinding: the second answer leads inside, and nobody asks for it."""
    answers = iter([["203.0.114.7"], ["127.0.0.1"]])
    asked: list[str] = []
    connected: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    def connect(address: tuple[str, int], *_args: object, **_kwargs: object) -> None:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr("socket.create_connection", connect)
    with pytest.raises(SendFailed) as failed:
        OutboundClient(OutboundPolicy(), resolve=resolve, seconds=1).post("https://rebind.example.com/", {}, b"{}")
    assert failed.value.code == "send.refused"
    assert (asked, connected) == (["rebind.example.com"], ["203.0.114.7"])


def test_a_look_up_that_hangs_is_not_waited_for() -> None:
    release = threading.Event()

    def hang(_host: str, _port: int) -> list[str]:
        release.wait(10)
        return []

    began = time.monotonic()
    with pytest.raises(SendFailed) as failed:
        OutboundClient(OutboundPolicy(), resolve=hang, seconds=0.2).post("https://slow.example.com/", {}, b"{}")
    release.set()
    assert failed.value.code == "send.timeout"
    assert time.monotonic() - began < 2


class TestWithAReceiver:
    @pytest.fixture
    def receiver(self) -> Iterator[Receiver]:
        with receiving() as receiver:
            yield receiver

    def client(self, receiver: Receiver, seconds: float = 5.0) -> OutboundClient:
        return OutboundClient(OutboundPolicy([receiver.host]), seconds=seconds)

    def test_hosts_that_the_operator_names_are_let_through(self, receiver: Receiver, monkeypatch: Any) -> None:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")  # would fail if it were used
        answer = self.client(receiver).post(receiver.url, {"webhook-id": "msg_1"}, b'{"a":1}')
        assert (answer.status, answer.body) == (200, b"ok")
        [post] = receiver.posts
        assert (post.path, post.body, post.headers["webhook-id"]) == ("/hook", b'{"a":1}', "msg_1")
        assert post.headers["host"] == receiver.host

    def test_the_same_host_on_another_port_is_not(self, receiver: Receiver) -> None:
        with pytest.raises(UrlRefused):
            OutboundClient(OutboundPolicy(["localhost:1"])).post(receiver.url, {}, b"{}")

    def test_redirects_are_not_followed(self, receiver: Receiver) -> None:
        receiver.status, receiver.headers = 302, {"location": f"http://{receiver.host}/elsewhere"}
        assert self.client(receiver).post(receiver.url, {}, b"{}").status == 302
        assert len(receiver.posts) == 1

    def test_an_answer_without_an_end_is_cut(self, receiver: Receiver) -> None:
        def flood(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.end_headers()
            while True:
                handler.wfile.write(b"x" * 65_536)

        receiver.behaviour = flood
        answer = self.client(receiver).post(receiver.url, {}, b"{}")
        assert (answer.status, len(answer.body)) == (200, MAX_BODY)

    def test_a_body_that_drips_ends_with_the_time(self, receiver: Receiver) -> None:
        stop = threading.Event()

        def drip(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.end_headers()
            while not stop.wait(0.05):
                handler.wfile.write(b"x")
                handler.wfile.flush()

        receiver.behaviour = drip
        began = time.monotonic()
        answer = self.client(receiver, seconds=0.5).post(receiver.url, {}, b"{}")
        stop.set()
        assert answer.status == 200
        assert time.monotonic() - began < 3

    def test_headers_that_drip_are_no_answer(self, receiver: Receiver) -> None:
        stop = threading.Event()

        def drip(handler: BaseHTTPRequestHandler) -> None:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            number = 0
            while not stop.wait(0.05):
                number += 1
                handler.wfile.write(f"X-{number}: y\r\n".encode())
                handler.wfile.flush()

        receiver.behaviour = drip
        began = time.monotonic()
        with pytest.raises(SendFailed) as failed:
            self.client(receiver, seconds=0.5).post(receiver.url, {}, b"{}")
        stop.set()
        assert failed.value.code == "send.timeout"
        assert time.monotonic() - began < 3

    def test_rubbish_instead_of_http_is_no_answer(self, receiver: Receiver) -> None:
        receiver.behaviour = lambda handler: handler.wfile.write(b"\x00\x01\x02 hello\r\n\r\n")
        with pytest.raises(SendFailed) as failed:
            self.client(receiver).post(receiver.url, {}, b"{}")
        assert failed.value.code == "send.broken"

    def test_nobody_there(self, receiver: Receiver) -> None:
        policy = OutboundPolicy(["localhost:9"])
        with pytest.raises(SendFailed) as failed:
            OutboundClient(policy, seconds=2).post("http://localhost:9/", {}, b"{}")
        assert failed.value.code == "send.refused"

    def test_a_certificate_that_does_not_fit_is_refused(self, receiver: Receiver) -> None:
        policy = OutboundPolicy([receiver.host])
        with pytest.raises(SendFailed) as failed:
            OutboundClient(policy, seconds=2).post(f"https://{receiver.host}/", {}, b"{}")
        assert failed.value.code in ("send.tls", "send.broken")
