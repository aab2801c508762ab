import gzip

from hypothesis import given
from hypothesis import strategies as st

from layers.mvt import layer_names
from tests.support.tiles import helsinki, tiles_of


def test_a_tile_tells_the_names_of_its_layers() -> None:
    tiles = tiles_of(helsinki().archive)
    busiest = max(tiles.values(), key=len)
    assert {"earth", "roads", "road_labels", "buildings"} <= set(layer_names(busiest))
    assert layer_names(gzip.decompress(busiest)) == layer_names(busiest)


@given(st.binary(max_size=200))
def test_junk_has_no_layers_and_raises_nothing(junk: bytes) -> None:
    assert isinstance(layer_names(junk), list)
    assert layer_names(b"\x1f\x8b" + junk) == []
