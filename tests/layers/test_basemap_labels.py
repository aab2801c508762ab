import pytest

from layers.basemap_edge import layers as edge
from layers.basemap_labels import layers


def test_no_label_is_smaller_than_fourteen_pixels() -> None:
    for one in [*layers(), *edge((-88, 41, -87, 42))]:
        if one["type"] == "symbol":
            assert min(one["layout"]["text-size"][4::2]) >= 14, one["id"]


@pytest.mark.parametrize("schema", ["", "omt-"])
def test_a_town_takes_its_room_before_a_street(schema: str) -> None:
    names = [one["id"] for one in layers()]
    order = [names.index(f"basemap-{schema}{name}") for name in ("street", "street-main", "area", "town", "city")]
    assert order == sorted(order)


def test_words_fall_back_on_a_face_every_machine_has() -> None:
    assert {one["layout"]["text-font"][-1] for one in layers()} == {"sans-serif"}
