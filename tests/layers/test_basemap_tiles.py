import gzip
from pathlib import Path

import shapely
from pmtiles.reader import MmapSource, Reader

from layers.basemap_layers import Layers
from layers.basemap_tiles import write
from layers.geodata import box_of, frame
from layers.mercator import to_metres
from layers.mvt import layer_names
from tests.support.tiles import helsinki, tiles_of

BOUNDS = (-87.7, 41.85, -87.6, 41.9)


def _layers() -> Layers:
    street = shapely.LineString([to_metres(-87.69, 41.86), to_metres(-87.61, 41.89)])
    roads = frame([street, street], kind=["highway", "minor_road"], min_zoom=[6, 13])
    earth = frame([box_of(BOUNDS)], min_zoom=6)
    return Layers(BOUNDS, "© somebody", {"earth": earth, "roads": roads})


def test_all_layers_of_a_place_are_in_one_tile(tmp_path: Path) -> None:
    write(_layers(), tmp_path / "a.pmtiles", "a")
    tiles = tiles_of(tmp_path / "a.pmtiles")
    assert {z for z, _, _ in tiles} == set(range(6, 15))
    assert all(set(layer_names(t)) <= {"earth", "roads"} for t in tiles.values())
    assert any(layer_names(t) == ["earth", "roads"] for t in tiles.values())


def test_a_feature_is_in_no_tile_before_its_first_zoom(tmp_path: Path) -> None:
    write(_layers(), tmp_path / "a.pmtiles", "a")
    for (z, _, _), tile in tiles_of(tmp_path / "a.pmtiles").items():
        assert (b"minor_road" in gzip.decompress(tile)) <= (z >= 13)


def test_the_archive_says_whose_data_it_is_and_what_is_in_it(tmp_path: Path) -> None:
    write(_layers(), tmp_path / "a.pmtiles", "a")
    with (tmp_path / "a.pmtiles").open("rb") as file:
        reader = Reader(MmapSource(file))
        head, metadata = reader.header(), reader.metadata()
    assert metadata["attribution"] == "© somebody"
    assert [row["id"] for row in metadata["vector_layers"]] == ["earth", "roads"]
    assert head["min_lon_e7"] == -876000000 - 1000000
    assert (head["min_zoom"], head["max_zoom"]) == (6, 14)


def test_the_same_layers_make_the_same_bytes(tmp_path: Path) -> None:
    write(_layers(), tmp_path / "a.pmtiles", "a")
    write(_layers(), tmp_path / "b.pmtiles", "a")
    assert (tmp_path / "a.pmtiles").read_bytes() == (tmp_path / "b.pmtiles").read_bytes()
    assert not list(tmp_path.glob("*.partial"))


def test_a_real_city_is_small() -> None:
    assert helsinki().archive.stat().st_size < 400_000
