"""Tiles like Chicago's, made here: the real ones are not part of the project."""

from pathlib import Path

import numpy as np
import pytest
import shapely

from layers import basemap_chicago, basemap_layers
from layers.geodata import Frame, frame, write_tiles
from layers.mercator import tile_box

PLACE = (13, 2100, 3045)
BOX = tile_box(*PLACE)


def _line(y: float, x0: float = -200, x1: float = 5100) -> shapely.LineString:
    return shapely.LineString([(BOX[0] + x0, BOX[1] + y), (BOX[0] + x1, BOX[1] + y)])


def _tile(folder: Path, parts: dict[str, Frame]) -> None:
    data = b""
    for name, part in parts.items():
        write_tiles(part, name, folder / f"raw-{name}", (13, 13))
        data += (folder / f"raw-{name}" / "13" / "2100" / "3045.pbf").read_bytes()
    (folder / "13-2100-3045.mvt").write_bytes(data)


@pytest.fixture
def city(tmp_path: Path) -> basemap_layers.Layers:
    classes = ["motorway", "street", "primary", "ferry", "construction", "major_rail", "service"]
    crossing = shapely.LineString([(BOX[0] + 2000, BOX[1] - 100), (BOX[0] + 2000, BOX[3] + 100)])
    road = frame(
        [*(_line(500.0 * (i + 1)) for i in range(len(classes))), crossing],
        **{"class": [*classes, "street"], "type": [*classes, "residential"]},
        structure=["bridge", *["none"] * 7],
    )
    label = frame(
        [_line(500), _line(1500)],
        name=["Kennedy Expy", "W Ogden Ave"],
        **{"class": ["motorway", "primary"]},
        ref=["90·94", "34"],
        shield=["us-interstate-duplex", "us-state"],
    )
    lake = frame([shapely.box(BOX[0] + 3000, BOX[1], BOX[2] + 300, BOX[3])], area=[1])
    park = frame([shapely.box(BOX[0], BOX[1], BOX[0] + 900, BOX[1] + 900)], **{"class": ["park"], "type": ["park"]})
    place = frame(
        [shapely.Point(BOX[0] + 50, BOX[1] + 50), shapely.Point(BOX[0] + 90, BOX[1] + 90)],
        name=["Chicago", "Greektown"],
        type=["city", "neighbourhood"],
        localrank=[1, 4],
    )
    _tile(tmp_path, {"road": road, "road_label": label, "water": lake, "landuse": park, "place_label": place})
    return basemap_chicago.layers(basemap_chicago.read_tiles(tmp_path))


def test_roads_get_their_kind_and_ferries_and_sites_under_construction_are_not_drawn(
    city: basemap_layers.Layers,
) -> None:
    roads = city.layers["roads"]
    assert set(roads["kind_detail"]) == {"motorway", "minor", "primary", "rail", "service"}
    assert roads.loc[roads["kind"] == "highway", "structure"].tolist() == ["bridge"]


def test_what_a_tile_draws_beyond_its_edge_is_cut_off(city: basemap_layers.Layers) -> None:
    box = shapely.box(*BOX).buffer(0.01)
    for name in ("roads", "water", "landuse", "road_labels"):
        assert city.layers[name].within(box).all(), name


def test_an_interstate_is_shown_by_its_number_and_a_state_road_is_not(city: basemap_layers.Layers) -> None:
    labels = city.layers["road_labels"]
    shown = dict(zip(labels["name"], labels["ref"], strict=True))
    assert shown == {"Kennedy Expy": "I-90/94", "W Ogden Ave": ""}


def test_a_city_is_named_before_its_neighbourhoods(city: basemap_layers.Layers) -> None:
    places = city.layers["places"]
    first = dict(zip(places["name"], places["min_zoom"], strict=True))
    assert first["Chicago"] < first["Greektown"]


def test_the_streets_to_drive_on_leave_out_rails_and_service_ways(city: basemap_layers.Layers) -> None:
    made = basemap_layers.streets(city)
    assert np.unique(made.kind).tolist() == [0, 1, 2]
    assert {str(n) for n in made.names if n} == {"Kennedy Expy", "W Ogden Ave"}
    # motorway, street and primary across, one street along: three crossings on it and its two ends, and six ends
    assert len(made.lon) == 11


def test_the_bounds_are_the_thirty_tiles(city: basemap_layers.Layers) -> None:
    assert city.bounds == pytest.approx((-87.803, 41.771, -87.583, 41.968), abs=1e-3)
    assert "not for operations" in city.attribution


def test_a_folder_without_tiles_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no vector tiles"):
        basemap_chicago.read_tiles(tmp_path)
