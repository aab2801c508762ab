from hypothesis import given
from hypothesis import strategies as st

from feeds.formats.framing import Delimited


def test_lines_lose_their_end_and_taip_keeps_its_own():
    assert Delimited(b"\n").feed(b"a\r\n\n b \nc") == [b"a", b"b"]
    assert Delimited(b"<").feed(b">a<\r\n>b<>c") == [b">a<", b">b<"]


def test_what_never_ended_is_held_until_it_is_dropped():
    stream = Delimited(b"\n")
    assert stream.feed(b"half ") == [] and len(stream) == 5
    assert stream.drop() == b"half" and len(stream) == 0
    assert stream.feed(b"whole\n") == [b"whole"]


@given(st.lists(st.text(alphabet="ab \r\n", max_size=6).map(str.encode), max_size=8), st.sampled_from([b"\n", b"a"]))
def test_frames_are_the_same_however_the_bytes_are_split(pieces: list[bytes], end: bytes):
    whole, stream = Delimited(end), Delimited(end)
    assert [frame for piece in pieces for frame in stream.feed(piece)] == whole.feed(b"".join(pieces))
    assert stream.drop() == whole.drop()
