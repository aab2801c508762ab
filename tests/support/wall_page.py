"""The real wall page in a real browser, fed by the made-up city: the web process, its Redis, a log-in, a tab.

The stream comes from `tests.support.fake_hub`; all else is the product.
"""

import asyncio
import contextlib
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, BrowserContext, Error, Page, async_playwright

from dashboard import cli
from dashboard.free_ports import free_ports
from dashboard.sessions import Sessions
from dashboard.viewer import COOKIE, Viewer
from feeds import embedded_redis
from feeds.names import AgencyId

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["dashboard.web"])
"""What takes two seconds to import is imported once for all web processes of a run."""
CHROMIUM = os.environ.get("CHROME", "/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_HASH = "$argon2id$v=19$m=1024,t=1,p=1$YtqztJNkfrKbgIp3M7k9BA$vZTiaOoqJ4wlbFg1bSVsoEJCWUfYR+WVT3jujqb7qKc"
"""Of a password that is not kept: pages come in by their session."""
_READY_S = 20.0


class Web:
    """The web process of a site whose stream is on `live_port`."""

    def __init__(self, port: int, cookie: str, process: ForkServerProcess) -> None:
        self.port, self.cookie, self._process = port, cookie, process

    @property
    def url(self) -> str:
        """Address of the pages."""
        return f"http://127.0.0.1:{self.port}"

    def freeze(self) -> None:
        """Stop the process where it is (SIGSTOP)."""
        os.kill(self._process.pid or 0, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self._process.pid or 0, signal.SIGCONT)


@contextlib.asynccontextmanager
async def web(
    live_port: int,
    view: tuple[float, float, float] = (-87.66, 41.868, 11.6),
    review_port: int = 0,
    kind: Literal["wall", "desk"] = "wall",
) -> AsyncIterator[Web]:
    """Run the web process of a site whose stream is on `live_port`; `view` is where its map starts.

    `review_port`: where its recordings are; nowhere without it. `kind`: of who looks.
    """
    with tempfile.TemporaryDirectory(prefix="wall-") as folder:
        redis = embedded_redis.start(Path(folder) / "redis", "no")
        try:
            port, no_review = free_ports(2)
            site = Path(folder) / "site.toml"
            site.write_text(
                f'[site]\nname = "Joint Command Centre"\ntimezone = "America/Chicago"\ndemo = true\nport = {port}\n'
                f"live_port = {live_port}\nreview_port = {review_port or no_review}\nview = {list(view)}\n"
                f'data_dir = "{folder}/data"\n'
                '[[agency]]\nid = "jocc"\nname = "Joint Command"\ntag = "JOCC"\n'
                f'[[account]]\nname = "{kind}"\nagency = "jocc"\nkind = "{kind}"\npassword_hash = "{_HASH}"\n'
            )
            sessions = Sessions(redis.url, 3600)
            viewer = Viewer(name=kind, agency=AgencyId("jocc"), roles=("wall",), kind=kind)
            cookie = await sessions.begin(viewer)
            await sessions.close()
            process = _FORKS.Process(target=_serve_pages, args=(str(site), redis.url))
            process.start()
            try:
                await _listens(port, process)
                yield Web(port, cookie, process)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid or 0, signal.SIGCONT)
                process.terminate()
                await asyncio.to_thread(process.join, 5)
                process.kill()
                await asyncio.to_thread(process.join)
        finally:
            redis.stop()


def _serve_pages(site: str, redis_url: str) -> None:
    """Be the product's own web process."""
    os.environ["REDIS_URL"] = redis_url
    sys.exit(cli.main(["web", "--config", site]))


async def _listens(port: int, process: ForkServerProcess) -> None:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        assert process.exitcode is None, f"the web process ended with {process.exitcode}"
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"the web process does not listen after {_READY_S:g} s")


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run the machine's own browser, headless, with software graphics."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


class Tab:
    """A tab on the wall, with what it said."""

    def __init__(self, page: Page, context: BrowserContext) -> None:
        self.page, self.context = page, context
        self.problems: list[str] = []
        """Errors and warnings of the console, and requests that left the site."""

    async def eval(self, script: str) -> Any:
        """Return what `script` (an expression) gives."""
        return await self.page.evaluate(script)

    async def _value(self, script: str) -> Any:
        try:
            return await self.page.evaluate(script)
        except Error as error:
            if "context was destroyed" in str(error):  # the page loads itself again, as one that was late does
                return None
            raise

    async def until(self, script: str, within: float = 45.0) -> Any:
        """Wait until `script` gives something true, and return it."""
        deadline = time.monotonic() + within
        while True:
            value = await self._value(script)
            if value:
                return value
            assert time.monotonic() < deadline, f"not within {within:g} s: {script}; console: {self.problems[-5:]}"
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def wall(
    browser: Browser, site: Web, width: int = 1920, height: int = 1080, path: str = "/wall", **options: Any
) -> AsyncIterator[Tab]:
    """Open the wall, or another page, in a tab of its own, logged in; `options` go to the browser's context."""
    context = await browser.new_context(viewport={"width": width, "height": height}, **options)
    await context.add_cookies([{"name": COOKIE, "value": site.cookie, "url": site.url}])
    page = await context.new_page()
    tab = Tab(page, context)
    page.on("console", lambda m: m.type in ("error", "warning") and tab.problems.append(f"{m.type}: {m.text}"))
    page.on("pageerror", lambda e: tab.problems.append(f"pageerror: {e}"))
    page.on(
        "request",
        lambda r: (
            r.url.startswith(("http", "ws"))
            and "//127.0.0.1:" not in r.url
            and tab.problems.append(f"off origin: {r.url}")
        ),
    )
    try:
        await page.goto(f"{site.url}{path}")
        yield tab
    finally:
        await context.close()


STATS = "window.jointops?.stats ? window.jointops.stats() : null"


async def stats(tab: Tab) -> dict[str, Any]:
    """Return what `window.jointops.stats()` says."""
    found: dict[str, Any] = json.loads(json.dumps(await tab.eval(STATS)))
    return found
