"""Asks the hub, or the part that plays recordings, for what it answers by HTTP (`/read/*`), with the caller's own
credential and no other."""

import asyncio
import time

import httpx
from starlette.datastructures import Headers

from dashboard.config import Settings
from dashboard.viewer import COOKIE, bearer_of, cookie_of
from feeds.errors import JointOpsError

TIMEOUT_S = 1.5
"""Longest wait for any step of an answer, seconds."""

_ALIVE_FOR_S = 1.0
_IF_NOT = "if-none-match"


class HubDown(JointOpsError):
    """The hub did not answer in time, or not at all."""


class HubReads:
    """The way to the hub. One per process; keeps no answer longer than a second and no credential at all."""

    def __init__(self, settings: Settings, port: int | None = None) -> None:
        """`port`: of another part that answers so; the hub's without it."""
        self._client = httpx.AsyncClient(
            base_url=f"http://{settings.site.host}:{settings.site.live_port if port is None else port}",
            timeout=TIMEOUT_S,
            trust_env=False,
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=0),
        )
        self._alive = False
        self._alive_until = 0.0
        self._asking = asyncio.Lock()

    async def read(self, name: str, headers: Headers, timeout_s: float = TIMEOUT_S) -> httpx.Response:
        """Return the hub's answer to `/read/<name>` for the caller of `headers`. Raises HubDown."""
        own = {}
        if token := bearer_of(headers):
            own["authorization"] = f"Bearer {token}"
        elif cookie := cookie_of(headers):
            own["cookie"] = f"{COOKIE}={cookie}"
        if _IF_NOT in headers:
            own[_IF_NOT] = headers[_IF_NOT]
        try:
            async with asyncio.timeout(timeout_s):
                return await self._client.get(f"/read/{name}", headers=own, timeout=timeout_s)
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            raise HubDown(f"the hub did not answer in {timeout_s} s") from error

    async def alive(self, timeout_s: float) -> bool:
        """Say whether the hub answers; asked at most once a second, however many ask."""
        async with self._asking:
            if time.monotonic() >= self._alive_until:
                try:
                    answer = await self.read("health", Headers(), timeout_s)
                    self._alive = answer.status_code < 500
                except HubDown:
                    self._alive = False
                self._alive_until = time.monotonic() + _ALIVE_FOR_S
            return self._alive

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()
