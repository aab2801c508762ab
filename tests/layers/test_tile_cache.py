from layers.tile_cache import TileCache


def test_the_cache_forgets_the_least_used_and_stays_within_its_bytes() -> None:
    cache = TileCache(limit=1000)
    for x in range(10):
        cache.put((9, x, 0), bytes(200))
        cache.get((9, 0, 0))
    assert cache.get((9, 0, 0))[0]
    assert not cache.get((9, 1, 0))[0]
    cache.put((9, 0, 0), None)
    assert cache.get((9, 0, 0)) == (True, None)
    cache.put((9, 5, 5), bytes(5000))
    assert not cache.get((9, 5, 5))[0]
