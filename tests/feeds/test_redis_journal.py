import pytest
from redis.exceptions import ResponseError

from feeds.bus import BEGINNING, BatchId, Beat, SourceHealth
from feeds.errors import BusDown, DecodeError
from feeds.names import AgencyId, SourceId
from feeds.redis_journal import (
    Entry,
    append_commands,
    decode_message,
    encode_beat,
    last_id,
    page_command,
    was_appended,
)

CPD = AgencyId("cpd")
ENTRY = Entry(BatchId(1_700_000_000_123, 7), BatchId(1_700_000_000_122, 2**40), b"\0bytes")


def test_the_message_carries_the_same_id_and_bytes_as_the_entry_and_the_id_before():
    multi, xadd, publish, execute = append_commands(CPD, ENTRY)
    assert (multi, execute) == ((b"MULTI",), (b"EXEC",))
    assert xadd[2:] == ("1700000000123-7", b"d", ENTRY.data)
    assert isinstance(publish[2], bytes)
    assert decode_message(CPD, publish[2]) == ENTRY


def test_a_beat_comes_back_as_it_was():
    health = SourceHealth(SourceId("src"), "cot", 10.0, accepted=2, reasons={"unsupported type": 1})
    beat = Beat(CPD, BatchId(5, 6), 12.5, (health,))
    assert decode_message(CPD, encode_beat(beat.last_id, beat.sources, beat.sent_at)) == beat


@pytest.mark.parametrize("junk", [b"", b"B", b"Bshort", b"H", b"Hjunk", b"H\x90", b"x"])
def test_a_message_that_is_neither_is_a_decode_error(junk: bytes):
    with pytest.raises(DecodeError):
        decode_message(CPD, junk)


def test_a_page_begins_after_the_id():
    assert page_command(CPD, BatchId(5, 9), 20)[2:] == ("5-10", b"+", b"COUNT", 20)


def test_a_journal_that_is_not_there_gave_no_id():
    assert last_id(ResponseError("no such key")) == BEGINNING
    assert last_id([b"length", 0, b"last-generated-id", b"7-3"]) == BatchId(7, 3)
    with pytest.raises(BusDown, match="WRONGTYPE"):
        last_id(ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value"))


def test_an_id_that_is_not_the_largest_is_told_from_every_other_refusal():
    refused = ResponseError("The ID specified in XADD is equal or smaller than the target stream top item")
    assert was_appended([b"OK", b"QUEUED", b"QUEUED", [b"1-1", 3]])
    assert not was_appended([b"OK", b"QUEUED", b"QUEUED", [refused, 3]])
    for replies in (
        [b"OK", ResponseError("OOM command not allowed"), b"QUEUED", ResponseError("EXECABORT discarded")],
        [b"OK", b"QUEUED", b"QUEUED", [ResponseError("WRONGTYPE secret"), 3]],
    ):
        with pytest.raises(BusDown) as down:
            was_appended(replies)
        assert "secret" not in str(down.value)


def test_ids_compare_in_journal_order_and_are_written_as_redis_writes_them():
    assert BatchId(5, 10) > BatchId(5, 9) > BatchId(4, 999)
    assert BatchId.parse(b"5-10") == BatchId.parse("5-10") == BatchId(5, 10)
    assert str(BatchId(5, 9).next()) == "5-10"
    with pytest.raises(ValueError):
        BatchId.parse("five")
