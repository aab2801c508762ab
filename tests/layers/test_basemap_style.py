import itertools
import json
import re

import pytest

from layers.basemap_edge import FADE
from layers.basemap_source import WORLD, About
from layers.basemap_style import THEMES, style, themes
from layers.style_layer import SOURCE
from tests.support.tiles import helsinki

TILES = "http://host/basemap/{z}/{x}/{y}.mvt"
OURS = About(vector_layers=("earth", "water", "roads", "road_labels", "places"), bounds=(-88, 41, -87, 42))
GROUNDS = ("#14181C", "#20262B", "#2A3138")
AREAS = ("void", "earth", "water", "green", "built", "building")


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(a: str, b: str) -> float:
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    "held", [("roads",), ("transportation", "water", "place"), ("earth", "water", "roads", "places"), ("nothing",)]
)
def test_no_layer_names_a_source_layer_that_is_absent(held: tuple[str, ...]) -> None:
    made = style(About(vector_layers=held), TILES)
    assert {one["source-layer"] for one in made["layers"] if "source-layer" in one} <= set(held)


def test_there_are_no_glyphs_and_no_sprite_to_fetch_and_no_address_but_the_tiles() -> None:
    made = style(OURS, TILES)
    assert "glyphs" not in made
    assert "sprite" not in made
    assert set(re.findall(r"https?://[^\"]+", json.dumps(made))) == {TILES}


def test_every_name_of_a_layer_is_there_once() -> None:
    names = [one["id"] for one in style(About(), TILES)["layers"]]
    assert len(names) == len(set(names))
    assert all(name.startswith("basemap-") for name in names)


def test_every_role_has_its_paint_in_every_theme() -> None:
    assert tuple(themes()) == THEMES
    assert len({frozenset(table) for table in themes().values()}) == 1
    roles = {role for one in style(About(), TILES)["layers"] for role in one["metadata"]["roles"].values()}
    assert roles <= set(themes()["dark"])


@pytest.mark.parametrize("theme", THEMES)
def test_no_colour_is_left_unpainted(theme: str) -> None:
    assert '"@' not in json.dumps(style(About(), TILES, theme))


def test_dark_areas_stay_within_the_grounds_that_marks_are_proven_on() -> None:
    lowest, highest = (f(_luminance(g) for g in GROUNDS) for f in (min, max))
    for role in AREAS:
        assert lowest * 0.98 <= _luminance(str(themes()["dark"][role])) <= highest, role


def test_streets_are_told_from_the_ground_and_from_each_other_by_rank() -> None:
    for theme, table in themes().items():
        ranks = [_contrast(str(table[r]), str(table["earth"])) for r in ("minor", "tertiary", "primary", "motorway")]
        assert ranks == sorted(ranks), theme
        assert ranks[-1] >= 1.7, theme


@pytest.mark.parametrize(
    ("theme", "label"), list(itertools.product(THEMES, ("label-place", "label-town", "label-street", "label-ref")))
)
def test_labels_can_be_read(theme: str, label: str) -> None:
    table = themes()[theme]
    for ground in ("earth", "halo", "green"):
        assert _contrast(str(table[label]), str(table[ground])) >= (4.5 if theme != "night" else 2.5), ground


def test_the_map_ends_softly_unless_it_is_the_world() -> None:
    assert FADE in style(OURS, TILES)["sources"]
    assert FADE not in style(About(bounds=WORLD), TILES)["sources"]
    names = [one["id"] for one in style(OURS, TILES)["layers"]]
    assert names.index("basemap-fade") > names.index("basemap-city")  # words fade too


def test_images_are_dimmed_and_greyed() -> None:
    made = style(About(image=True), TILES)
    image = made["layers"][-1]
    assert made["sources"][SOURCE]["type"] == "raster"
    assert image["paint"]["raster-brightness-max"] < 0.5
    assert image["paint"]["raster-saturation"] < -0.5


def test_the_attribution_and_the_notice_are_in_the_style() -> None:
    made = style(About(attribution="© somebody", notice="old data"), TILES)
    assert made["sources"][SOURCE]["attribution"] == "© somebody"
    assert made["metadata"]["notice"] == "old data"


def test_a_built_city_shows_its_streets_water_and_names() -> None:
    from layers.basemap_source import open_source

    about = open_source("", helsinki().archive.parent).about
    shown = {one["id"] for one in style(about, TILES)["layers"]}
    assert {"basemap-water", "basemap-primary", "basemap-street", "basemap-area", "basemap-building"} <= shown
    assert not any("omt-" in name for name in shown)
