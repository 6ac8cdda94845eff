"""`ccmanage replay`."""

from pathlib import Path
from typing import Annotated

import typer

from ccmanage.cli.output import FINDING, OK, err, fail, print_json, print_table, progress, say
from ccmanage.cli.secrets import read_secret
from ccmanage.core.clock import SystemClock, parse_rfc3339, to_rfc3339
from ccmanage.core.config import peek_settings
from ccmanage.core.money import format_credits
from ccmanage.replay.anchors import remembered_anchor
from ccmanage.replay.client import GatewayClient, Refused, ServerAway
from ccmanage.replay.files import DEFAULT_MODEL, CannotRead, Kind, Source, Wishes, inspect, rows
from ccmanage.replay.run import OUTCOMES, Summary
from ccmanage.replay.run import replay as run_replay

TOKEN = "CCMANAGE_GATEWAY_TOKEN"  # noqa: S105 - the name of a variable


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(  # noqa: PLR0913 - a command's options
    file: Annotated[
        Path, typer.Argument(help="CSV trace, JSON lines of events, or Claude Code transcripts (a folder too).")
    ],
    url: Annotated[str, typer.Option(help="Address of the server.")] = "http://127.0.0.1:8000",
    token: Annotated[
        str, typer.Option(envvar=TOKEN, help="Gateway token; better given in the environment, or asked for.")
    ] = "",
    key: Annotated[
        list[str] | None,
        typer.Option(envvar="CCMANAGE_API_KEYS", help="API key or key id for rows without one; several take turns."),
    ] = None,
    model: Annotated[list[str] | None, typer.Option(help="Model for rows without one; several take turns.")] = None,
    anchor: Annotated[
        str, typer.Option(help="RFC 3339 time of the last row; a trace's is remembered, at first it is now.")
    ] = "",
    speed: Annotated[
        float | None, typer.Option(min=0.001, help="Pace of posting: 1 as recorded, 10 ten times as fast.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Post what a file holds to a running server, as a gateway does. A second replay changes nothing."""
    try:
        wanted_ms = parse_rfc3339(anchor) if anchor else None
        source = inspect(file)
        wishes = Wishes(tuple(key or ()), tuple(model or (DEFAULT_MODEL,)), _anchor(source, url, wanted_ms))
        if source.kind is not Kind.EVENTS and not wishes.keys:
            fail("--key: is needed, for these rows name no key")
        secret = token or read_secret(TOKEN, "Gateway token")
        with (
            GatewayClient(url, secret, on_wait=_tell_wait()) as client,
            progress(f"Replaying {source.kind.value}", source.count) as advance,
        ):
            summary = run_replay(rows(source, wishes), client, speed=speed, on_progress=advance)
    except (CannotRead, Refused, ServerAway) as error:
        fail(str(error), FINDING if isinstance(error, ServerAway) else 2)
    except ValueError as error:
        fail(f"--anchor: {error}")
    _report(source, wishes, summary, as_json=as_json)
    raise typer.Exit(FINDING if summary.pending or summary.outcomes["conflicts"] else OK)


def _anchor(source: Source, url: str, wanted_ms: int | None) -> int | None:
    """Traces are moved to an anchor, others only if one is given."""
    if source.kind is not Kind.TRACE:
        return wanted_ms
    folder, now = peek_settings().data_dir, SystemClock().now_ms()
    return remembered_anchor(folder, source.digest, url, wanted_ms, now)


class _tell_wait:  # noqa: N801 - stands for a function that remembers
    """Says once in a row why it has to wait."""

    def __init__(self) -> None:
        self._said = ""

    def __call__(self, reason: str) -> None:
        if reason != self._said:
            err.print(f"waiting: {reason}", markup=False)
            self._said = reason


def _report(source: Source, wishes: Wishes, summary: Summary, *, as_json: bool) -> None:
    anchor = None if wishes.anchor_ms is None else to_rfc3339(wishes.anchor_ms)
    outcomes = {name: summary.outcomes[name] for name in OUTCOMES}
    if as_json:
        print_json(
            {
                "file": str(source.paths[0]) if len(source.paths) == 1 else [str(path) for path in source.paths],
                "kind": source.kind.name.lower(),
                "anchor": anchor,
                "received": summary.received,
                "accepted": summary.accepted,
                "rejected": dict(summary.rejections),
                "pending_batches": summary.pending,
                **outcomes,
                "credits": format_credits(summary.credits_nano),
            }
        )
        return
    say(f"{source.kind.value}: {summary.received} events posted" + (f", the last at {anchor}" if anchor else ""))
    print_table(
        ("outcome", "events"),
        [
            *outcomes.items(),
            *((f"  rejected: {code}", count) for code, count in summary.rejections.most_common()),
        ],
    )
    say(f"charged {format_credits(summary.credits_nano)} credits")
    if summary.pending:
        say(f"{summary.pending} batches were not settled within a minute")
