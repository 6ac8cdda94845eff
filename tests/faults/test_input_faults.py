"""Bodies and numbers that no gateway should send (rows 48 to 51)."""

from __future__ import annotations

import gzip
import json
import socket
from typing import Any

import pytest

from ccmanage.core.clock import DAY, SystemClock, to_rfc3339
from support.stack import Stack, Tenant
from support.stack_admin import Admin
from support.stack_posts import Answer, Event, send, send_post
from support.stack_posts import post_of as post

pytestmark = [pytest.mark.faults, pytest.mark.mysql, pytest.mark.redis]

JSON = "application/json"
DEEP = b"[" * 100_000 + b"]" * 100_000
MEBIBYTE = 1 << 20
MOST_MEMORY_MIB = 80


def event(tenant: Tenant, **changes: Any) -> Event:
    base = {
        "id": "msg_1",
        "time": to_rfc3339(SystemClock().now_ms()),
        "api_key": tenant.keys[0],
        "model": "claude-sonnet-4-5",
        "usage": {"input_tokens": 1_000, "output_tokens": 100},
    }
    return {**base, **changes}


def send_raw(stack: Stack, tenant: Tenant, body: bytes, content_type: str = JSON, encoding: str = "") -> Answer:
    headers = {"Authorization": f"Bearer {tenant.token}", "Content-Type": content_type}
    if encoding:
        headers["Content-Encoding"] = encoding
    return send(stack.apis[0].port, "/v1/events", body, headers)


WHOLE: list[tuple[str, bytes, str, str, int]] = [
    ("broken", b'[{"id": ', JSON, "", 400),
    ("empty", b"", JSON, "", 400),
    ("trailing", b"[] x", JSON, "", 400),
    ("deep", DEEP, JSON, "", 400),
    ("deep in an event", b'[{"usage":' + DEEP + b"}]", JSON, "", 400),
    ("deep line", DEEP, "application/x-ndjson", "", 400),
    ("not utf-8", b'{"id": "\xff\xfe"}', JSON, "", 400),
    ("utf-16", "[]".encode("utf-16"), JSON, "", 400),
    ("lone surrogate", b'{"id": "\\ud800"}', JSON, "", 400),
    ("nan", b'{"usage": {"input_tokens": NaN}}', JSON, "", 400),
    ("infinity", b'{"usage": {"input_tokens": -Infinity}}', JSON, "", 400),
    ("text", b"[]", "text/plain", "", 415),
    ("form", b"a=b", "application/x-www-form-urlencoded", "", 415),
    ("no type", b"[]", "", "", 415),
    ("latin-1", b"[]", "application/json; charset=latin-1", "", 415),
    ("brotli", b"[]", JSON, "br", 415),
    ("no gzip", b"[]", JSON, "gzip", 400),
    ("half a gzip", gzip.compress(b"[]" * 100)[:-9], JSON, "gzip", 400),
    ("bomb", gzip.compress(b" " * (50 * MEBIBYTE)), JSON, "gzip", 413),
    ("bomb in a bomb", gzip.compress(gzip.compress(b" " * (50 * MEBIBYTE))), JSON, "gzip", 400),
    ("large", b" " * (9 * MEBIBYTE), JSON, "", 413),
]


@pytest.fixture(scope="module")
def quiet_tenant(running_stack: Stack) -> Tenant:
    return running_stack.tenant()


def test_row_48_bodies_that_are_none_are_refused_whole(stack: Stack, quiet_tenant: Tenant) -> None:
    before = stack.apis[0].rss_mib()
    for name, body, content_type, encoding, status in WHOLE:
        answer = send_raw(stack, quiet_tenant, body, content_type, encoding)
        assert answer.status == status, (name, answer)
        problem = answer.json
        assert problem["status"] == status, name
        assert problem["code"], name
        assert "Traceback" not in answer.body.decode(), name
    gateway = quiet_tenant.gateway_id
    assert stack.scalar(f"SELECT COUNT(*) FROM inbox_batches WHERE gateway_id = {gateway}") == 0
    assert stack.apis[0].rss_mib() - before < MOST_MEMORY_MIB


def test_row_48_fifty_mebibytes_are_not_read_to_their_end(stack: Stack, quiet_tenant: Tenant) -> None:
    before = stack.apis[0].rss_mib()
    answer = send_raw(stack, quiet_tenant, b" " * (50 * MEBIBYTE))
    assert answer.status in (413, 0), answer  # the connection may be cut while we still write
    assert stack.apis[0].rss_mib() - before < MOST_MEMORY_MIB


def test_row_48_a_body_that_ends_too_early_stores_nothing(stack: Stack, quiet_tenant: Tenant) -> None:
    body = json.dumps([event(quiet_tenant)]).encode()
    head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {quiet_tenant.token}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body) + 1}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", stack.apis[0].port)) as peer:
        peer.sendall(head.encode() + body)
    with socket.create_connection(("127.0.0.1", stack.apis[0].port)) as peer:
        chunked = head.replace(f"Content-Length: {len(body) + 1}", "Transfer-Encoding: chunked")
        peer.sendall(chunked.encode() + b"%x\r\n" % len(body) + body)
    assert send_raw(stack, quiet_tenant, b"[]").status == 202
    gateway = quiet_tenant.gateway_id
    assert stack.scalar(f"SELECT SUM(received) FROM inbox_batches WHERE gateway_id = {gateway}") == 0


