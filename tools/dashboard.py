"""Writes deploy/grafana/dashboards/ccmanage.json from the list of panels below: `python -m tools.dashboard`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).resolve().parents[1] / "deploy" / "grafana" / "dashboards" / "ccmanage.json"
SOURCE = {"type": "prometheus", "uid": "prometheus"}
HTTP = "ccmanage_http_request_duration_seconds"


@dataclass
class Panel:
    """One picture: a title, its expressions by legend, a unit, and thresholds for single figures."""

    title: str
    unit: str
    expressions: dict[str, str]
    kind: str = "timeseries"
    steps: list[tuple[str, float | None]] = field(default_factory=lambda: [("green", None)])
    width: int = 12


def quantile(q: float, metric: str) -> str:
    """Return the expression of a quantile of a histogram over five minutes."""
    return f"histogram_quantile({q}, sum by (le) (rate({metric}_bucket[5m])))"


PANELS = [
    Panel(
        "Books",
        "none",
        {"1 clean, 0 broken, -1 never audited": "min(ccmanage_books_state)"},
        "stat",
        [("orange", None), ("red", 0), ("green", 1)],
        6,
    ),
    Panel(
        "Oldest batch that waits",
        "s",
        {"age": "max(ccmanage_usage_backlog_seconds)"},
        "stat",
        [("green", None), ("orange", 5), ("red", 60)],
        6,
    ),
    Panel("API processes seen", "none", {"up": 'sum(up{job="ccmanage"})'}, "stat", [("red", None), ("green", 1)], 6),
    Panel(
        "Audited",
        "s",
        {"ago": "time() - max(ccmanage_books_checked_timestamp_seconds)"},
        "stat",
        [("green", None), ("orange", 7200)],
        6,
    ),
    Panel(
        "Events received",
        "cps",
        {"{{result}}": "sum by (result) (rate(ccmanage_usage_events_received_total[1m]))"},
    ),
    Panel(
        "Posts refused",
        "reqps",
        {"{{reason}}": "sum by (reason) (rate(ccmanage_usage_posts_refused_total[1m]))"},
    ),
    Panel("Batches that wait", "none", {"batches": "max(ccmanage_usage_backlog_batches)"}),
    Panel(
        "Commit of a group of posts",
        "s",
        {
            "median": quantile(0.5, "ccmanage_usage_inbox_commit_seconds"),
            "p99": quantile(0.99, "ccmanage_usage_inbox_commit_seconds"),
        },
    ),
    Panel(
        "Waiting room of the ingress",
        "bytes",
        {"waiting": "sum(ccmanage_usage_inbox_waiting_bytes)"},
    ),
    Panel("Posts in a group, p90", "none", {"posts": quantile(0.9, "ccmanage_usage_inbox_group_posts")}),
    Panel("Requests by status", "reqps", {"{{status}}": f"sum by (status) (rate({HTTP}_count[1m]))"}),
    Panel(
        "Time to answer, p99 by route",
        "s",
        {"{{route}}": f"histogram_quantile(0.99, sum by (le, route) (rate({HTTP}_bucket[5m])))"},
    ),
    Panel(
        "Nudges",
        "cps",
        {
            "sent: {{task}}": "sum by (task) (rate(ccmanage_nudges_sent_total[1m]))",
            "failed": "sum(rate(ccmanage_nudges_failed_total[1m]))",
        },
    ),
    Panel("Oldest mail that waits", "s", {"age": "max(ccmanage_mails_waiting_seconds)"}),
    Panel(
        "Mails",
        "none",
        {
            "waiting": "max(ccmanage_mails_waiting)",
            "{{outcome}} within a day": "max by (outcome) (ccmanage_mails_last_day)",
        },
    ),
]


def rendered(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    """Return a panel as Grafana reads it."""
    steps = [{"color": color, "value": value} for color, value in panel.steps]
    targets = [
        {"datasource": SOURCE, "expr": expression, "legendFormat": legend, "refId": chr(ord("A") + place)}
        for place, (legend, expression) in enumerate(panel.expressions.items())
    ]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "datasource": SOURCE,
        "gridPos": place,
        "targets": targets,
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "min": None, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
    }


def dashboard() -> dict[str, Any]:
    """Lay the panels out in rows of 24 columns."""
    panels, x, y, height = [], 0, 0, 0
    for number, panel in enumerate(PANELS, start=1):
        if x + panel.width > 24:
            x, y = 0, y + height
        height = 4 if panel.kind == "stat" else 8
        panels.append(rendered(panel, number, {"x": x, "y": y, "w": panel.width, "h": height}))
        x += panel.width
    return {
        "uid": "ccmanage",
        "title": "ccmanage",
        "schemaVersion": 39,
        "editable": False,
        "refresh": "15s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "panels": panels,
    }


if __name__ == "__main__":
    OUTPUT.write_text(json.dumps(dashboard(), indent=1) + "\n")
