"""Speaks to a server as a gateway does: batches, gzip, patience."""

import gzip
import json
import random
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

import httpx2

_RETRY_STATUS = {429, 502, 503, 504}
_LONGEST_PAUSE_SECONDS = 20.0


class Refused(Exception):
    """The server understood and said no; the text says why."""


class ServerAway(Exception):
    """The server did not answer for longer than patience lasted."""


class GatewayClient:
    """Posts events and asks what became of them. What fails by the way is tried again."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        patience_seconds: float = 300.0,
        on_wait: Callable[[str], None] = lambda _reason: None,
    ) -> None:
        self._patience_seconds = patience_seconds
        self._on_wait = on_wait
        try:
            self._http = httpx2.Client(
                base_url=url,
                headers={"Authorization": f"Bearer {token}", "User-Agent": "ccmanage-replay"},
                timeout=httpx2.Timeout(60, connect=5),
            )
        except httpx2.InvalidURL as error:
            raise Refused(f"{url}: {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._http.close()

    def post(self, events: Sequence[dict[str, Any]], *, wait_seconds: int = 0) -> dict[str, Any]:
        """Post up to 1,000 events; returns the receipt, or the settled batch if one waits for it."""
        body = gzip.compress(json.dumps(events, ensure_ascii=False, separators=(",", ":")).encode(), 5)
        return self._ask(
            "POST",
            f"/v1/events?wait={wait_seconds}" if wait_seconds else "/v1/events",
            content=body,
            headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
        )

    def batch(self, batch_id: str) -> dict[str, Any]:
        """Return what became of a batch."""
        return self._ask("GET", f"/v1/batches/{batch_id}")

    def _ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        deadline = time.monotonic() + self._patience_seconds
        pause = 0.25
        while True:
            try:
                response = self._http.request(method, path, **request)
            except httpx2.UnsupportedProtocol as error:
                raise Refused(str(error)) from None
            except httpx2.TransportError as error:
                reason, wanted = f"{type(error).__name__}: {error}".rstrip(": "), 0.0
            else:
                if response.status_code not in _RETRY_STATUS:
                    return _answer(response)
                reason, wanted = f"HTTP {response.status_code}", _retry_after(response)
            if time.monotonic() > deadline:
                raise ServerAway(f"{self._http.base_url} does not answer: {reason}")
            self._on_wait(reason)
            time.sleep(max(wanted, pause * random.uniform(0.5, 1.0)))  # noqa: S311 - jitter, not a secret
            pause = min(_LONGEST_PAUSE_SECONDS, pause * 2)


def _retry_after(response: httpx2.Response) -> float:
    try:
        return min(60.0, float(response.headers.get("Retry-After", "0")))
    except ValueError:
        return 0.0


def _answer(response: httpx2.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    if response.is_success and isinstance(body, dict):
        return body
    detail = body.get("detail") or body.get("title") if isinstance(body, dict) else ""
    raise Refused(f"HTTP {response.status_code}: {detail or 'not an answer of ccmanage; is the address right?'}")
