"""The web app as a whole: Dash's page behind our gate."""

import json
import re

import pytest

from dashboard.app import assets_folder
from dashboard.views.wall import CONFIG_ID
from tests.support.pages import log_in, serving


async def test_the_wall_links_the_style_sheets_in_order_and_runs_the_bridge_before_them_all_paint(
    redis_url: str,
) -> None:
    async with serving(redis_url) as visitor:
        await log_in(visitor)
        page = (await visitor.get("/wall")).text
        sheets = re.findall(r"/assets/([a-z0-9-]+\.css)", page)
        assert sheets == [
            "00-tokens.css",
            "10-base.css",
            "20-layout.css",
            "30-panels.css",
            "40-map.css",
            "50-review.css",
            "60-findings.css",
        ]
        assert page.index("00-bridge.js") < page.index("<body>")
        assert page.count("00-bridge.js") == 1
        assert ".mjs" not in page


async def test_every_inline_script_of_the_page_is_named_by_the_policy(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        await log_in(visitor)
        answer = await visitor.get("/wall")
        inline = re.findall(r"<script(?![^>]*src=)([^>]*)>", answer.text)
        runs = [tag for tag in inline if "application/json" not in tag]
        assert len(runs) == len(re.findall(r"'sha256-", answer.headers["content-security-policy"])) == 1


async def test_the_page_is_told_nothing_of_dashs_own_websocket(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        await log_in(visitor)
        config = re.search(r'id="_dash-config"[^>]*>(.*?)</script>', (await visitor.get("/wall")).text)
        assert config is not None
        assert "websocket" not in json.loads(config[1])


async def test_the_page_of_recordings_asks_for_its_layout_at_an_address_of_its_own(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        assert (await visitor.get("/review/_dash-layout")).status_code == 401
        assert (await visitor.get("/review?at=2026-11-27T20:00:00Z")).headers["location"] == (
            "/login?next=/review%3Fat%3D2026-11-27T20%3A00%3A00Z"
        )
        await log_in(visitor)
        for path, asks in (("/wall", "/"), ("/review", "/review/")):
            config = re.search(r'id="_dash-config"[^>]*>(.*?)</script>', (await visitor.get(path)).text)
            assert config is not None
            assert json.loads(config[1])["requests_pathname_prefix"] == asks
        entries = [(await visitor.get(f"{path}/_dash-layout")).json()["props"]["children"][0]["props"]["data-entry"]
                   for path in ("", "/review")]  # fmt: skip
        assert entries == ["/assets/map/map.mjs", "/assets/review/review.mjs"]
        assert (await visitor.get("/review/_dash-dependencies")).json() == []
        script = await visitor.get("/review/_dash-component-suites/plotly/package_data/plotly.min.js")
        assert script.headers["location"] == "/_dash-component-suites/plotly/package_data/plotly.min.js"
        assert (await visitor.get("/review/nope")).status_code == 404


async def test_plotly_comes_compressed(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        await log_in(visitor)
        answer = await visitor.get("/_dash-component-suites/plotly/package_data/plotly.min.js")
        assert answer.status_code == 200
        assert answer.headers["content-encoding"] == "gzip"


async def test_the_layout_carries_no_callback_that_writes(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        await log_in(visitor)
        assert (await visitor.get("/_dash-dependencies")).json() == []


def test_the_assets_are_the_checkouts() -> None:
    assert (assets_folder() / "00-bridge.js").is_file()


@pytest.mark.parametrize("kind", ["wall", "desk", "field"])
async def test_the_page_is_told_the_kind_of_its_account(redis_url: str, kind: str) -> None:
    async with serving(redis_url) as visitor:
        await log_in(visitor, kind)
        layout = (await visitor.get("/_dash-layout")).json()
        config = next(part for part in layout["props"]["children"] if part["props"].get("id") == CONFIG_ID)
        assert json.loads(config["props"]["data-config"])["kind"] == kind


@pytest.mark.parametrize("path", ["/basemap", "/basemap/", "/basemap/nope", "/basemap/a/b/c.mvt", "/api/nope", "/api"])
async def test_programs_are_told_in_json_that_there_is_nothing(redis_url: str, path: str) -> None:
    async with serving(redis_url) as visitor:
        answer = await visitor.get(path)
        assert answer.status_code == 404
        assert answer.json() == {"error": "There is nothing here."}
