import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.mercator import tile_at, tile_bounds, tile_box, to_degrees, to_metres


@given(st.floats(-179.9, 179.9), st.floats(-85, 85))
def test_a_place_comes_back_from_the_plane(lon: float, lat: float) -> None:
    x, y = to_metres(lon, lat)
    back = to_degrees(np.array([x]), np.array([y]))
    assert back[0][0] == pytest.approx(lon, abs=1e-9)
    assert back[1][0] == pytest.approx(lat, abs=1e-9)


@given(st.integers(0, 18), st.floats(-179.9, 179.9), st.floats(-84, 84))
def test_a_place_lies_in_the_tile_that_is_said_to_hold_it(z: int, lon: float, lat: float) -> None:
    west, south, east, north = tile_bounds(z, *tile_at(z, lon, lat))
    assert west - 1e-9 <= lon <= east + 1e-9
    assert south - 1e-9 <= lat <= north + 1e-9


def test_rows_of_tiles_count_from_the_north() -> None:
    assert tile_box(1, 0, 0)[1] == 0
    assert tile_at(1, -90, 60) == (0, 0)
    assert tile_at(1, 90, -60) == (1, 1)
