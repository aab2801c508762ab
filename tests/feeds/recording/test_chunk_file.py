"""A file of chunks gives each back by its time."""

import pytest

from feeds.errors import DecodeError
from feeds.recording.chunk_file import chunk_at, chunk_range, encode_chunks, index_bytes, newest_chunk

BEGAN = 1_790_000_400.0
CHUNKS = [b"one", b"", b"three"]
FILE = encode_chunks(CHUNKS, BEGAN)


def test_each_is_found_by_any_time_it_tells_of() -> None:
    assert [chunk_at(FILE, BEGAN + 60 * i + after) for i in range(3) for after in (0.0, 59.9)] == [
        chunk for chunk in CHUNKS for _ in range(2)
    ]
    offset, length = chunk_range(FILE[: index_bytes(3)], BEGAN + 120)
    assert FILE[offset : offset + length] == CHUNKS[2]
    for t in (BEGAN - 1, BEGAN + 180):
        with pytest.raises(IndexError):
            chunk_at(FILE, t)


def test_the_newest_is_the_last_for_ever_after() -> None:
    assert newest_chunk(FILE, BEGAN + 119.9) == (BEGAN + 60, CHUNKS[1])
    assert newest_chunk(FILE, BEGAN + 9000) == (BEGAN + 120, CHUNKS[2])
    with pytest.raises(IndexError):
        newest_chunk(FILE, BEGAN - 0.1)
    with pytest.raises(IndexError):
        newest_chunk(encode_chunks([], BEGAN), BEGAN + 1)


@pytest.mark.parametrize("damaged", [b"", FILE[:20], FILE[:40], b"JOC2" + FILE[4:], FILE[:-1]])
def test_what_is_damaged_says_so(damaged: bytes) -> None:
    for find in (chunk_at, newest_chunk):
        with pytest.raises(DecodeError):
            find(damaged, BEGAN + 179)
