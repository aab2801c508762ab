"""The gate in front of every page."""

from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from dashboard.front import Front
from dashboard.viewer import Gate
from feeds.embedded_redis import EmbeddedRedis
from tests.support.pages import TOKEN, log_in, serving, settings


class NoSessions:
    """Nobody is logged in."""

    async def find(self, cookie: str) -> None:
        return None


def front(**site: str) -> Front:
    async def nothing(*_: object) -> None: ...

    site_ = settings(live_port=8051, **site)
    return Front(nothing, site_, Gate(site_, NoSessions()), ["'sha256-x'"])


def test_the_policy_lets_a_page_speak_to_the_live_stream_of_its_own_host_and_to_nobody_else() -> None:
    policy = front().policy("wall.example.org:8050")
    assert "connect-src 'self' ws://wall.example.org:8051 ws://wall.example.org:8053;" in policy
    assert "script-src 'self' 'sha256-x';" in policy
    assert "frame-ancestors 'none'" in policy


def test_a_host_header_cannot_add_to_the_policy() -> None:
    assert "evil" not in front().policy("; script-src evil")
    assert "connect-src 'self';" in front().policy("; script-src evil")
    assert "connect-src 'self' ws://a:8051 ws://a:8053;" in front().policy("a; script-src evil")


def test_behind_a_proxy_the_stream_is_where_the_site_says() -> None:
    assert "wss://live.example.org wss://x:8053;" in front(
        live_url="wss://live.example.org/stream", public_url="https://x"
    ).policy("x")
    assert "wss://x:8051 wss://x:8053;" in front(public_url="https://x").policy("x")


async def test_every_answer_carries_the_security_headers(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        for path in ("/login", "/nope", "/api/units.geojson", "/assets/10-base.css"):
            headers = (await visitor.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert "default-src 'self'" in headers["content-security-policy"]
            assert "server" not in headers


async def test_the_browsers_files_are_asked_for_again_after_an_upgrade(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        for path in ("/assets/00-bridge.js", "/assets/panels/panels.mjs"):
            answer = await visitor.get(path)
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    ["/_dash-layout", "/_dash-dependencies", "/_reload-hash", "/_dash-component-suites/x/y.js", "/review/_dash-layout"],
)
async def test_nothing_of_dash_is_given_to_somebody_who_is_not_logged_in(redis_url: str, path: str) -> None:
    async with serving(redis_url) as visitor:
        assert (await visitor.get(path)).status_code == 401
        assert (await visitor.get(path, headers={"Cookie": "jointops_session=made-up"})).status_code == 401


async def test_a_wall_has_no_writer_but_its_log_in_and_log_out(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        await log_in(visitor)
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            for path in ("/_dash-update-component", "/wall", "/api/units.geojson", "/healthz", "/"):
                assert (await visitor.request(method, path, content=b"{}")).status_code in (403, 405)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_another_sites_page_can_change_nothing(redis_url: str, origin: str) -> None:
    async with serving(redis_url) as visitor:
        answer = await visitor.post("/login", data={"name": "a", "password": "b"}, headers={"Origin": origin})
        assert answer.status_code == 403


async def test_a_long_body_is_refused_unread(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        assert (await visitor.post("/login", content=b"x" * 20_000)).status_code == 413

        async def endless() -> AsyncIterator[bytes]:
            yield b"name=wall"

        assert (await visitor.post("/login", content=endless())).status_code == 413


async def test_no_websocket_is_served_here(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        await log_in(visitor)
        url = f"ws://127.0.0.1:{visitor.base_url.port}/_dash-ws-callback"
        cookie = "; ".join(f"{k}={v}" for k, v in visitor.cookies.items())
        with pytest.raises((InvalidStatus, OSError, EOFError)):
            async with connect(url, additional_headers={"Cookie": cookie}, open_timeout=5, proxy=None):
                pass


async def test_the_gate_itself_refuses_a_websocket() -> None:
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await front()({"type": "websocket", "path": "/_dash-ws-callback", "headers": []}, receive, send)  # type: ignore[arg-type]
    assert [message["type"] for message in sent] == ["websocket.close"]


async def test_a_program_may_show_a_bearer_token(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        authorized = {"Authorization": f"Bearer {TOKEN}"}
        assert (await visitor.get("/_dash-dependencies", headers=authorized)).status_code == 200
        assert (await visitor.get("/_dash-dependencies", headers={"Authorization": "Bearer x"})).status_code == 401


async def test_while_redis_is_down_pages_say_so_in_words_and_try_again(fresh_redis: EmbeddedRedis) -> None:
    async with serving(fresh_redis.url) as visitor:
        await log_in(visitor)
        assert (await visitor.get("/wall")).status_code == 200
        fresh_redis.stop()
        answer = await visitor.get("/wall")
        assert answer.status_code == 503
        assert "session store does not answer" in answer.text
        assert 'http-equiv="refresh"' in answer.text
        assert (await visitor.get("/_dash-layout")).json()["error"]
        told = await log_in(visitor)
        assert told.status_code == 503
        assert "Try again in a moment" in told.text


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "//["])
async def test_an_origin_that_is_no_address_is_refused_in_words(redis_url: str, origin: str) -> None:
    async with serving(redis_url) as visitor:
        answer = await visitor.post("/login", data={"name": "a", "password": "b"}, headers={"Origin": origin})
        assert answer.status_code == 403
        assert "another site" in answer.text


async def test_a_length_of_a_thousand_digits_is_refused() -> None:
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    headers = [(b"host", b"x"), (b"content-length", b"9" * 5000)]
    scope = {"type": "http", "path": "/login", "method": "POST", "headers": headers}
    await front()(scope, receive, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 413
