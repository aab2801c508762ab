"""What of a segment's derived files may hold something of before it."""

from feeds.recording.carried import KNOWN_SINCE, SURVEY, carrying, decode_since, encode_since


def test_since_when_something_is_known_comes_back_and_junk_is_since_ever():
    assert decode_since(encode_since(1_790_000_400_000)) == 1_790_000_400_000
    assert decode_since(b"junk") == decode_since(b"") == decode_since(b"-5") == 0


def test_what_a_walk_through_the_segment_found_is_of_the_segment_alone():
    assert carrying([KNOWN_SINCE, SURVEY, "units.chunks", "picture.chunks"]) == [
        "picture.chunks", "units.chunks", KNOWN_SINCE,
    ]  # fmt: skip
