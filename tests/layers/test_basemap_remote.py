import time

import pytest

from layers.basemap import BasemapError
from layers.basemap_remote import RemoteTiles
from layers.basemap_source import open_source
from tests.support.tiles import tile_server


def test_a_tile_server_is_asked_by_us_once_per_tile() -> None:
    with tile_server() as server:
        source = open_source(server.template)
        assert source.tile(3, 2, 1) == b"tile"
        assert source.tile(3, 2, 1) == b"tile"
        assert server.asked == ["/3/2/1.mvt"]
        source.close()


def test_a_tile_the_server_does_not_have_is_none() -> None:
    with tile_server() as server:
        server.status = 404
        source = open_source(server.template)
        assert source.tile(3, 2, 1) is None
        assert source.notice == ""
        source.close()


@pytest.mark.parametrize("status", [500, 302, 401])
def test_a_server_that_fails_costs_its_tiles_says_so_and_is_left_in_peace(status: int) -> None:
    with tile_server() as server:
        server.status = status
        source = open_source(server.template)
        assert source.tile(3, 2, 1) is None
        assert source.tile(3, 2, 2) is None
        assert len(server.asked) == 1
        assert "does not answer" in source.notice
        source.close()


def test_a_server_that_hangs_is_given_up_in_time() -> None:
    with tile_server() as server:
        server.silent.set()
        source = RemoteTiles(server.template, timeout=0.2)
        began = time.monotonic()
        assert source.tile(3, 2, 1) is None
        assert time.monotonic() - began < 2
        source.close()


def test_an_endless_tile_is_not_taken() -> None:
    with tile_server() as server:
        server.body = bytes(5 * 1024 * 1024)
        source = open_source(server.template)
        assert source.tile(3, 2, 1) is None
        source.close()


def test_nobody_listening_is_no_error() -> None:
    with tile_server() as server:
        template = server.template
    source = open_source(template)
    assert source.tile(3, 2, 1) is None
    source.close()


@pytest.mark.parametrize("address", ["ftp://host/{z}/{x}/{y}", "https:///{z}/{x}/{y}", "https://host/{z}/{x}.mvt"])
def test_an_address_of_another_form_is_an_error(address: str) -> None:
    with pytest.raises(BasemapError):
        open_source(address)


def test_images_are_known_by_the_address() -> None:
    source = open_source("https://tiles.example/{z}/{x}/{y}.png")
    assert source.about.image
    assert source.about.attribution == "tiles from tiles.example"
    source.close()
