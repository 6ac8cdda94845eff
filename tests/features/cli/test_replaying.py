"""`replay` posts through the real ingress; a second time changes nothing; what is wrong is said in one line."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ccmanage.core.clock import to_rfc3339
from support.gateway import COST, Gateway
from support.world import World

if TYPE_CHECKING:
    from conftest import Cli

TRACE = "TIMESTAMP,ContextTokens,GeneratedTokens\n" + "".join(
    f"2023-11-16 18:17:{second:02d}.0319600,1000,100\n" for second in range(40)
)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "trace.csv"
    path.write_text(TRACE)
    return path


@pytest.fixture
def given(cli: "Cli", served: str, world: World) -> dict[str, str]:
    """The environment of a replay: a gateway's token and a key."""
    gateway = Gateway.of(world)
    return {"CCMANAGE_GATEWAY_TOKEN": gateway.token, "CCMANAGE_API_KEYS": gateway.api_key}


def test_a_second_replay_changes_nothing(
    cli: "Cli", served: str, trace: Path, given: dict[str, str], world: World
) -> None:
    def replayed() -> Any:
        done = cli("replay", str(trace), "--url", served, "--json", **given)
        assert done.code == 0, done.err
        return done.json

    first, second = replayed(), replayed()
    assert (first["received"], first["inserted"]) == (40, 40)
    assert first["credits"] == str(40 * COST / 10**9)
    assert (second["inserted"], second["duplicates"], second["credits"]) == (0, 40, "0")
    assert second["anchor"] == first["anchor"]
    assert world.count("events") == 40


def test_it_tells_people_what_became_of_the_rows(cli: "Cli", served: str, trace: Path, given: dict[str, str]) -> None:
    done = cli("replay", str(trace), "--url", served, "--model", "claude-haiku-5-5", "--speed", "1000", **given)
    assert done.code == 0, done.err
    assert "trace: 40 events posted, the last at " in done.out
    assert "inserted" in done.out
    assert "charged 0." in done.out


def test_conflicts_and_rejections_are_shown(
    cli: "Cli", served: str, given: dict[str, str], tmp_path: Path, world: World
) -> None:
    at = to_rfc3339(world.clock.now - 1_000)
    event = {"id": "e1", "time": at, "model": "claude-sonnet-4-5", "usage": {"input_tokens": 5}}
    lines = [event, {**event, "usage": {"input_tokens": 6}}, {**event, "id": "e2", "usage": {"input_tokens": -1}}]
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    done = cli("replay", str(path), "--url", served, **given)
    assert done.code == 1
    assert "event.tokens_negative" in done.out
    again = cli("replay", str(path), "--url", served, "--json", **given).json
    assert (again["accepted"], again["duplicates"], again["conflicts"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("options", "more", "says"),
    [
        (["--anchor", "soon"], {}, "--anchor"),
        ([], {"CCMANAGE_API_KEYS": ""}, "--key"),
        ([], {"CCMANAGE_GATEWAY_TOKEN": "ccg_wrong"}, "HTTP 401"),
        ([], {"CCMANAGE_GATEWAY_TOKEN": ""}, "CCMANAGE_GATEWAY_TOKEN"),
        (["--speed", "0"], {}, "--speed"),
        (["--url", "ftp://nowhere"], {}, "ftp"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_stored(
    cli: "Cli",
    served: str,
    trace: Path,
    given: dict[str, str],
    world: World,
    options: list[str],
    more: dict[str, str],
    says: str,
) -> None:
    done = cli("replay", str(trace), "--url", served, *options, **{**given, **more})
    assert done.code == 2
    assert says in done.err
    assert world.count("inbox_batches") == 0


def test_a_file_that_is_none_of_the_kinds_is_refused(
    cli: "Cli", served: str, given: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "poem.txt"
    path.write_text("Roses are red")
    done = cli("replay", str(path), "--url", served, **given)
    assert done.code == 2
    assert "poem.txt" in done.err
    assert done.err.count("\n") == 1
