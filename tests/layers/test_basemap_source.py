import gzip
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from layers import basemap_fetch
from layers.basemap import BasemapError
from layers.basemap_source import MBTilesSource, NoTiles, PMTilesSource, open_source, plain_text, unzipped
from layers.mvt import layer_names
from tests.support.tiles import helsinki, mbtiles, tiles_of


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    copy = tmp_path / "city.pmtiles"
    copy.write_bytes(helsinki().archive.read_bytes())
    return copy


def test_the_built_map_is_what_an_empty_setting_means() -> None:
    made = helsinki()
    source = open_source("", made.archive.parent)
    assert source.notice == made.notice
    assert source.about.build == made.build
    assert source.about.bounds == pytest.approx(made.bounds, abs=1e-6)
    assert (source.about.minzoom, source.about.maxzoom) == (6, 14)


def test_without_a_built_map_there_is_a_plain_ground_and_a_notice(tmp_path: Path) -> None:
    source = open_source("", tmp_path)
    assert isinstance(source, NoTiles)
    assert "No street map" in source.notice
    assert source.tile(0, 0, 0) is None


def test_every_tile_of_a_pmtiles_archive_is_served_as_stored(archive: Path) -> None:
    source = open_source(str(archive))
    assert isinstance(source, PMTilesSource)
    for place, tile in tiles_of(archive).items():
        assert source.tile(*place) == tile


@pytest.mark.parametrize("place", [(0, 0, 0), (14, 0, 0), (14, -1, 5), (14, 1 << 14, 0), (99, 0, 0), (-1, 0, 0)])
def test_a_place_without_a_tile_is_none(archive: Path, place: tuple[int, int, int]) -> None:
    assert open_source(str(archive)).tile(*place) is None


def test_rows_of_mbtiles_are_turned_around(tmp_path: Path) -> None:
    tiles = {(3, 2, 1): gzip.compress(b"north"), (3, 2, 6): gzip.compress(b"south")}
    source = open_source(str(mbtiles(tmp_path / "a.mbtiles", {"format": "pbf", "bounds": "-10,-20,30,40"}, tiles)))
    assert isinstance(source, MBTilesSource)
    assert unzipped(source.tile(3, 2, 1) or b"") == b"north"
    assert unzipped(source.tile(3, 2, 6) or b"") == b"south"
    assert source.about.bounds == (-10, -20, 30, 40)
    assert (source.about.minzoom, source.about.maxzoom) == (3, 3)
    source.close()


def test_layer_names_that_the_metadata_does_not_tell_are_read_out_of_tiles(tmp_path: Path) -> None:
    made = helsinki()
    bounds = ",".join(str(v) for v in made.bounds)
    metadata = {"format": "pbf", "bounds": bounds, "attribution": "<b>me</b> & you"}
    path = mbtiles(tmp_path / "a.mbtiles", metadata, tiles_of(made.archive))
    source = open_source(str(path))
    assert {"roads", "water", "road_labels"} <= set(source.about.vector_layers)
    assert source.about.attribution == "me &amp; you"
    source.close()


def test_image_tiles_are_known_as_images(tmp_path: Path) -> None:
    path = mbtiles(tmp_path / "a.mbtiles", {"format": "png"}, {(0, 0, 0): b"\x89PNG..."})
    source = open_source(str(path))
    assert source.about.image
    assert source.about.vector_layers == ()
    source.close()


def test_an_osm_extract_is_built_into_the_cache_and_served(tmp_path: Path) -> None:
    source = open_source(str(basemap_fetch.helsinki()), tmp_path)
    assert "roads" in source.about.vector_layers
    assert source.notice == ""


@pytest.mark.parametrize(
    "junk", [b"", b"<html>", b"\x89PNG", b"SQLite format 3\0junk", b"PMTiles\x03short", b"PMTiles\x02"]
)
def test_junk_is_an_error_that_names_the_file_and_what_is_accepted(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "junk.bin"
    path.write_bytes(junk)
    with pytest.raises(BasemapError, match=r"junk\.bin.*(PMTiles|MBTiles)"):
        open_source(str(path))
    with pytest.raises(BasemapError, match=r"nowhere.*accepted is PMTiles"):
        open_source(str(tmp_path / "nowhere"))


def test_sqlite_that_is_no_map_is_an_error(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "other.db")
    db.execute("create table t (a)")
    db.commit()
    db.close()
    with pytest.raises(BasemapError, match="not MBTiles"):
        open_source(str(tmp_path / "other.db"))
    with pytest.raises(BasemapError, match="without a tile"):
        open_source(str(mbtiles(tmp_path / "empty.mbtiles", {}, {})))


def test_an_archive_with_a_broken_middle_serves_no_tile_and_raises_nothing(archive: Path) -> None:
    data = bytearray(archive.read_bytes())
    data[127:400] = bytes(273)
    archive.write_bytes(bytes(data))
    try:
        source = open_source(str(archive))
    except BasemapError:
        return
    assert all(source.tile(*place) is None for place in ((14, 9326, 4742), (10, 582, 296)))


def test_metadata_that_makes_no_sense_is_left_out(tmp_path: Path) -> None:
    metadata = {
        "format": "pbf",
        "bounds": "200,90,-200,-90",
        "json": '{"vector_layers": [1, {"id": 5}, {"id": "roads"}]}',
    }
    source = open_source(str(mbtiles(tmp_path / "a.mbtiles", metadata, {(0, 0, 0): b"x"})))
    assert source.about.bounds[0] == -180
    assert source.about.vector_layers == ("roads",)
    source.close()


def test_many_threads_read_one_source(tmp_path: Path) -> None:
    tiles = {(6, x, y): gzip.compress(f"{x}.{y}".encode()) for x in range(8) for y in range(8)}
    source = open_source(str(mbtiles(tmp_path / "a.mbtiles", {"format": "pbf"}, tiles)))
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda place: source.tile(*place), list(tiles) * 5))
    assert got == list(tiles.values()) * 5
    source.close()


def test_foreign_text_cannot_bring_markup_into_the_page() -> None:
    assert plain_text('<a href="x">OSM</a> &copy; <script>alert(1)</script>') == "OSM © alert(1)"
    assert "<" not in plain_text("&lt;img src=x onerror=alert(1)&gt;")


def test_the_busiest_tile_still_tells_its_layers_through_the_source(archive: Path) -> None:
    source = open_source(str(archive))
    assert set(layer_names(source.tile(14, 9326, 4742) or b"")) <= set(source.about.vector_layers)
