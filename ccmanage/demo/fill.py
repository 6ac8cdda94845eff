"""Plays the story through the ingress over HTTP, a day at a time; goes on where an interrupted start left off."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ccmanage.bootstrap import Runtime
from ccmanage.core.errors import NotFound
from ccmanage.core.ids import GATEWAY, decode_id
from ccmanage.core.sql import chunks
from ccmanage.demo.stage import is_empty, set_stage
from ccmanage.demo.story import events_by_day
from ccmanage.replay.client import GatewayClient
from ccmanage.replay.files import Wishes, inspect, rows
from ccmanage.replay.run import BATCH_EVENTS

TRACE = Path(__file__).with_name("azure_llm_inference_trace_code_2023.csv.gz")
_SETTLE_SECONDS = 10


@dataclass(slots=True)
class Demo:
    """What is remembered of a demo: where its month ends, what it posts with, whether it was played to the end."""

    anchor_ms: int
    gateway_id: str
    key_ids: dict[str, str]
    done: bool = False


def begin(runtime: Runtime) -> tuple[Demo, str] | None:
    """Return the demo to play and the token for it: a new one in an empty database, or one left unfinished."""
    path = _memory(runtime)
    if is_empty(runtime):
        stage = set_stage(runtime)
        demo = Demo(runtime.clock.now_ms(), stage.gateway_id, stage.key_ids)
        _remember(path, demo)
        return demo, stage.token
    if not path.exists():
        return None
    demo = Demo(**json.loads(path.read_text(encoding="utf-8")))
    if demo.done:
        return None
    try:
        public_id = decode_id(GATEWAY, demo.gateway_id)
        # Tokens are shown once and kept by nobody: the rest is posted with a new one.
        issued = runtime.run(lambda scope: scope.gateways.rotate(public_id, 0))
    except NotFound:
        return None  # the memory is of another database
    return demo, issued.token


def play(client: GatewayClient, days: Sequence[Sequence[dict[str, Any]]], on_progress: Callable[[int], None]) -> None:
    """Post the story. What was posted before is a duplicate and changes nothing."""
    for day in days:
        for part in chunks(day, BATCH_EVENTS):
            # Settled a day at a time, so that the ledger reads like one.
            client.post(part, wait_seconds=_SETTLE_SECONDS)
            on_progress(len(part))


def finish(runtime: Runtime, demo: Demo) -> None:
    """Remember that the demo was played to the end."""
    demo.done = True
    _remember(_memory(runtime), demo)


def story(demo: Demo) -> list[list[dict[str, Any]]]:
    """Return the demo's events, a list a day."""
    calls = [row.event["usage"] for row in rows(inspect(TRACE), Wishes())]
    mark = hashlib.sha256(f"{demo.gateway_id}/{demo.anchor_ms}".encode()).hexdigest()[:12]
    pairs = [(usage["input_tokens"], usage["output_tokens"]) for usage in calls]
    return list(events_by_day(pairs, demo.anchor_ms, f"msg_{mark}", demo.key_ids))


def _memory(runtime: Runtime) -> Path:
    return runtime.settings.data_dir / "demo.json"


def _remember(path: Path, demo: Demo) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".new")
    half.write_text(json.dumps(asdict(demo), indent=1), encoding="utf-8")
    half.replace(path)
