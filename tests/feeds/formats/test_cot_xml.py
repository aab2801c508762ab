"""CoT events as they travel."""

import time

from hypothesis import example, given
from hypothesis import strategies as st

from feeds.formats.cot_xml import Stream, cut, head, is_one

EVENT = b'<event uid="a" type="a-f-G"><detail/></event>'
PIECES = st.sampled_from(
    [EVENT, b" ", b"\n", b"</event", b"</event >", b">", b"<", b"junk", b"<event", b'<?xml version="1.0"?>']
)


@given(st.lists(PIECES, max_size=12).map(b"".join), st.integers(1, 9))
@example(EVENT * 3, 1)
@example(b"<event></event \r\n > \n" + EVENT + b"</eve", 1)
def test_a_stream_gives_the_same_events_however_it_is_chunked(data: bytes, size: int):
    stream = Stream()
    frames = [frame for at in range(0, len(data), size) for frame in stream.feed(data[at : at + size])]
    expected, rest = cut(data)
    assert [f.strip() for f in frames] == [f.strip() for f in expected]
    assert stream.drop().strip() == rest.strip()
    assert len(stream) == 0 and stream.feed(EVENT) == [EVENT]


@given(st.lists(PIECES, max_size=6).map(b"".join).map(bytes.strip))
@example(b'<?xml version="1.0"?>' + EVENT)
def test_what_is_one_event_is_cut_into_itself(frame: bytes):
    frames, rest = cut(frame)
    if is_one(frame):
        assert frames == [frame] and not rest
    for piece in (EVENT, b'<?xml version="1.0"?>\n' + EVENT):
        assert is_one(piece)


def test_blanks_between_events_are_not_held():
    stream = Stream()
    for _ in range(100):
        assert stream.feed(b" \r\n") == []
    assert len(stream) == 0
    assert stream.feed(EVENT + b"\r\n") == [EVENT] and len(stream) == 0


def test_a_long_event_that_comes_byte_by_byte_is_not_searched_again_for_each_byte():
    def seconds(unfinished: bytes) -> float:
        stream = Stream()
        stream.feed(unfinished)
        started = time.process_time()
        for _ in range(5000):
            assert stream.feed(b"x") == []
            assert stream.feed(b">") == []
        return time.process_time() - started

    short = min(seconds(b"<event>") for _ in range(3))
    for long in (b"<event>" + b"</even" * 10_000, b"<event>" + b"<a>" * 20_000):
        assert min(seconds(long) for _ in range(3)) < 5 * short + 0.01
    assert len(Stream().feed(b"<event></event" + b" " * 60_000 + b">")) == 1


def test_a_start_tag_tells_uid_and_type():
    assert head(b"<event type='t' uid=\"u\">") == ("u", "t")
    assert head(b"no event") == head(b"<event uid='cut") == ("", "")
