"""Use cases around API keys: issue, rename, rotate, revoke."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ccmanage.audit.service import AuditService
from ccmanage.core.clock import DAY, MINUTE, SECOND, Clock
from ccmanage.core.errors import invalid
from ccmanage.core.ids import KEY, encode_id, new_id
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.security import API_KEY_PREFIX, Digester, last_four, new_secret, shown_prefix
from ccmanage.core.text import clean_name
from ccmanage.keys.errors import KeyLimitReached, KeyNotActive, KeyNotFound
from ccmanage.keys.models import ApiKey, ApiKeySecret, DisabledCause, KeyState
from ccmanage.keys.repository import KeyRepository
from ccmanage.packages.limits import NO_LIMITS, KeyLimits
from ccmanage.subscriptions.views import SubscriptionViews

MAX_ACTIVE_KEYS = 1_000
MAX_OVERLAP_SECONDS = 7 * DAY // SECOND
_MAX_LIFE_MS = 3660 * DAY
StateName = Literal["active", "disabled", "revoked", "expired"]


class _Unchanged:
    """Stands for a field that is not given, where None means something."""


UNCHANGED: Final = _Unchanged()


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key with what may be shown of its newest secret."""

    id: int
    public_id: bytes
    user_id: int
    name: str
    prefix: str
    last_four: str
    state: StateName
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None
    rotating_until: int | None
    # How long it lives from its first use on, None for no such end, and since when it does.
    life_ms: int | None
    first_used_at: int | None
    # Why it rests: somebody said so, or the plan allows fewer keys.
    disabled_by: Literal["hand", "plan"] | None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key and the only copy of its new secret."""

    key: KeyView
    secret: str


@dataclass(frozen=True, slots=True)
class Keyring:
    """Whose keys may be seen and changed: a whole workspace's, or only those that one person made there."""

    workspace_id: int
    made_by: int | None = None


