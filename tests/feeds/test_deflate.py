"""Deflated bytes are zlib's, either way."""

import zlib

import pytest

from feeds.deflate import deflate, inflate
from feeds.errors import DecodeError

SAID = b'{"unit_id":"cpd-1213R"}' * 1000


def test_what_was_deflated_comes_back():
    assert inflate(deflate(SAID), len(SAID)) == SAID
    assert inflate(deflate(b""), 10) == b""


def test_either_side_may_be_zlib():
    assert zlib.decompress(deflate(SAID)) == SAID
    assert inflate(zlib.compress(SAID, 6), len(SAID)) == SAID


def test_more_than_the_bound_is_refused_before_it_is_made():
    bomb = zlib.compress(b"\0" * 10_000_000)
    with pytest.raises(DecodeError, match="hold more than 1000 bytes"):
        inflate(bomb, 1000)


@pytest.mark.parametrize("data", [b"", b"junk", deflate(SAID)[:-3], deflate(SAID)[:40]])
def test_what_is_cut_short_or_no_deflated_bytes_is_refused(data: bytes):
    with pytest.raises(DecodeError):
        inflate(data, len(SAID))
