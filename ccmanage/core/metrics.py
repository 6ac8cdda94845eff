"""What Prometheus may read: every metric of the product, in one place. No user, key or workspace is a label.

A process that serves alone is asked directly. Where several API processes share a port, each writes its numbers
to files below `PROMETHEUS_MULTIPROC_DIR` and whoever is asked adds them up. An operator who sets that variable for
workers on the same host as well has their numbers in the sum.
"""

import atexit
import os
import shutil
import tempfile

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900)

HTTP_SECONDS = Histogram(
    "ccmanage_http_request_duration_seconds",
    "Time to answer a request.",
    ("route", "method", "status"),
    buckets=_FAST,
)

EVENTS_RECEIVED = Counter(
    "ccmanage_usage_events_received_total",
    "Events in posts that were stored, by what the ingress made of them.",
    ("result",),  # accepted, rejected
)
POSTS_REFUSED = Counter(
    "ccmanage_usage_posts_refused_total",
    "Posts of which nothing was stored, by reason.",
    ("reason",),  # the code of the error
)
INBOX_COMMIT_SECONDS = Histogram(
    "ccmanage_usage_inbox_commit_seconds", "Time to commit one group of posts.", buckets=_FAST
)
INBOX_GROUP_POSTS = Histogram(
    "ccmanage_usage_inbox_group_posts",
    "Posts committed together.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
)
INBOX_WAITING_BYTES = Gauge(
    "ccmanage_usage_inbox_waiting_bytes",
    "Posts that wait for their commit.",
    multiprocess_mode="livesum",
)

VERIFY_ANSWERS = Counter("ccmanage_verify_answers_total", "Answers of verify.", ("code",))  # VALID, or why not

EVENTS_SETTLED = Counter("ccmanage_usage_events_settled_total", "Events settled.")
SETTLEMENT_SECONDS = Histogram("ccmanage_usage_settlement_seconds", "Time of one settling transaction.", buckets=_FAST)
EVENT_LAG_SECONDS = Histogram(
    "ccmanage_usage_event_lag_seconds",
    "Time from a post's arrival to its settlement.",
    buckets=_SLOW,
)

# These say what the database holds; whoever answers /metrics sets them from it.
BACKLOG_BATCHES = Gauge(
    "ccmanage_usage_backlog_batches", "Batches that wait to be settled.", multiprocess_mode="mostrecent"
)
BACKLOG_SECONDS = Gauge(
    "ccmanage_usage_backlog_seconds", "Age of the oldest batch that waits.", multiprocess_mode="mostrecent"
)
BOOKS_STATE = Gauge(
    "ccmanage_books_state",
    "What the last audit of the books found: 1 clean, 0 broken, -1 never audited.",
    multiprocess_mode="mostrecent",
)
BOOKS_CHECKED_SECONDS = Gauge(
    "ccmanage_books_checked_timestamp_seconds", "When the books were last audited.", multiprocess_mode="mostrecent"
)

MAILS_WAITING = Gauge("ccmanage_mails_waiting", "Mails that are not out yet.", multiprocess_mode="mostrecent")
MAILS_WAITING_SECONDS = Gauge(
    "ccmanage_mails_waiting_seconds", "Age of the oldest mail that waits.", multiprocess_mode="mostrecent"
)
MAILS_DONE = Gauge(
    "ccmanage_mails_last_day",
    "Mails whose last try was within 24 hours, by what came of it.",
    ("outcome",),  # sent, failed
    multiprocess_mode="mostrecent",
)

NUDGES_SENT = Counter("ccmanage_nudges_sent_total", "Messages to the workers that were sent.", ("task",))
NUDGES_FAILED = Counter("ccmanage_nudges_failed_total", "Tries to send a message that failed.")
NUDGES_DROPPED = Counter("ccmanage_nudges_dropped_total", "Messages given up; the timetable finds their work.")
TASK_SECONDS = Histogram("ccmanage_task_seconds", "Time of one task.", ("task", "result"), buckets=_SLOW)
RETENTION_REMOVED = Counter(
    "ccmanage_retention_removed_total", "Rows that retention deleted or emptied, by kind of data.", ("kind",)
)
RETENTION_FAILED = Counter("ccmanage_retention_failed_total", "Steps of retention that failed.", ("kind",))


def exposition() -> tuple[bytes, str]:
    """Return what Prometheus reads and its content type, over all processes that share a port."""
    if MULTIPROCESS_VARIABLE not in os.environ:
        return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST


def share_between_processes() -> None:
    """Give the processes that this one will start a folder for their numbers, unless the operator named one.

    It has to happen before they import this module, so it does not work for this process itself.
    """
    if MULTIPROCESS_VARIABLE in os.environ:
        return
    folder = tempfile.mkdtemp(prefix="ccmanage-metrics-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[MULTIPROCESS_VARIABLE] = folder


def forget_process(pid: int) -> None:
    """Drop the live gauges of a child that ended."""
    mark_process_dead(pid)  # type: ignore[no-untyped-call]
