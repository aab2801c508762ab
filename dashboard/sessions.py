"""Log-in sessions in Redis: the cookie is an opaque random id, the key is its SHA-256.

A dump of Redis gives nobody a session. Web and hub both look here, so ending a session ends it everywhere.
"""

import hashlib
import secrets
from typing import cast

import msgspec
import redis.asyncio as redis
from redis.exceptions import RedisError

from dashboard.viewer import Viewer
from feeds.errors import BusDown
from feeds.names import session_key

_TIMEOUT_S = 1.0

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Viewer).decode


def _key(cookie: str) -> str:
    return session_key(hashlib.sha256(cookie.encode()).hexdigest())


class Sessions:
    """The store. One per process."""

    def __init__(self, redis_url: str, lasts_s: float) -> None:
        self._redis = redis.from_url(redis_url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S)
        self._lasts_s = int(lasts_s)

    async def begin(self, viewer: Viewer) -> str:
        """Keep a new session and return its cookie. Raises BusDown."""
        cookie = secrets.token_urlsafe(32)
        try:
            await self._redis.set(_key(cookie), _encode(viewer), ex=self._lasts_s)
        except (RedisError, OSError) as error:
            raise BusDown("sessions cannot be written") from error
        return cookie

    async def find(self, cookie: str) -> Viewer | None:
        """Return who holds the cookie, or None when it ended or never was. Raises BusDown."""
        try:
            data = await self._redis.get(_key(cookie))
        except (RedisError, OSError) as error:
            raise BusDown("sessions cannot be read") from error
        try:
            return _decode(cast(bytes, data)) if data else None
        except msgspec.DecodeError:
            return None

    async def end(self, cookie: str) -> None:
        """End the session. Raises BusDown."""
        try:
            await self._redis.delete(_key(cookie))
        except (RedisError, OSError) as error:
            raise BusDown("sessions cannot be ended") from error

    async def ping(self) -> bool:
        """Say whether the store answers within a second."""
        try:
            return bool(await self._redis.ping())
        except (RedisError, OSError):
            return False

    async def close(self) -> None:
        """Let go of the connections."""
        await self._redis.aclose()
