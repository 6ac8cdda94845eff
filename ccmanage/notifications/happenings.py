"""Write down what happened, in the transaction that did it; who is told is found out later."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ccmanage.core.clock import to_rfc3339
from ccmanage.core.ids import WORKSPACE, encode_id, new_id
from ccmanage.core.sql import BulkInsert
from ccmanage.core.uow import UnitOfWork
from ccmanage.notifications.catalogue import DEEDS, KINDS, Concerns
from ccmanage.notifications.models import Episode, Happening, TellState
from ccmanage.notifications.repository import HappeningRepository
from ccmanage.notifications.tasks import Tell
from ccmanage.notifications.webhook_repository import WebhookRepository
from ccmanage.workspaces.service import WorkspaceService

_ROWS = BulkInsert(
    "happenings",
    (
        "public_id",
        "workspace_id",
        "kind",
        "dedupe",
        "user_id",
        "by_mail",
        "by_webhook",
        "data",
        "at",
        "state",
    ),
    "bibbiiibii",
)


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told. `dedupe` names it: the same is told once; empty = it is new in any case.

    `data` holds ids, codes and figures, never a secret. `user_id` is whom it is for alone; 0 = all whom it concerns.
    """

    kind: str
    workspace_id: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)
    dedupe: str = ""
    user_id: int = 0
    by_mail: bool = True
    by_webhook: bool = True


class Publisher(Protocol):
    """What others need to tell something."""

    def publish(self, news: Sequence[News]) -> None:
        """Write down what happened."""
        ...


class HappeningService:
    """What happened in workspaces and in the installation."""

    def __init__(
        self,
        uow: UnitOfWork,
        repository: HappeningRepository,
        webhooks: WebhookRepository,
        workspaces: WorkspaceService,
    ) -> None:
        self._uow = uow
        self._repository = repository
        self._webhooks = webhooks
        self._workspaces = workspaces

    def publish(self, news: Sequence[News]) -> None:
        """Write down what happened; what nobody could be told, and what was written before, is left out."""
        wanted = {_digest(one): one for one in self._wanted(news)}
        if not wanted:
            return
        known = self._repository.known([digest for digest, one in wanted.items() if one.dedupe])
        fresh = {digest: one for digest, one in wanted.items() if digest not in known}
        names = self._workspaces.named({one.workspace_id for one in fresh.values()} - {0})
        ids = {number: encode_id(WORKSPACE, workspace.public_id) for number, workspace in names.items()}
        now = self._uow.clock.now_ms()
        _ROWS.run(
            self._repository.connection,
            [_row(digest, one, ids.get(one.workspace_id), now) for digest, one in sorted(fresh.items())],
        )
        if fresh:
            self._uow.enqueue(Tell())

    def hear(self, action: str, subject: tuple[str, str], workspace_id: int, after: Mapping[str, Any] | None) -> None:
        """Tell what the audit log records, if it is one of the deeds that are told."""
        deed = DEEDS.get(action)
        if deed is None:
            return
        told = {name: after[name] for name in deed.details if after and after.get(name) is not None}
        self.publish([News(deed.kind, workspace_id, {"id": subject[1], **told})])

    def watch(self, name: str, news: News, *, is_on: bool) -> None:
        """Tell once that a state has begun; and again only when it began anew after it had ended."""
        episode, now = self._repository.episode(name), self._uow.clock.now_ms()
        if not is_on:
            if episode is not None and not episode.closed_at:
                episode.closed_at = now
                self._repository.session.flush()
            return
        if episode is None:
            self._repository.add_episode(Episode(name=name.encode(), opened_at=now, closed_at=0))
        elif episode.closed_at:
            episode.opened_at, episode.closed_at = now, 0
            self._repository.session.flush()
        else:
            return
        self.publish([news])

    def open_episodes(self, prefix: str) -> list[str]:
        """Return the names of the states of a kind that go on."""
        return [bytes(episode.name).decode() for episode in self._repository.open_episodes(prefix)]

    def by_numbers(self, numbers: Sequence[int]) -> dict[int, Happening]:
        """Return happenings by their inside numbers."""
        return self._repository.many(numbers)

    def forget_before(self, at: int, limit: int) -> bool:
        """Delete a chunk of what was told long ago; tells whether there is more."""
        return self._repository.delete_before(at, limit) == limit

    def _wanted(self, news: Sequence[News]) -> Sequence[News]:
        """Leave out what only webhooks are told if there is none that could be."""
        quiet = [one for one in news if KINDS[one.kind].concerns is Concerns.NOBODY]
        if not quiet:
            return news
        listening = self._webhooks.listening({one.workspace_id for one in quiet} | {0})
        if 0 in listening:
            return news
        loud = [one for one in news if KINDS[one.kind].concerns is not Concerns.NOBODY]
        return loud + [one for one in quiet if one.workspace_id in listening]


def data_of(happening: Happening) -> dict[str, Any]:
    """Return what is told of a happening."""
    found: dict[str, Any] = json.loads(happening.data)
    return found


def message_of(happening: Happening) -> bytes:
    """Return the body that webhooks get: the same bytes however often it is sent."""
    body = {"type": bytes(happening.kind).decode(), "timestamp": to_rfc3339(happening.at), "data": data_of(happening)}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def row_of_test(kind: str, workspace_id: int, data: Mapping[str, Any], now: int) -> Happening:
    """Make a happening that is told to one webhook only."""
    return Happening(
        public_id=new_id(),
        workspace_id=workspace_id,
        kind=kind.encode(),
        dedupe=hashlib.sha256(new_id()).digest(),
        user_id=0,
        by_mail=0,
        by_webhook=0,
        data=json.dumps(data).encode(),
        at=now,
        state=TellState.TOLD,
    )


def _digest(news: News) -> bytes:
    name = f"{news.kind}\0{news.workspace_id}\0{news.dedupe}".encode() if news.dedupe else new_id()
    return hashlib.sha256(name).digest()


def _row(digest: bytes, news: News, workspace: str | None, now: int) -> tuple[int | bytes, ...]:
    data = {**({"workspace_id": workspace} if workspace else {}), **news.data}
    return (
        new_id(),
        news.workspace_id,
        news.kind.encode(),
        digest,
        news.user_id,
        int(news.by_mail),
        int(news.by_webhook),
        json.dumps(data, ensure_ascii=False).encode(),
        now,
        0,
    )
