"""Redis with a deadline on everything: it carries nudges and caches, so nobody waits long for it."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_SECONDS = 0.4


def redis_client(url: str) -> "redis.Redis":
    """Return a client that connects lazily, gives up within half a second and reconnects by itself.

    A connection found broken (Redis was restarted) is tried anew once; a silent server is not.
    """
    return redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 1, (redis.ConnectionError,)),
    )