class KeyService:
    """API keys of workspaces. Secrets are shown once; only their digests are stored."""

    def __init__(
        self,
        repository: KeyRepository,
        clock: Clock,
        digester: Digester,
        audit: AuditService,
        plans: SubscriptionViews,
    ) -> None:
        self._repository = repository
        self._plans = plans
        self._clock = clock
        self._digester = digester
        self._audit = audit

    def issue(
        self,
        workspace_id: int,
        user_id: int,
        name: str,
        *,
        expires_at: int | None = None,
        life_ms: int | None = None,
    ) -> IssuedKey:
        """Make a key; its secret is shown here and never again. Raises InvalidInput and KeyLimitReached."""
        clean = clean_name(name)
        self._check_expiry(expires_at)
        _check_life(life_ms)
        self._check_room(workspace_id)
        key = self._repository.add(
            ApiKey(
                public_id=new_id(),
                workspace_id=workspace_id,
                user_id=user_id,
                name=clean,
                state=KeyState.ACTIVE,
                expires_at=expires_at,
                revoked_at=None,
                last_used_at=None,
                created_at=self._clock.now_ms(),
                life_ms=life_ms or 0,
                first_used_at=0,
                disabled_at=0,
                disabled_cause=DisabledCause.NONE,
            )
        )
        secret = self._new_secret(key)
        self._record("keys.issue", key, after={"name": clean, "expires_at": expires_at, "life_ms": life_ms})
        return IssuedKey(self._viewed(key), secret)

    def page(self, ring: Keyring, ask: PageRequest) -> Page[KeyView]:
        """Return keys, newest first, with one query for all their secrets."""
        page = self._repository.page_of_workspace(ring.workspace_id, ask, made_by=ring.made_by)
        secrets = self._secrets_of([key.id for key in page.items])
        return page.map(lambda key: self._view(key, secrets.get(key.id, [])))

    def page_made_by(self, user_id: int, ask: PageRequest) -> Page[tuple[KeyView, int]]:
        """Return the keys that a person made anywhere, newest first, each with its workspace; for administrators."""
        page = self._repository.page_made_by(user_id, ask)
        secrets = self._secrets_of([key.id for key in page.items])
        return page.map(lambda key: (self._view(key, secrets.get(key.id, [])), key.workspace_id))

    def counts_of_makers(self, workspace_id: int, user_ids: list[int]) -> dict[int, int]:
        """Count the active keys that each of these people made in a workspace."""
        return self._repository.active_counts_of_makers(workspace_id, user_ids)

    def page_of_all(self, ask: PageRequest, workspace_id: int | None = None) -> Page[tuple[int, KeyView]]:
        """Return keys of all workspaces or of one with their workspaces' numbers, newest first."""
        page = self._repository.page_of_all(ask, workspace_id)
        secrets = self._secrets_of([key.id for key in page.items])
        return page.map(lambda key: (key.workspace_id, self._view(key, secrets.get(key.id, []))))

    def ring_of(self, public_id: bytes) -> Keyring:
        """Return the keys among which a key is, for administrators; raises KeyNotFound."""
        key = self._repository.by_public_id(public_id)
        if key is None:
            raise KeyNotFound
        return Keyring(key.workspace_id)

    def get(self, ring: Keyring, public_id: bytes) -> KeyView:
        """Return a key; raises KeyNotFound."""
        return self._viewed(self._found(ring, self._repository.by_public_id(public_id)))

    def known(self, public_id: bytes) -> bytes:
        """Return the id of a key of whatever workspace, for administrators; raises KeyNotFound."""
        if self._repository.by_public_id(public_id) is None:
            raise KeyNotFound
        return public_id

    def named(self, key_ids: Iterable[int]) -> dict[int, ApiKey]:
        """Return the keys with these numbers, with one query for all."""
        return {key.id: key for key in self._repository.many(key_ids)}

    def count_active(self) -> int:
        """Count the keys of the installation that are not revoked."""
        return self._repository.count_active()

    def active_counts(self, workspace_ids: list[int]) -> dict[int, int]:
        """Count the keys of each workspace that are not revoked."""
        return self._repository.active_counts(workspace_ids)

    def change(
        self,
        ring: Keyring,
        public_id: bytes,
        *,
        name: str | None = None,
        expires_at: int | _Unchanged | None = UNCHANGED,
        life_ms: int | _Unchanged | None = UNCHANGED,
    ) -> KeyView:
        """Rename a key, move its expiry or its life from the first use (None: no end).

        Raises KeyNotFound, InvalidInput.
        """
        key = self._locked(ring, public_id)
        before = {"name": key.name, "expires_at": key.expires_at, "life_ms": key.life_ms}
        if name is not None:
            key.name = clean_name(name)
        if not isinstance(expires_at, _Unchanged) and expires_at != key.expires_at:
            self._check_expiry(expires_at)
            key.expires_at = expires_at
        if not isinstance(life_ms, _Unchanged):
            self._change_life(key, life_ms)
        after = {"name": key.name, "expires_at": key.expires_at, "life_ms": key.life_ms}
        if after != before:
            self._record("keys.change", key, before=before, after=after)
        return self._viewed(key)

    def rotate(self, ring: Keyring, public_id: bytes, overlap_seconds: int) -> IssuedKey:
        """Give a key a new secret; the old ones run out after the overlap. Raises KeyNotActive."""
        if not 0 <= overlap_seconds <= MAX_OVERLAP_SECONDS:
            raise invalid("/overlap_seconds", "overlap.out_of_range", f"Use 0 to {MAX_OVERLAP_SECONDS} seconds.")
        key = self._locked(ring, public_id)
        if self._state(key) != "active":
            raise KeyNotActive
        self._repository.end_secrets(key.id, self._clock.now_ms() + overlap_seconds * SECOND)
        secret = self._new_secret(key)
        self._record("keys.rotate", key, after={"overlap_seconds": overlap_seconds})
        return IssuedKey(self._viewed(key), secret)

    def disable(self, ring: Keyring, public_id: bytes) -> KeyView:
        """Let a key rest until it is enabled again; raises KeyNotFound, KeyNotActive."""
        key = self._locked(ring, public_id)
        if self._state(key) not in ("active", "disabled"):
            raise KeyNotActive
        self.rest(key, DisabledCause.BY_HAND)
        return self._viewed(key)

    def enable(self, ring: Keyring, public_id: bytes) -> KeyView:
        """Let a key that rests be used again; raises KeyNotFound, KeyNotActive, KeyLimitReached."""
        key = self._locked(ring, public_id)
        if self._state(key) not in ("active", "disabled"):
            raise KeyNotActive
        if key.disabled_at:
            self._check_room(key.workspace_id)
            key.disabled_at, key.disabled_cause = 0, DisabledCause.NONE
            self._record("keys.enable", key)
        return self._viewed(key)

    def rest(self, key: ApiKey, cause: DisabledCause) -> None:
        """Disable a locked key."""
        if not key.disabled_at:
            key.disabled_at, key.disabled_cause = self._clock.now_ms(), cause
            self._record("keys.disable", key, after={"cause": cause.name.lower()})

    def allowed(self, workspace_id: int) -> KeyLimits:
        """Return what the package of a workspace says about its keys."""
        plan = self._plans.find(workspace_id)
        if plan is None or plan.row.live_workspace_id is None:
            return NO_LIMITS
        return plan.version.terms.key_limits

    def overfull(self, limit: int) -> dict[int, int]:
        """Return workspaces that have more keys than their plan allows, with how many that is."""
        found: dict[int, int] = {}
        for version_id, most in self._plans.bounded_by_keys().items():
            found |= dict.fromkeys(self._repository.with_more_than(version_id, most, limit - len(found)), most)
            if len(found) >= limit:
                break
        return found

    def found(self, ring: Keyring, public_id: bytes, *, lock: bool = False) -> ApiKey:
        """Return a key's row; raises KeyNotFound."""
        if lock:
            return self._locked(ring, public_id)
        return self._found(ring, self._repository.by_public_id(public_id))

    def revoke(self, ring: Keyring, public_id: bytes) -> KeyView:
        """End a key for good. A second time changes nothing."""
        key = self._locked(ring, public_id)
        self._revoke(key)
        return self._viewed(key)

    def revoke_all_of(self, user_id: int) -> int:
        """Revoke every key that a person made, in whatever workspace; returns how many."""
        keys = self._repository.active_made_by(user_id)
        for key in keys:
            self._revoke(key)
        return len(keys)

    @staticmethod
    def _change_life(key: ApiKey, life_ms: int | None) -> None:
        _check_life(life_ms)
        if (life_ms or 0) == key.life_ms:
            return
        if key.first_used_at:
            raise invalid("/life_seconds", "life.begun", "This key was used already; move its expiry instead.")
        key.life_ms = life_ms or 0

    def _revoke(self, key: ApiKey) -> None:
        if key.state == KeyState.REVOKED:
            return
        # The secrets stay: usage that was in flight is still found by them, charged, and flagged.
        key.state, key.revoked_at = KeyState.REVOKED, self._clock.now_ms()
        self._record("keys.revoke", key)

    def _new_secret(self, key: ApiKey) -> str:
        secret = new_secret(API_KEY_PREFIX)
        self._repository.add_secret(
            ApiKeySecret(
                digest=self._digester.digest(secret),
                key_id=key.id,
                prefix=shown_prefix(secret),
                last_four=last_four(secret),
                created_at=self._clock.now_ms(),
                expires_at=None,
            )
        )
        return secret

    def _check_expiry(self, expires_at: int | None) -> None:
        now = self._clock.now_ms()
        if expires_at is not None and not now < expires_at <= now + _MAX_LIFE_MS:
            raise invalid("/expires_at", "expires_at.out_of_range", "Choose a time ahead, within ten years.")

    def _check_room(self, workspace_id: int) -> None:
        """Look whether one more key may be used. Two at once may both pass: the sweep disables the newer."""
        most = self.allowed(workspace_id).max_keys
        if most is not None and self._repository.count_enabled(workspace_id) >= most:
            raise KeyLimitReached(most)
        if self._repository.count_active(workspace_id) >= MAX_ACTIVE_KEYS:
            raise KeyLimitReached(MAX_ACTIVE_KEYS)

    def _secrets_of(self, key_ids: list[int]) -> dict[int, list[ApiKeySecret]]:
        found: dict[int, list[ApiKeySecret]] = {}
        for secret in self._repository.secrets_of(key_ids):
            found.setdefault(secret.key_id, []).append(secret)
        return found

    def _viewed(self, key: ApiKey) -> KeyView:
        return self._view(key, self._secrets_of([key.id]).get(key.id, []))

    def _view(self, key: ApiKey, secrets: Sequence[ApiKeySecret]) -> KeyView:
        # The newest secret has no end; those before it have one.
        newest = next((secret for secret in reversed(secrets) if secret.expires_at is None), None)
        now = self._clock.now_ms()
        ends = [secret.expires_at for secret in secrets if secret.expires_at is not None and secret.expires_at > now]
        state = self._state(key)
        return KeyView(
            id=key.id,
            public_id=key.public_id,
            user_id=key.user_id,
            name=key.name,
            prefix=newest.prefix if newest else "",
            last_four=newest.last_four if newest else "",
            state=state,
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            last_used_at=key.last_used_at,
            rotating_until=max(ends, default=None) if state == "active" else None,
            life_ms=key.life_ms or None,
            first_used_at=key.first_used_at or None,
            disabled_by=_DISABLED_BY.get(DisabledCause(key.disabled_cause)) if state == "disabled" else None,
        )

    def _state(self, key: ApiKey) -> StateName:
        if key.state == KeyState.REVOKED:
            return "revoked"
        if key.expires_at is not None and key.expires_at <= self._clock.now_ms():
            return "expired"
        return "disabled" if key.disabled_at else "active"

    def _locked(self, ring: Keyring, public_id: bytes) -> ApiKey:
        key = self._found(ring, self._repository.by_public_id(public_id))
        return self._found(ring, self._repository.lock(key.id))

    @staticmethod
    def _found(ring: Keyring, key: ApiKey | None) -> ApiKey:
        if key is None or key.workspace_id != ring.workspace_id or ring.made_by not in {None, key.user_id}:
            raise KeyNotFound
        return key

    def _record(
        self,
        action: str,
        key: ApiKey,
        *,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> None:
        subject = ("key", encode_id(KEY, key.public_id))
        self._audit.record(action, subject, workspace_id=key.workspace_id, before=before, after=after)


_DISABLED_BY: Final[dict[DisabledCause, Literal["hand", "plan"]]] = {
    DisabledCause.BY_HAND: "hand",
    DisabledCause.PLAN: "plan",
}


def _check_life(life_ms: int | None) -> None:
    if life_ms is not None and not MINUTE <= life_ms <= _MAX_LIFE_MS:
        raise invalid("/life_seconds", "life.out_of_range", "Let a key live from a minute to ten years.")
