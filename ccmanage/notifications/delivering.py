"""Send to webhooks: claim under a lease, send outside any transaction, mark what came of it.

Whoever dies between the answer and the mark leaves a lease that runs out: the message is sent once more, under the
same `webhook-id`, and the receiver knows it.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from ccmanage.core.clock import MINUTE, SECOND, to_rfc3339
from ccmanage.core.crypto import KeyRing
from ccmanage.core.failpoints import failpoint
from ccmanage.core.ids import HAPPENING, WEBHOOK, encode_id
from ccmanage.core.logging import get_logger
from ccmanage.core.outbound import OutboundPolicy, Sender, SendFailed, UrlRefused
from ccmanage.core.uow import UnitOfWork, with_retries
from ccmanage.notifications import rules
from ccmanage.notifications.catalogue import WEBHOOK_DISABLED
from ccmanage.notifications.happenings import HappeningService, News, message_of
from ccmanage.notifications.signing import headers_of
from ccmanage.notifications.webhook_models import Attempt, Delivery, DeliveryState, Webhook, WebhookState
from ccmanage.notifications.webhooks import WebhookTables, new_lease

log = get_logger(__name__)

AT_ONCE: Final = 8
_CHUNK: Final = 24
_LOOKED_AT: Final = 400
# So that an address that takes its time does not take everybody's.
_A_WEBHOOK: Final = 4
LEASE_MS: Final = MINUTE
_EXCERPT: Final = 1_000
_GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that this worker alone sends until its lease is over."""

    delivery_id: int
    lease: int
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a try: a status, or a code that says why there is none."""

    status: int
    code: str
    milliseconds: int
    excerpt: bytes = b""
    retry_after: str = ""

    @property
    def arrived(self) -> bool:
        """Tell whether the receiver took it."""
        return 200 <= self.status < 300


class DeliveryService:
    """Claims and marks deliveries, each in a transaction."""

    def __init__(
        self,
        uow: UnitOfWork,
        tables: WebhookTables,
        ring: KeyRing,
        policy: OutboundPolicy,
        happenings: HappeningService,
    ) -> None:
        self._uow = uow
        self._tables = tables
        self._ring = ring
        self._policy = policy
        self._happenings = happenings

    def claim(self) -> list[Claim]:
        """Take what is due, of each webhook a few at a time."""
        now = self._uow.clock.now_ms()
        taken: Counter[int] = Counter()
        chosen: list[Delivery] = []
        for row in self._tables.deliveries.due(now, _LOOKED_AT):
            if taken[row.webhook_id] < _A_WEBHOOK and len(chosen) < _CHUNK:
                taken[row.webhook_id] += 1
                chosen.append(row)
        webhooks = self._tables.webhooks.many(taken)
        happenings = self._tables.happenings.many([row.happening_id for row in chosen])
        secrets = self._secrets(taken, now)
        claims = []
        for row in chosen:
            row.tries, row.lease, row.next_attempt_at = row.tries + 1, new_lease(), now + LEASE_MS
            webhook, happening = webhooks.get(row.webhook_id), happenings.get(row.happening_id)
            if webhook is None or happening is None or row.tries > rules.MAX_TRIES:
                row.state, row.lease, row.ended_at = DeliveryState.FAILED, 0, now
                continue
            body, message_id = message_of(happening), encode_id(HAPPENING, happening.public_id)
            headers = headers_of(secrets[row.webhook_id], message_id, now // SECOND, body)
            claims.append(Claim(row.id, row.lease, self._url(webhook), headers, body))
        self._uow.session.flush()
        return claims

    def mark(self, claim: Claim, result: Result) -> None:
        """Write down what came of a try, unless the lease was over and another worker has taken it."""
        row = self._tables.deliveries.lock(claim.delivery_id)
        if row is None or row.lease != claim.lease or row.state != DeliveryState.PENDING:
            return
        now = self._uow.clock.now_ms()
        webhook = self._tables.webhooks.lock(row.webhook_id)
        row.lease, row.last_status, row.last_code = 0, result.status, result.code.encode()
        shown = webhook is not None and (not webhook.workspace_id or not self._is_trusted(claim.url))
        self._tables.deliveries.add_attempt(
            Attempt(
                delivery_id=row.id,
                at=now,
                milliseconds=result.milliseconds,
                status=result.status,
                code=result.code.encode(),
                # What hosts of the intranet answer is not for people who only know their names.
                excerpt=result.excerpt if shown else b"",
            )
        )
        if result.arrived:
            row.state, row.ended_at = DeliveryState.DELIVERED, now
            if webhook is not None:
                webhook.failing_since, webhook.succeeded_at = 0, now
        elif webhook is not None:
            self._failed(row, webhook, result, now)
        self._uow.session.flush()

    def forget_before(self, at: int, limit: int) -> bool:
        """Delete a chunk of the log; tells whether there is more."""
        return self._tables.deliveries.delete_before(at, limit) == limit

    def _failed(self, row: Delivery, webhook: Webhook, result: Result, now: int) -> None:
        webhook.failing_since = webhook.failing_since or now
        if result.status == _GONE or now - webhook.failing_since >= rules.DISABLE_AFTER_MS:
            self._switch_off(webhook, result, now)
            return
        if row.tries >= rules.MAX_TRIES:
            row.state, row.ended_at = DeliveryState.FAILED, now
            return
        jitter = random.uniform(0.9, 1.1)  # noqa: S311 - to part ways, not to hide
        row.next_attempt_at = now + rules.retry_delay_ms(row.tries, result.retry_after, jitter)
        self._uow.session.flush()
        self._tables.deliveries.put_off(webhook.id, now + rules.retry_delay_ms(1, "", jitter))

    def _switch_off(self, webhook: Webhook, result: Result, now: int) -> None:
        webhook.state, webhook.updated_at = WebhookState.DISABLED, now
        self._uow.session.flush()
        self._tables.deliveries.give_up(webhook.id, b"webhook.disabled", now)
        data = {
            "id": encode_id(WEBHOOK, webhook.public_id),
            "name": webhook.name,
            "last": result.code,
            "failures": self._tables.deliveries.failures_since(webhook.id, webhook.failing_since),
            "failing_since": to_rfc3339(webhook.failing_since),
        }
        name = f"{webhook.id}:{now}"
        self._happenings.publish([News(WEBHOOK_DISABLED, webhook.workspace_id, data, dedupe=name)])
        log.warning("webhook_disabled", webhook_id=webhook.id, last=result.code)

    def _secrets(self, webhook_ids: Iterable[int], now: int) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for secret in self._tables.webhooks.secrets_of(list(webhook_ids)):
            if not secret.expires_at or secret.expires_at > now:
                place = f"webhook_secrets.secret:{secret.public_id.hex()}"
                found.setdefault(secret.webhook_id, []).append(self._ring.decrypt(secret.secret_sealed, place))
        return found

    def _is_trusted(self, url: str) -> bool:
        try:
            return self._policy.target(url).trusted
        except UrlRefused:
            return False

    def _url(self, webhook: Webhook) -> str:
        return self._ring.decrypt(webhook.url_sealed, f"webhooks.url:{webhook.public_id.hex()}")


class DeliveringScope(Protocol):
    """What sending needs of a transaction."""

    @property
    def deliveries(self) -> DeliveryService:
        """What is sent to webhooks."""
        ...


class Deliverer:
    """The process's sender. Safe to call from any thread: one works, the others return at once."""

    def __init__(
        self, open_scope: Callable[[], AbstractContextManager[DeliveringScope]], sender: Callable[[], Sender]
    ) -> None:
        self._open_scope = open_scope
        self._sender = sender
        self._busy = threading.Lock()

    def run(self, *, should_stop: Callable[[], bool] = lambda: False) -> bool:
        """Send until nothing is due or one is told to stop; tells whether something may still be due."""
        if not self._busy.acquire(blocking=False):
            return False
        try:
            while not should_stop():
                claims = with_retries(self._claim, repeatable=True)
                if not claims:
                    return False
                self._send(claims)
            return True
        finally:
            self._busy.release()

    def _claim(self) -> list[Claim]:
        with self._open_scope() as scope:
            return scope.deliveries.claim()

    def _send(self, claims: Sequence[Claim]) -> None:
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
            sent = {pool.submit(self._post, claim): claim for claim in claims}
            for future in as_completed(sent):
                claim, result = sent[future], future.result()
                failpoint("webhook.before_mark")
                with_retries(partial(self._mark, claim, result), repeatable=True)

    def _mark(self, claim: Claim, result: Result) -> None:
        with self._open_scope() as scope:
            scope.deliveries.mark(claim, result)

    def _post(self, claim: Claim) -> Result:
        try:
            answer = self._sender().post(claim.url, dict(claim.headers), claim.body)
        except UrlRefused as error:
            return Result(0, error.code, 0)
        except SendFailed as error:
            return Result(0, error.code, error.milliseconds)
        except Exception:  # one strange answer must not stop the others
            log.exception("webhook_not_sent", delivery_id=claim.delivery_id)
            return Result(0, "send.broken", 0)
        excerpt = _readable(answer.body)
        return Result(answer.status, f"http.{answer.status}", answer.milliseconds, excerpt, answer.retry_after)


def _readable(body: bytes) -> bytes:
    """Return the beginning of an answer as text that can be shown."""
    text = body[:_EXCERPT].decode("utf-8", "replace")
    kept = "".join(character if character.isprintable() or character in "\n\t" else " " for character in text)
    return kept.encode()[: _EXCERPT + 20]
