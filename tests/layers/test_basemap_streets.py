from typing import Any

import pytest

from layers.basemap_streets import layers

RANKS = ("minor", "tertiary", "secondary", "primary", "motorway")


def _layer(name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in layers() if one["id"] == f"basemap-{name}")
    return found


@pytest.mark.parametrize("schema", ["", "omt-"])
def test_a_street_of_higher_rank_is_seen_sooner_and_drawn_wider_and_over_the_lower(schema: str) -> None:
    drawn = [_layer(schema + rank) for rank in RANKS]
    names = [one["id"] for one in layers()]
    first = [one["minzoom"] for one in drawn]
    near = [one["paint"]["line-width"][-1] for one in drawn]
    assert first == sorted(first, reverse=True)
    assert near == sorted(near)
    order = [names.index(one["id"]) for one in drawn]
    assert order == sorted(order)


def test_water_lies_over_green_and_streets_over_water() -> None:
    names = [one["id"].removeprefix("basemap-") for one in layers()]
    assert names.index("earth") < names.index("green") < names.index("water") < names.index("minor")


def test_areas_have_no_smooth_edges_for_seams_between_tiles_would_show() -> None:
    smooth = {one["id"] for one in layers() if one["type"] == "fill" and one["paint"]["fill-antialias"]}
    assert smooth == {"basemap-building", "basemap-omt-building"}