def test_row_48_duplicate_members_and_nul_bytes(stack: Stack, tenant: Tenant) -> None:
    """Of members that come twice the last one holds; a NUL in an id is an item's fault."""
    body = json.dumps(event(tenant)).replace('"id": "msg_1"', '"id": "first", "id": "last"')
    assert send_raw(stack, tenant, body.encode()).json["accepted"] == 1
    assert send_raw(stack, tenant, json.dumps(event(tenant, id="a\0b")).encode()).json["rejected"][0]["code"] == (
        "event.id_invalid"
    )
    stack.settled()
    rows = stack.rows(f"SELECT event_id FROM events WHERE gateway_id = {tenant.gateway_id}")
    assert [bytes(row["event_id"]) for row in rows] == [b"last"]


COUNTS: list[tuple[str, str]] = [
    ("-1", "event.tokens_negative"),
    ("1000000001", "event.tokens_too_large"),
    ("9223372036854775808", "event.tokens_too_large"),
    ("1e400", "event.tokens_too_large"),
    ("1e3", "event.tokens_invalid"),
    ("1.0", "event.tokens_invalid"),
    ("true", "event.tokens_invalid"),
    ('"5"', "event.tokens_invalid"),
    ("[]", "event.tokens_invalid"),
]


def test_row_49_counts_that_are_none(stack: Stack, tenant: Tenant) -> None:
    """Each is rejected alone, in every class of tokens, and a healthy event beside them is charged."""
    healthy = json.dumps(event(tenant, id="healthy"))
    for name in ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"):
        bad = [
            json.dumps(event(tenant, id=f"{name}{place}", usage={name: "COUNT"})).replace('"COUNT"', count)
            for place, (count, _code) in enumerate(COUNTS)
        ]
        answer = send_raw(stack, tenant, f"[{','.join([*bad, healthy])}]".encode())
        assert answer.status == 202, answer
        codes = [item["code"] for item in answer.json["rejected"]]
        assert codes == [code for _count, code in COUNTS], name
    stack.settled()
    assert stack.spent(tenant.workspaces) == 4_500_000


def test_row_50_the_dearest_events_never_leave_the_range_of_exact_numbers(stack: Stack, tenant: Tenant) -> None:
    """The largest count at the largest price is refused; at the bound of one event, balances stop at theirs."""
    Admin.of(stack).price("fault-50-dear", "1000000", "0", effective_from=SystemClock().now_ms() - DAY)
    dearest = [
        event(tenant, id=f"d{number}", model="fault-50-dear", usage={"input_tokens": 10**9}) for number in (1, 2)
    ]
    answer = send_post(stack.apis[0].port, tenant.token, post(*dearest), query="?wait=20")
    assert [item["code"] for item in answer.json["items"]] == ["event.cost_out_of_range"] * 2
    # A million tokens cost a million credits: the most that one event may cost.
    charged = 0
    for round_ in range(5):
        events = [
            event(tenant, id=f"e{round_}-{number}", model="fault-50-dear", usage={"input_tokens": 10**6})
            for number in range(1_000)
        ]
        answer = send_post(stack.apis[0].port, tenant.token, post(*events), query="?wait=20")
        assert answer.status == 200, answer
        charged += sum(item["outcome"] == "inserted" for item in answer.json["items"])
        refused = {item["code"] for item in answer.json["items"] if item["outcome"] == "quarantined"}
        assert refused <= {"credits.balance_out_of_range"}
    assert 3_000 <= charged <= 4_000
    assert refused == {"credits.balance_out_of_range"}
    assert stack.spent(tenant.workspaces) == charged * 10**15


def test_row_51_a_thousand_and_one_more(stack: Stack, tenant: Tenant) -> None:
    events = [event(tenant, id=f"msg_{number}") for number in range(1_001)]
    events[500]["usage"] = {"input_tokens": -1}
    refused = send_post(stack.apis[0].port, tenant.token, post(*events))
    assert (refused.status, refused.json["code"]) == (413, "body.too_many_events")
    assert stack.scalar(f"SELECT COUNT(*) FROM inbox_batches WHERE gateway_id = {tenant.gateway_id}") == 0
    taken = send_post(stack.apis[0].port, tenant.token, post(*events[:1_000]))
    assert (taken.status, taken.json["accepted"], len(taken.json["rejected"])) == (202, 999, 1)
    assert taken.seconds < 2.0
    stack.settled()
    assert stack.spent(tenant.workspaces) == 999 * 4_500_000
    settlements = f"SELECT COUNT(DISTINCT settlement_id) FROM events WHERE gateway_id = {tenant.gateway_id}"
    assert stack.scalar(settlements) == 1
