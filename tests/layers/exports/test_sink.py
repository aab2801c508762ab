from layers.exports.sink import PIECE, Sink


def test_what_was_written_is_taken_once_and_counted_on() -> None:
    sink = Sink()
    held = bytearray(b"ab")
    assert sink.write(held) == 2
    held[:] = b"xx"
    assert (sink.take(), sink.take(), sink.tell()) == (b"ab", b"", 2)
    sink.write(bytes(PIECE - 1))
    assert not sink.full
    sink.write(b"c")
    assert sink.full and sink.tell() == PIECE + 2
    sink.take()
    assert not sink.full
