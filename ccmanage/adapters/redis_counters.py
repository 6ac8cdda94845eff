"""Counters in Redis: one script for all calls that wait, atomic, one round trip.

The script is handed its calls packed, so that a thousand of them cost one command. Names of keys are made in it:
it needs one Redis, not a cluster.
"""

from collections.abc import Sequence
from hashlib import sha1
from typing import Any

import msgspec
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from ccmanage.adapters.redis_client import TIMEOUT_SECONDS, redis_client
from ccmanage.admission.counting import MAX_LEASE_MS, Call, CountersAway
from ccmanage.admission.rules import CONCURRENCY, Counts
from ccmanage.core.logging import get_logger

log = get_logger(__name__)

# A counter outlives its window a little: clocks of hosts differ.
_MARGIN_MS = 60_000

_TAKE = f"""
local out = {{}}
for at, call in ipairs(cmsgpack.unpack(ARGV[1])) do
  local key, now, take, frames, most, lease, till = unpack(call)
  local counts, blocked, under = {{}}, 0, 0
  for place, frame in ipairs(frames) do
    local found = tonumber(redis.call('GET', 'ccmanage:requests:' .. key .. ':' .. frame[1]) or '0')
    counts[place] = found
    if found >= frame[2] and blocked == 0 then blocked = place end
  end
  local leases = 'ccmanage:leases:' .. key
  if most > 0 then
    redis.call('ZREMRANGEBYSCORE', leases, '-inf', now)
    under = redis.call('ZCARD', leases)
    if under >= most and blocked == 0 then blocked = -1 end
  end
  if take and blocked == 0 then
    for place, frame in ipairs(frames) do
      local name = 'ccmanage:requests:' .. key .. ':' .. frame[1]
      counts[place] = redis.call('INCR', name)
      if counts[place] == 1 then redis.call('PEXPIRE', name, frame[3]) end
    end
    if most > 0 and lease ~= '' then
      redis.call('ZADD', leases, till, lease)
      redis.call('PEXPIRE', leases, {MAX_LEASE_MS + _MARGIN_MS})
      redis.call('SET', 'ccmanage:lease:' .. lease, key, 'PX', {MAX_LEASE_MS + _MARGIN_MS})
      under = under + 1
    end
  end
  out[at] = {{blocked, under, counts}}
end
return out
"""
_RELEASE = """
local ended = 0
for _, lease in ipairs(ARGV) do
  local key = redis.call('GET', 'ccmanage:lease:' .. lease)
  if key then
    redis.call('DEL', 'ccmanage:lease:' .. lease)
    ended = ended + redis.call('ZREM', 'ccmanage:leases:' .. key, lease)
  end
end
return ended
"""
_pack = msgspec.msgpack.Encoder().encode


class _Script:
    """A script by its digest; sent whole only when Redis does not know it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._digest = sha1(text.encode(), usedforsecurity=False).hexdigest()

    async def run(self, client: "redis.asyncio.Redis", *values: Any) -> Any:
        """Run it with these arguments."""
        try:
            return await client.execute_command("EVALSHA", self._digest, 0, *values)  # type: ignore[no-untyped-call]
        except NoScriptError:
            return await client.execute_command("EVAL", self._text, 0, *values)  # type: ignore[no-untyped-call]


class RedisCounters:
    """Counters that all processes share. Made in the event loop that uses it; raises CountersAway."""

    def __init__(self, url: str) -> None:
        self._client = redis.asyncio.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1, (redis.ConnectionError,)),
        )
        self._take, self._release = _Script(_TAKE), _Script(_RELEASE)

    async def take(self, calls: Sequence[Call]) -> list[Counts]:
        """Count calls."""
        try:
            found = await self._take.run(self._client, _pack([_packed(call) for call in calls]))
        except (RedisError, OSError) as error:
            raise CountersAway(str(error)) from error
        return [_counts(call, *answer) for call, answer in zip(calls, found, strict=True)]

    async def release(self, leases: Sequence[bytes]) -> int:
        """End calls under way."""
        if not leases:
            return 0
        try:
            return int(await self._release.run(self._client, *_named(leases)))
        except (RedisError, OSError) as error:
            raise CountersAway(str(error)) from error

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()


def _named(leases: Sequence[bytes]) -> list[str]:
    # Redis' unpacker knows no bytes, only texts.
    return [lease.hex() for lease in leases]


def _packed(call: Call) -> tuple[Any, ...]:
    frames = [
        (f"{name}:{starts_at}", limit, max(resets_at - call.now, 0) + _MARGIN_MS)
        for name, limit, starts_at, resets_at in call.frames
    ]
    return str(call.key_id), call.now, call.take, frames, call.concurrency, call.lease.hex(), call.lease_until


def _counts(call: Call, blocked: int, leases: int, requests: list[int]) -> Counts:
    blocked_by = "" if not blocked else CONCURRENCY if blocked < 0 else call.frames[blocked - 1].name
    return Counts(requests, leases, blocked_by)


class RedisLeases:
    """Ends leases from threads, for those who settle. Redis may be away: then they run out by themselves."""

    def __init__(self, url: str) -> None:
        self._client = redis_client(url)

    def release_now(self, leases: Sequence[bytes]) -> int:
        """End calls under way; returns how many there were."""
        try:
            return int(self._client.eval(_RELEASE, 0, *_named(leases))) if leases else 0
        except (RedisError, OSError) as error:
            log.warning("leases_kept", count=len(leases), error=type(error).__name__)
            return 0
