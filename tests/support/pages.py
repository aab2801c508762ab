"""The pages of a small site on a free port, in this process, and somebody who visits them without a browser."""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator
from typing import Any

import httpx
from argon2 import PasswordHasher

from dashboard import web
from dashboard.config import Account, Agency, ApiToken, Settings, Site
from dashboard.free_ports import free_ports

PASSWORD = "see the wall"
TOKEN = "read-only-token"
HASH = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)


def settings(port: int = 0, live_port: int = 0, **site: Any) -> Settings:
    """Return a site of one agency, an account of each kind (`wall`, `desk`, `field`) and one api token."""
    return Settings(
        site=Site(name="Joint Command Centre", timezone="America/Chicago", port=port, live_port=live_port, **site),
        agency=(Agency(id="cpd", name="Chicago Police", tag="CPD"),),
        account=(
            Account(name="wall", agency="cpd", password_hash=HASH),
            Account(name="desk", agency="cpd", password_hash=HASH, kind="desk"),
            Account(name="field", agency="cpd", password_hash=HASH, kind="field"),
        ),
        api_token=(ApiToken(name="reader", agency="cpd", token=TOKEN),),
    )


class ReadsOnly:
    """A hub that only answers `/read/*`: to one who shows a credential it says which."""

    def __init__(self) -> None:
        self.hang = False
        """Take requests and never answer."""
        self.heard: list[dict[str, str]] = []
        """Headers of each request, names in small letters."""
        self.port = 0

    async def __aenter__(self) -> "ReadsOnly":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *rest = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
        self.heard.append(headers)
        if self.hang:
            await reader.read()
        else:
            status, said = self._answer(first.split()[1], headers)
            body = json.dumps(said).encode()
            kind = b"application/geo+json" if "geojson" in first else b"application/json"
            kept = b""
            if "/read/spans/" in first:
                kept = b'ETag: "7"\r\nCache-Control: private, no-cache\r\n'
                status, body = (304, b"") if headers.get("if-none-match") == '"7"' else (status, body)
            writer.write(b"HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %d\r\n%sConnection: close\r\n\r\n%s"
                         % (status, kind, len(body), kept, body))  # fmt: skip
            with contextlib.suppress(ConnectionError):
                await writer.drain()
        writer.close()

    def _answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if "authorization" not in headers and "cookie" not in headers:
            return 401, {"error": "nobody"}
        if path == "/read/health":
            return 200, {"feeds": [{"agency": "cpd"}], "picture": {"units": 3, "incidents": 2, "cameras": 1}}
        return 200, {"type": "FeatureCollection", "features": [], "path": path}


@contextlib.asynccontextmanager
async def serving(redis_url: str, live_port: int = 0, **site: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the pages; the visitor keeps cookies and follows no redirect."""
    with tempfile.TemporaryDirectory() as folder:
        async with _serving(redis_url, live_port, {"data_dir": folder, **site}) as visitor:
            yield visitor


@contextlib.asynccontextmanager
async def _serving(redis_url: str, live_port: int, site: dict[str, Any]) -> AsyncIterator[httpx.AsyncClient]:
    stop, ready = asyncio.Event(), asyncio.Event()
    port, no_hub = free_ports(2)
    running = asyncio.create_task(web.run(settings(port, live_port or no_hub, **site), redis_url, stop, ready))
    try:
        opening = asyncio.create_task(ready.wait())
        await asyncio.wait({opening, running}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        opening.cancel()
        assert ready.is_set(), "the pages did not open"
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10) as visitor:
            yield visitor
    finally:
        stop.set()
        await asyncio.wait_for(running, 10)


async def log_in(
    visitor: httpx.AsyncClient, name: str = "wall", password: str = PASSWORD, **form: str
) -> httpx.Response:
    """Send the form as a browser does."""
    data = {"name": name, "password": password, **form}
    return await visitor.post("/login", data=data, headers={"Origin": str(visitor.base_url).rstrip("/")})
