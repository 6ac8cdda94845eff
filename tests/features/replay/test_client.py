"""Posting goes on through everything that passes, stops at what does not, and adds up what became of the events."""

import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ccmanage.replay.client import GatewayClient, Refused, ServerAway
from ccmanage.replay.files import Row
from ccmanage.replay.run import replay

CUT = 0


@dataclass
class Script:
    """What a server does: a status for each of the next requests (0 cuts the connection), then all is well."""

    troubles: list[int] = field(default_factory=list)
    posts: list[list[dict[str, Any]]] = field(default_factory=list)
    pending_for: int = 0
    url: str = ""
    seen: dict[str, str] = field(default_factory=dict)


class Listener(ThreadingHTTPServer):
    """A server that follows a script."""

    script: Script


class Handler(BaseHTTPRequestHandler):
    """Answers as ccmanage does, or as the script wants."""

    server: Listener

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        script, body = self.server.script, self.rfile.read(int(self.headers["Content-Length"]))
        if self._trouble():
            return
        script.seen = dict(self.headers)
        events = json.loads(gzip.decompress(body))
        script.posts.append(events)
        bad = [{"index": 0, "id": "x", "code": "event.bad", "detail": ""}] if events[0].get("bad") else []
        count = len(events)
        receipt = {"batch_id": f"bat_{len(script.posts) - 1}", "received": count, "accepted": count - len(bad)}
        self._answer(202, {**receipt, "rejected": bad})

    def do_GET(self) -> None:
        script = self.server.script
        if self._trouble():
            return
        if script.pending_for:
            script.pending_for -= 1
            self._answer(200, {"status": "pending"})
            return
        count = len(script.posts[int(self.path.rpartition("_")[2])])
        zero = dict.fromkeys(("duplicates", "conflicts", "quarantined", "unpriced"), 0)
        self._answer(200, {"status": "settled", "inserted": count, **zero, "credits": "0.5"})

    def _trouble(self) -> bool:
        if not self.server.script.troubles:
            return False
        status = self.server.script.troubles.pop(0)
        if status == CUT:
            self.close_connection = True
            self.connection.close()
        else:
            self._answer(status, {"detail": "Not now."}, {"Retry-After": "0"})
        return True

    def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(raw))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)


@pytest.fixture
def server() -> Iterator[Script]:
    listener = Listener(("127.0.0.1", 0), Handler)
    script = listener.script = Script()
    script.url = f"http://127.0.0.1:{listener.server_port}"
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield script
    listener.shutdown()
    listener.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Do not wait; remember how long one would have."""
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    return pauses


def some_rows(count: int, gap_ms: int = 0, **more: Any) -> list[Row]:
    return [Row(number * gap_ms, {"id": str(number), **more}) for number in range(count)]


def test_rows_go_out_in_batches_of_a_thousand(server: Script) -> None:
    steps: list[int] = []
    with GatewayClient(server.url, "ccg_token") as client:
        summary = replay(some_rows(2_500), client, on_progress=steps.append)
    assert [len(post) for post in server.posts] == [1_000, 1_000, 500]
    assert steps == [1_000, 1_000, 500]
    assert (summary.received, summary.accepted, summary.outcomes["inserted"]) == (2_500, 2_500, 2_500)
    assert summary.credits_nano == 1_500_000_000
    assert server.seen["Authorization"] == "Bearer ccg_token"
    assert server.seen["Content-Encoding"] == "gzip"


def test_a_post_stays_below_the_limit_in_bytes(server: Script) -> None:
    with GatewayClient(server.url, "t") as client:
        replay(some_rows(30, filler="x" * 500_000), client)
    assert [len(post) for post in server.posts] == [12, 12, 6]


def test_what_passes_is_tried_again(server: Script, no_pauses: list[float]) -> None:
    server.troubles = [503, 429, CUT, 502, 504]
    reasons: list[str] = []
    with GatewayClient(server.url, "t", on_wait=reasons.append) as client:
        summary = replay(some_rows(3), client)
    assert summary.outcomes["inserted"] == 3
    assert len(server.posts) == 1
    assert len(reasons) == 5
    assert reasons[0] == "HTTP 503"
    assert no_pauses == sorted(no_pauses) or max(no_pauses) > min(no_pauses)


@pytest.mark.parametrize("status", [400, 401, 403, 413, 415])
def test_what_does_not_pass_is_not_tried_again(server: Script, status: int) -> None:
    server.troubles = [status]
    with GatewayClient(server.url, "t") as client, pytest.raises(Refused, match=rf"HTTP {status}: Not now\."):
        replay(some_rows(1), client)
    assert server.posts == []


def test_patience_ends(server: Script) -> None:
    server.troubles = [503] * 100
    with (
        GatewayClient(server.url, "t", patience_seconds=0.0) as client,
        pytest.raises(ServerAway, match="HTTP 503"),
    ):
        replay(some_rows(1), client)


def test_a_wrong_address_is_refused() -> None:
    with GatewayClient("ftp://nowhere", "t") as client, pytest.raises(Refused):
        client.batch("bat_1")


def test_rejections_are_counted_by_code(server: Script) -> None:
    with GatewayClient(server.url, "t") as client:
        summary = replay(some_rows(2, bad=True), client)
    assert summary.accepted == 1
    assert summary.rejections == {"event.bad": 1}


def test_it_waits_for_settlement_but_not_for_ever(server: Script) -> None:
    server.pending_for = 3
    with GatewayClient(server.url, "t") as client:
        assert replay(some_rows(1), client).pending == 0
        server.pending_for = 10**6
        assert replay(some_rows(1), client, settle_seconds=0.0).pending == 1


def test_a_pace_splits_posts_by_the_time_between_rows(server: Script, no_pauses: list[float]) -> None:
    with GatewayClient(server.url, "t") as client:
        replay(some_rows(10, gap_ms=1_000), client, speed=2.0)
    # At twice the pace a post holds what falls due within a second: two seconds of the trace.
    assert [len(post) for post in server.posts] == [3, 3, 3, 1]
    assert max(no_pauses) > 4.0
