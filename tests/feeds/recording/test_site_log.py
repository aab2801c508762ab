"""A part of a log of the site is one file that comes back as it was."""

import msgspec
import pytest

from feeds.bus import BatchId
from feeds.errors import DecodeError
from feeds.names import CUTS, AgencyId, is_site_log
from feeds.recording.site_log import Part, Told, contents, decode_part, encode_part, stands_after
from tests.support.recording import T0, TEN

ENTRIES = [(BatchId(T0, 0), b"one"), (BatchId(T0, 1), b""), (BatchId(T0 + 61_000, 0), b"three")]


@pytest.mark.parametrize("stood", [None, b"", b"the shares"])
def test_a_part_comes_back_as_it_was(stood: bytes | None):
    part = Part(stood, ENTRIES)
    assert decode_part(CUTS, encode_part(CUTS, part)) == part
    assert encode_part(CUTS, part) == encode_part(CUTS, part)


@pytest.mark.parametrize("data", [b"", b"junk", encode_part(CUTS, Part(b"", ENTRIES))[:-1]])
def test_what_is_no_part_is_refused(data: bytes):
    with pytest.raises(DecodeError, match=r"entries\.bin"):
        decode_part(CUTS, data)


def test_another_log_and_another_version_are_refused():
    data = encode_part(CUTS, Part(b"", ENTRIES))
    with pytest.raises(DecodeError, match="of log '_cuts'"):
        decode_part(AgencyId("_other"), data)
    version, *rest = msgspec.msgpack.decode(data)
    with pytest.raises(DecodeError, match="version 2"):
        decode_part(CUTS, msgspec.msgpack.encode([version + 1, *rest]))


def test_what_was_said_last_stands():
    assert stands_after(b"a", [None, Told(1, 2), Told(2, 3, b"b"), Told(3, 4)]) == b"b"
    assert stands_after(None, [Told(1, 2), None]) is None
    assert stands_after(None, [Told(1, 2, b"b")]) == b"b"


def test_the_manifest_counts_entries_and_says_from_when_to_when_they_tell():
    said = contents(CUTS, T0, ENTRIES, [Told(5.0, 6.0), None, Told(4.5, 5.5)])
    assert (said.first, said.last) == (f"{T0}-0", f"{T0 + 61_000}-0")
    assert said.kinds == {"cuts": 3}
    assert said.minutes == {"cuts": [2, 1, *[0] * 8]}
    assert said.received == (4.5, 6.0)
    late = contents(CUTS, T0 + 300_000, [(BatchId(T0 + TEN - 1, 0), b"")], [None])
    assert late.minutes == {"cuts": [*[0] * 9, 1]}
    assert late.received is None


def test_no_agency_can_be_called_as_a_log_is():
    assert is_site_log(CUTS)
    assert not any(map(is_site_log, ("cuts", "_", "__cuts", "_../x", "_Cuts", "")))
