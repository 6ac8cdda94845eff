"""What can be replayed, with which ids and times; what cannot is refused before anything is posted."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from ccmanage.core.clock import parse_rfc3339
from ccmanage.replay.anchors import remembered_anchor
from ccmanage.replay.files import CannotRead, Kind, Wishes, inspect, rows

TRACE = """TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:17:03.9799600,4808,10
2023-11-16 18:17:04.0319600,3180,8
2023-11-16 18:17:14.0781490,110,27
"""
ANCHOR = parse_rfc3339("2026-11-20T12:00:00Z")
CAPTURED = Path(__file__).parents[2] / "fixtures" / "clients" / "claude_code_2.1.330_transcript.jsonl"


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def events_of(path: Path, wishes: Wishes | None = None) -> list[dict[str, Any]]:
    return [row.event for row in rows(inspect(path), wishes or Wishes())]


def test_a_trace_ends_at_the_anchor_and_takes_models_and_keys_in_turn(tmp_path: Path) -> None:
    path = written(tmp_path / "trace.csv", TRACE)
    source = inspect(path)
    assert (source.kind, source.count) == (Kind.TRACE, 3)
    wishes = Wishes(keys=("ccm_one", "key_two"), models=("a", "b"), anchor_ms=ANCHOR)
    first, second, third = (row.event for row in rows(source, wishes))
    assert third["time"] == "2026-11-20T12:00:00.000Z"
    assert first["time"] == "2026-11-20T11:59:49.901Z"
    assert first["usage"] == {"input_tokens": 4808, "output_tokens": 10}
    assert [event["model"] for event in (first, second, third)] == ["a", "b", "a"]
    assert first["api_key"] == "ccm_one"
    assert second["key_id"] == "key_two"
    assert [row.offset_ms for row in rows(source, wishes)] == [0, 52, 10_099]


def test_ids_hang_on_content_anchor_and_row_alone(tmp_path: Path) -> None:
    plain = written(tmp_path / "trace.csv", TRACE)
    packed = tmp_path / "elsewhere.csv.gz"
    packed.write_bytes(gzip.compress(TRACE.encode()))
    wishes = Wishes(anchor_ms=ANCHOR)
    assert events_of(plain, wishes) == events_of(packed, wishes)
    ids = [event["id"] for event in events_of(plain, wishes)]
    assert len(set(ids)) == 3
    assert not set(ids) & {event["id"] for event in events_of(plain, Wishes(anchor_ms=ANCHOR + 1))}


def test_events_keep_their_ids_and_times_unless_an_anchor_is_given(tmp_path: Path) -> None:
    lines = [
        {"id": "a", "time": "2026-11-01T00:00:00Z", "model": "m", "usage": {}, "api_key": "ccm_own"},
        {"time": "2026-11-01T00:00:05Z", "usage": {"input_tokens": 1}},
    ]
    path = written(tmp_path / "events.jsonl", "\n".join(map(json.dumps, lines)) + "\n\n")
    first, second = events_of(path, Wishes(keys=("ccm_given",), models=("filled",)))
    assert first == lines[0]
    assert (second["model"], second["api_key"]) == ("filled", "ccm_given")
    assert second["id"] == events_of(path)[1]["id"]
    moved = events_of(path, Wishes(anchor_ms=ANCHOR))
    assert [event["time"] for event in moved] == ["2026-11-20T11:59:55.000Z", "2026-11-20T12:00:00.000Z"]
    assert moved[0]["id"] != "a"


def assistant(message: str, request: str, output: int, **changes: Any) -> str:
    record = {
        "type": "assistant",
        "timestamp": "2026-11-22T21:52:44.711Z",
        "sessionId": "s-1",
        "requestId": request,
        "cwd": "/srv/dev/atlas",
        "isSidechain": False,
        "message": {"id": message, "model": "claude-opus-5-5", "usage": {"input_tokens": 5, "output_tokens": output}},
    }
    return json.dumps({**record, **changes})


def test_an_answer_counts_once_with_its_complete_record(tmp_path: Path) -> None:
    lines = [
        assistant("msg_1", "req_1", 1),
        assistant("msg_1", "req_1", 90, timestamp="2026-11-22T21:52:46.000Z"),
        assistant("msg_1", "req_1", 40),
        assistant("msg_2", "req_2", 7),
    ]
    events = events_of(written(tmp_path / "t.jsonl", "\n".join(lines)))
    assert [event["usage"]["output_tokens"] for event in events] == [90, 7]
    assert events[0]["time"] == "2026-11-22T21:52:44.711Z"
    assert events[0]["id"] == "msg_1:req_1"
    assert (events[0]["project"], events[0]["session_id"]) == ("atlas", "s-1")


def test_a_side_conversation_does_not_repeat_what_the_main_one_paid(tmp_path: Path) -> None:
    lines = [
        assistant("msg_1", "req_side", 90, isSidechain=True),
        assistant("msg_1", "req_1", 90),
        assistant("msg_1", "req_other_side", 95, isSidechain=True),
        assistant("msg_2", "req_2", 3),
        assistant("msg_2", "req_3", 4),
    ]
    events = events_of(written(tmp_path / "t.jsonl", "\n".join(lines)))
    assert [(event["id"], event["usage"]["output_tokens"]) for event in events] == [
        ("msg_1:req_1", 90),
        ("msg_2:req_2", 3),
        ("msg_2:req_3", 4),
    ]


def test_lines_that_are_no_answers_are_passed_over(tmp_path: Path) -> None:
    lines = [
        '{"type": "user", "message": {"content": "secret words"}}',
        "{broken",
        assistant("", "req_1", 5),
        assistant("msg_1", "req_1", 5, type="progress"),
        assistant("msg_1", "req_1", 5).replace("claude-opus-5-5", "<synthetic>"),
        assistant("msg_9", "req_9", 5),
    ]
    events = events_of(written(tmp_path / "t.jsonl", "\n".join(lines)))
    assert [event["id"] for event in events] == ["msg_9:req_9"]
    assert "secret words" not in json.dumps(events)


def test_the_captured_transcript_becomes_one_event() -> None:
    (event,) = events_of(CAPTURED)
    assert event["usage"]["cache_creation"] == {"ephemeral_1h_input_tokens": 500, "ephemeral_5m_input_tokens": 1500}
    assert event["model"] == "claude-opus-5-5"


def test_a_folder_of_transcripts_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "projects" / "a").mkdir(parents=True)
    written(tmp_path / "projects" / "a" / "1.jsonl", assistant("msg_1", "req_1", 1))
    written(tmp_path / "projects" / "2.jsonl", assistant("msg_1", "req_1", 9) + "\n" + assistant("msg_2", "req_2", 2))
    assert sorted(event["usage"]["output_tokens"] for event in events_of(tmp_path)) == [2, 9]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("empty.csv", "", "neither"),
        ("other.csv", "a,b,c\n1,2,3\n", "neither"),
        ("broken.csv", TRACE + "2023-11-16 18:17:03,many,10\n", "broken.csv:5"),
        ("short.csv", TRACE + "2023-11-16 18:17:03\n", "short.csv:5"),
        ("head.csv", TRACE.splitlines()[0] + "\n", "no events"),
        ("zone.jsonl", '{"time": "2026-11-01T00:00:00", "usage": {}}', "zone.jsonl:1"),
        ("later.jsonl", '{"time": "2026-11-01T00:00:00Z", "usage": {}}\n{"usage": {}}', "later.jsonl:2"),
        ("list.jsonl", "[1, 2]", "neither"),
        ("chat.jsonl", '{"type": "user"}', "no events"),
        ("fake.csv.gz", "not packed", "fake.csv.gz"),
    ],
)
def test_what_cannot_be_replayed_is_refused_with_its_place(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(CannotRead, match=says):
        inspect(written(tmp_path / name, text))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotRead, match=r"No such file"):
        inspect(tmp_path / "absent.csv")
    with pytest.raises(CannotRead, match=r"no \.jsonl"):
        inspect(tmp_path)


def test_an_anchor_is_remembered_for_each_file_and_server(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    assert remembered_anchor(folder, "f1", "http://a/", None, 100) == 100
    assert remembered_anchor(folder, "f1", "http://a", None, 200) == 100
    assert remembered_anchor(folder, "f2", "http://a", None, 300) == 300
    assert remembered_anchor(folder, "f1", "http://b", None, 400) == 400
    assert remembered_anchor(folder, "f1", "http://a", 50, 500) == 50
    assert remembered_anchor(folder, "f1", "http://a", None, 600) == 50
