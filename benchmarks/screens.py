"""What a person's overview asks of the server, timed over HTTP."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator, Sequence
from urllib.parse import urlencode, urlsplit

from benchmarks.installation import Installation
from benchmarks.population import EMAIL
from ccmanage.core.clock import DAY, SystemClock, to_rfc3339

_ROUNDS = 5


class Screen:
    """Somebody signed in who looks at workspaces."""

    def __init__(self, installation: Installation) -> None:
        self._place = urlsplit(installation.address)
        self._open()
        body = json.dumps({"email": EMAIL, "password": installation.population.secrets["key_pepper"]})
        self._headers = {"Content-Type": "application/json"}
        self._headers["Authorization"] = (
            f"Bearer {json.loads(self._ask('POST', '/v1/auth/login', body))['access_token']}"
        )

    def time(self, workspaces: Sequence[str]) -> dict[str, list[float]]:
        """Ask each question of each workspace some times; returns the sorted times in milliseconds."""
        times: dict[str, list[float]] = {}
        for _ in range(_ROUNDS):
            for workspace in workspaces:
                self._headers["X-Workspace"] = workspace
                for name, path in _questions():
                    began = time.perf_counter()
                    self._ask("GET", path)
                    times.setdefault(name, []).append((time.perf_counter() - began) * 1000)
        return {name: sorted(found) for name, found in times.items()}

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _open(self) -> None:
        self._connection = http.client.HTTPConnection(self._place.hostname or "", self._place.port, timeout=60)

    def _ask(self, method: str, path: str, body: str | None = None) -> bytes:
        self._connection.request(method, path, body, self._headers if hasattr(self, "_headers") else {})
        answer = self._connection.getresponse()
        told = answer.read()
        assert answer.status == 200, (path, answer.status, told[:300])
        return told


def _questions() -> Iterator[tuple[str, str]]:
    """Yield what the overview shows: name and address."""
    now = SystemClock().now_ms()
    month = {"from": to_rfc3339(now - 30 * DAY), "to": to_rfc3339(now), "tz": "Europe/Berlin"}
    yield (
        "summary by day and model",
        "/v1/usage/summary?" + urlencode({**month, "group_by": "day", "split_by": "model"}),
    )
    yield "summary by model", "/v1/usage/summary?" + urlencode({**month, "group_by": "model"})
    yield "balance", "/v1/credits/balance"
    yield "keys", "/v1/keys"
    yield "ledger", "/v1/credits/ledger?limit=50"
    yield "events", "/v1/usage/events?" + urlencode({"from": month["from"], "to": month["to"], "limit": 50})
