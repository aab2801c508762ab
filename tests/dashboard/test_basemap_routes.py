import gzip
import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from dashboard import basemap_routes
from layers.basemap_source import About, NoTiles, TileSource, open_source
from layers.mvt import layer_names
from tests.support.tiles import helsinki, mbtiles, tile_server

HERE = (14, 9326, 4742)


@pytest.fixture(scope="module")
def source() -> TileSource:
    return open_source("", helsinki().archive.parent)


async def _get(source: TileSource, path: str) -> httpx.Response:
    app = FastAPI()
    app.include_router(basemap_routes.router(source))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://wall.example:8050") as client:
        return await client.get(f"/basemap/{path}")


async def test_a_tile_comes_gzipped_and_may_be_kept_while_its_address_carries_the_build(source: TileSource) -> None:
    answer = await _get(source, f"14/9326/4742.mvt?v={source.about.build}")
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert "roads" in layer_names(answer.content)
    for other in ("14/9326/4742.mvt", "14/9326/4742.mvt?v=old"):
        answer = await _get(source, other)
        assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("place", ["14/0/0", "0/0/0", "30/1/1", "-1/-1/-1", "14/99999999999/1"])
async def test_a_place_without_a_tile_is_204(source: TileSource, place: str) -> None:
    answer = await _get(source, f"{place}.mvt")
    assert answer.status_code == 204
    assert answer.content == b""


@pytest.mark.parametrize("path", ["a/b/c.mvt", "1/2/3.png", "nope", "style.css", "1/2/3/4.mvt", ""])
async def test_what_is_no_tile_is_404(source: TileSource, path: str) -> None:
    answer = await _get(source, path)
    assert answer.status_code == 404
    assert answer.json() == {"error": "There is nothing here."}


class _Broken(TileSource):
    about = About(maxzoom=14)

    def _read(self, z: int, x: int, y: int) -> bytes | None:
        raise RuntimeError("the disk is gone")


async def test_a_source_that_breaks_is_204_and_never_5xx() -> None:
    answer = await _get(_Broken(), "3/1/1.mvt")
    assert answer.status_code == 204


@pytest.mark.parametrize("status", [500, 503, 404, 302])
async def test_whatever_a_tile_server_answers_the_page_sees_no_error(status: int) -> None:
    with tile_server() as server:
        server.status = status
        remote = open_source(server.template)
        answer = await _get(remote, "3/1/1.mvt")
        assert answer.status_code == 204
        remote.close()


async def test_a_tile_server_that_is_away_is_204_and_a_notice() -> None:
    with tile_server() as server:
        template = server.template
    remote = open_source(template)
    answer = await _get(remote, "3/1/1.mvt")
    assert answer.status_code == 204
    style = await _get(remote, "style.json")
    assert "does not answer" in style.json()["metadata"]["notice"]
    remote.close()


async def test_the_style_has_absolute_tiles_on_the_host_that_was_asked(source: TileSource) -> None:
    made = (await _get(source, "style.json")).json()
    build = source.about.build
    assert made["sources"]["basemap"]["tiles"] == [f"http://wall.example:8050/basemap/{{z}}/{{x}}/{{y}}.mvt?v={build}"]
    assert "http" not in json.dumps(made["layers"])


async def test_a_tile_server_is_not_named_to_the_browser() -> None:
    remote = open_source("https://tiles.example/secret/{z}/{x}/{y}.mvt")
    for path in ("style.json", "tiles.json"):
        answer = await _get(remote, path)
        assert "secret" not in answer.text
    remote.close()


async def test_tilejson_tells_the_layers_and_bounds(source: TileSource) -> None:
    made = (await _get(source, "tiles.json")).json()
    assert {row["id"] for row in made["vector_layers"]} == set(source.about.vector_layers)
    assert made["bounds"] == pytest.approx(helsinki().bounds, abs=1e-6)


async def test_without_a_map_the_style_is_a_ground_and_a_notice() -> None:
    style = await _get(NoTiles(), "style.json")
    assert "No street map" in style.json()["metadata"]["notice"]
    tile = await _get(NoTiles(), "0/0/0.mvt")
    assert tile.status_code == 204


async def test_images_say_what_they_are(tmp_path: Path) -> None:
    images = open_source(str(mbtiles(tmp_path / "a.mbtiles", {"format": "png"}, {(0, 0, 0): b"\x89PNG rest"})))
    answer = await _get(images, "0/0/0.mvt")
    assert answer.headers["content-type"] == "image/png"
    images.close()


async def test_plain_tiles_are_not_called_gzipped(tmp_path: Path) -> None:
    tile = gzip.decompress(open_source("", helsinki().archive.parent).tile(*HERE) or b"")
    plain = open_source(str(mbtiles(tmp_path / "a.mbtiles", {"format": "pbf"}, {(0, 0, 0): tile})))
    answer = await _get(plain, "0/0/0.mvt")
    assert "content-encoding" not in answer.headers
    assert answer.content == tile
    plain.close()


def test_a_process_that_serves_a_built_map_never_loads_geopandas() -> None:
    code = (
        "import sys, dashboard.web, dashboard.hub, dashboard.cli; from pathlib import Path\n"
        "from layers.basemap_source import open_source\n"
        f"assert open_source('', Path({str(helsinki().archive.parent)!r})).about.vector_layers\n"
        "print([name for name in ('geopandas', 'pandas', 'pyogrio', 'pyproj', 'shapely') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
