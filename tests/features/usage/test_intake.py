"""What a post may hold: every form of the contract, and every way to get it wrong."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from api.ingress.bodies import decode_body, read_post
from ccmanage.core.clock import DAY, MINUTE, parse_rfc3339, to_rfc3339
from ccmanage.usage.errors import BodyTooLarge, MalformedPost, TooManyEvents, UnsupportedBody
from ccmanage.usage.intake import Post, Rules
from ccmanage.usage.records import decode_payload, encode_payload, join_ids, split_ids

NOW = parse_rfc3339("2026-11-23T07:00:00Z")
RULES = Rules(NOW, 90, lambda secret: secret.encode().ljust(32, b"\0")[:32])
JSON = "application/json"


def event(**changes: Any) -> dict[str, Any]:
    base = {
        "id": "msg_1",
        "time": "2026-11-23T06:59:00.123Z",
        "api_key": "ccm_x",
        "model": "claude-sonnet-4-5",
        "usage": {"input_tokens": 10, "output_tokens": 5},
    }
    return {**base, **changes}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in event().items() if key != name}


def usage(**counts: Any) -> dict[str, Any]:
    return event(usage=counts)


def read(data: Any, kind: str = JSON) -> Post:
    return read_post(data if isinstance(data, bytes) else json.dumps(data).encode(), kind, RULES)


def record(post: Post) -> Any:
    return decode_payload(encode_payload(post.records))[0]


def test_the_contracts_example_is_read_whole() -> None:
    post = read(
        {
            "id": "msg_01ABC",
            "time": "2026-11-22T10:00:00.123Z",
            "api_key": "ccm_x",
            "model": "claude-sonnet-4-5",
            "usage": {
                "input_tokens": 1200,
                "output_tokens": 340,
                "cache_read_input_tokens": 52000,
                "cache_creation_input_tokens": 900,
                "cache_creation": {"ephemeral_5m_input_tokens": 900, "ephemeral_1h_input_tokens": 0},
                "server_tool_use": {"web_search_requests": 1},
                "service_tier": "standard",
            },
            "status": "ok",
            "hold_id": None,
            "session_id": None,
            "project": None,
            "metadata": {},
        }
    )
    found = record(post).identity
    assert post.rejections == []
    assert found.at == parse_rfc3339("2026-11-22T10:00:00.123Z")
    counts = (found.input, found.output, found.cache_read, found.cache_write_5m, found.cache_write_1h)
    assert counts == (1200, 340, 52000, 900, 0)
    assert (found.web_searches, found.tier, found.is_error) == (1, 0, 0)


def cloud(data: Any, **envelope: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": "msg_1", "source": "/gw", "type": "ccmanage.usage.v1", "data": data, **envelope}


@pytest.mark.parametrize(
    ("kind", "body", "count"),
    [
        (JSON, json.dumps(event()).encode(), 1),
        ("application/json; charset=utf-8", json.dumps([event(), event(id="b")]).encode(), 2),
        ("APPLICATION/JSON", b"  [ ] ", 0),
        ("application/x-ndjson", b"\n".join(json.dumps(event(id=i)).encode() for i in "abc") + b"\n\n", 3),
        ("application/cloudevents+json", json.dumps(cloud(without("id"))).encode(), 1),
        ("application/cloudevents-batch+json", json.dumps([cloud(event()), cloud(event())]).encode(), 2),
    ],
)
def test_every_form_of_the_contract_is_read(kind: str, body: bytes, count: int) -> None:
    post = read(body, kind)
    assert (post.received, len(post.records), post.rejections) == (count, count, [])


def test_an_envelope_gives_what_the_event_lacks() -> None:
    data = {key: value for key, value in event().items() if key not in ("id", "time")}
    post = read(cloud(data, id="outer", time="2026-11-23T06:00:00Z"), "application/cloudevents+json")
    found = record(post).identity
    assert (found.id, to_rfc3339(found.at)) == ("outer", "2026-11-23T06:00:00.000Z")


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        (cloud(event(), id="other"), "cloudevent.id_mismatch"),
        (cloud(event(), time="2026-11-23T06:00:00Z"), "cloudevent.time_mismatch"),
        (cloud(event(), specversion="0.3"), "cloudevent.specversion"),
        (cloud(event(), source=""), "cloudevent.source_missing"),
        (cloud(event(), type=None), "cloudevent.type_missing"),
        (cloud("text"), "cloudevent.data_missing"),
        (cloud(event(), datacontenttype="text/xml"), "cloudevent.data_type"),
        ([], "cloudevent.specversion"),
    ],
)
def test_envelopes_that_are_none(envelope: Any, code: str) -> None:
    post = read(json.dumps([envelope, cloud(event())]).encode(), "application/cloudevents-batch+json")
    assert [item.code for item in post.rejections] == [code]
    assert len(post.records) == 1


REJECTED: list[tuple[Any, str]] = [
    ("text", "event.not_an_object"),
    (5, "event.not_an_object"),
    ([event()], "event.not_an_object"),
    (without("id"), "event.id_missing"),
    (event(id=None), "event.id_missing"),
    (event(id=""), "event.id_invalid"),
    (event(id=7), "event.id_invalid"),
    (event(id="a\u0000b"), "event.id_invalid"),
    (event(id="a\nb"), "event.id_invalid"),
    (event(id="x" * 201), "event.id_invalid"),
    (event(id="é" * 101), "event.id_invalid"),
    (without("time"), "event.time_missing"),
    (event(time="yesterday"), "event.time_invalid"),
    (event(time=1763881200), "event.time_invalid"),
    (event(time="2026-11-23T06:59:00"), "event.time_without_zone"),
    (event(time=to_rfc3339(NOW + 6 * MINUTE)), "event.time_in_future"),
    (event(time=to_rfc3339(NOW - 91 * DAY)), "event.time_too_old"),
    (without("model"), "event.model_missing"),
    (event(model=""), "event.model_invalid"),
    (event(model="x" * 201), "event.model_invalid"),
    (event(model="a\tb"), "event.model_invalid"),
    (without("usage"), "event.usage_missing"),
    (event(usage=[]), "event.field_invalid"),
    (usage(input_tokens=-1), "event.tokens_negative"),
    (usage(input_tokens=10**9 + 1), "event.tokens_too_large"),
    (usage(input_tokens=2**63), "event.tokens_too_large"),
    (usage(input_tokens=10**400), "event.tokens_too_large"),
    (usage(input_tokens=1.5), "event.tokens_invalid"),
    (usage(input_tokens=1.0), "event.tokens_invalid"),
    (usage(input_tokens="5"), "event.tokens_invalid"),
    (usage(input_tokens=True), "event.tokens_invalid"),
    (usage(server_tool_use={"web_search_requests": -1}), "event.tokens_negative"),
    (
        usage(cache_creation_input_tokens=5, cache_creation={"ephemeral_5m_input_tokens": 6}),
        "event.cache_split_exceeds_total",
    ),
    (without("api_key"), "event.key_missing"),
    (event(key_id="key_00000000000000000000000000"), "event.key_ambiguous"),
    ({**without("api_key"), "key_id": "ws_1"}, "event.key_invalid"),
    (event(status="maybe"), "event.status_invalid"),
    (event(hold_id="nonsense"), "event.hold_invalid"),
    (event(project="x" * 201), "event.field_invalid"),
    (event(project="a\nb"), "event.label_invalid"),
    (event(metadata="text"), "event.field_invalid"),
]


@pytest.mark.parametrize(("bad", "code"), REJECTED, ids=lambda value: value if isinstance(value, str) else "")
def test_a_bad_item_is_told_and_its_neighbours_are_kept(bad: Any, code: str) -> None:
    post = read([event(id="before"), bad, event(id="after")])
    [rejection] = post.rejections
    assert (rejection.index, rejection.code) == (1, code)
    assert rejection.detail.endswith(".")
    assert [decoded.identity.id for decoded in decode_payload(encode_payload(post.records))] == ["before", "after"]
    assert len(split_ids(join_ids(post.ids))) == 3


@pytest.mark.parametrize(("bad", "code"), [pair for pair in REJECTED if isinstance(pair[0], dict)])
def test_a_single_bad_object_is_a_post_with_nothing_accepted(bad: Any, code: str) -> None:
    post = read(bad)
    assert ([item.code for item in post.rejections], post.records) == ([code], [])


MALFORMED: list[bytes] = [
    b"",
    b"{",
    b'[{"id":1},',
    b"nonsense",
    b'{"id": NaN}',
    b'{"usage": {"input_tokens": Infinity}}',
    b'{"usage": {"input_tokens": 1}} trailing',
    b"[" * 100_000,
    b"[" + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"]",
    b'{"id": "\xff"}',
    b'{"id": "\\ud800"}',
    b'[{"id": "\\udc00\\ud800"}]',
    json.dumps(event()).encode("utf-16"),
    b"\xef\xbb\xbf{}",
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
@pytest.mark.parametrize("kind", [JSON, "application/x-ndjson", "application/cloudevents-batch+json"])
def test_what_cannot_be_decoded_is_refused_whole(body: bytes, kind: str) -> None:
    if kind == "application/x-ndjson" and not body.strip():
        assert read(body, kind).received == 0
        return
    with pytest.raises(MalformedPost):
        read(body, kind)


def test_numbers_that_no_float_holds_are_an_items_fault() -> None:
    post = read(b'[{"id":"a","time":"2026-11-23T06:59:00Z","model":"m","api_key":"k","usage":{"input_tokens":1e400}}]')
    assert [item.code for item in post.rejections] == ["event.tokens_too_large"]


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        (JSON, lambda n: json.dumps([event(id=str(i)) for i in range(n)]).encode()),
        ("application/x-ndjson", lambda n: b"\n".join([json.dumps(event()).encode()] * n)),
        ("application/cloudevents-batch+json", lambda n: json.dumps([cloud(event())] * n).encode()),
    ],
)
def test_a_thousand_items_are_taken_and_one_more_is_not(kind: str, make: Callable[[int], bytes]) -> None:
    assert read(make(1_000), kind).received == 1_000
    with pytest.raises(TooManyEvents):
        read(make(1_001), kind)


@pytest.mark.parametrize("kind", ["", "text/plain", "application/xml", "application/json; charset=utf-16"])
def test_other_content_types_are_refused(kind: str) -> None:
    with pytest.raises(UnsupportedBody):
        read(event(), kind)


def test_duplicate_members_take_the_last() -> None:
    body = json.dumps(event()).replace('"model"', '"model": "first", "model"').encode()
    assert record(read(body)).identity.model == "claude-sonnet-4-5"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"cache_creation_input_tokens": 900}, (900, 0)),
        ({"cache_creation": {"ephemeral_1h_input_tokens": 7}}, (0, 7)),
        (
            {
                "cache_creation_input_tokens": 10,
                "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 3},
            },
            (7, 3),
        ),
        ({}, (0, 0)),
        ({"cache_creation": None, "cache_creation_input_tokens": None}, (0, 0)),
    ],
)
def test_cache_writes_without_a_split_are_for_five_minutes(given: dict[str, Any], expected: tuple[int, int]) -> None:
    found = record(read(event(usage=given))).identity
    assert (found.cache_write_5m, found.cache_write_1h) == expected


def test_unknown_members_are_dropped_and_unknown_usage_is_kept() -> None:
    post = read(
        {
            **event(messages=[{"role": "user", "content": "secret text"}], metadata={"team": "a", "prompt": "secret"}),
            "usage": {"input_tokens": 1, "iterations": [{"n": 1}], "output_tokens_details": {"thinking_tokens": 3}},
        }
    )
    extra = json.loads(record(post).extra)
    assert extra == {"team": "a", "thinking_tokens": 3, "usage": {"iterations": [{"n": 1}]}}
    assert b"secret" not in encode_payload(post.records)


def test_oversized_extras_cannot_fill_the_disk() -> None:
    post = read(event(usage={f"field{i}": "x" * 200 for i in range(200)}))
    assert post.rejections == []
    assert len(record(post).extra) <= 2_048


def test_no_key_and_no_content_reaches_the_quarantine() -> None:
    bad = {**event(usage={"input_tokens": -1}), "api_key": "ccm_secretsecret", "messages": ["secret text"]}
    [rejection] = read(bad).rejections
    assert b"secret" not in rejection.body
    assert json.loads(rejection.body)["id"] == "msg_1"


def test_the_hash_is_of_the_normalised_event() -> None:
    def hash_of(**changes: Any) -> bytes:
        return read(event(**changes)).records[0].hash

    assert hash_of() == hash_of(time="2026-11-23T07:59:00.123+01:00", metadata={"a": 1}, project="p")
    assert hash_of() == hash_of(usage={"output_tokens": 5, "input_tokens": 10, "service_tier": "standard"})
    changes: list[dict[str, Any]] = [
        {"time": "2026-11-23T06:59:00.124Z"},
        {"api_key": "ccm_y"},
        {"model": "claude-opus-5-5"},
        {"status": "error"},
        {"usage": {"input_tokens": 10, "output_tokens": 5, "service_tier": "batch"}},
        {"usage": {"input_tokens": 10, "output_tokens": 5, "speed": "fast"}},
        {"usage": {"input_tokens": 10, "output_tokens": 5, "inference_geo": "us"}},
        {"usage": {"input_tokens": 11, "output_tokens": 5}},
        {"hold_id": "hld_00000000000000000000000001"},
    ]
    assert len({hash_of(), *(hash_of(**change) for change in changes)}) == len(changes) + 1


def test_gzip_is_undone() -> None:
    data = b"a" * 100
    assert decode_body(gzip.compress(data), "gzip") == data
    assert decode_body(gzip.compress(b"a") + gzip.compress(b"b"), "gzip") == b"ab"
    assert decode_body(data, "identity") == data


def test_a_gzip_bomb_stops_at_the_limit() -> None:
    with pytest.raises(BodyTooLarge):
        decode_body(gzip.compress(b"\0" * (9 << 20)), "gzip")
    with pytest.raises(BodyTooLarge):
        decode_body(gzip.compress(b"\0" * (5 << 20)) * 2, "gzip")


@pytest.mark.parametrize("data", [b"nonsense", gzip.compress(b"abc", mtime=0)[:-4], gzip.compress(b"abc", mtime=0)[:5]])
def test_broken_gzip_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedPost):
        decode_body(data, "gzip")


def test_other_encodings_are_refused() -> None:
    with pytest.raises(UnsupportedBody):
        decode_body(b"", "br")
