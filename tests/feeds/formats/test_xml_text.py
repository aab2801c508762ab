"""XML from strangers."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.formats.xml_text import (
    Refused,
    children,
    documents,
    instant,
    local,
    moment,
    namespace,
    number,
    parse,
    parser,
    rfc3339,
    root,
    text_of,
)

GPX = b'<gpx><wpt lat="1" lon="2"/></gpx>'


def pieces(frame: bytes, *names: bytes) -> list[bytes]:
    return list(documents(frame, names or (b"gpx",)))


def reason(text: bytes) -> str:
    with pytest.raises(Refused) as refused:
        parse(text, parser())
    return refused.value.reason


def test_a_document_type_is_refused_in_any_encoding():
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a>&c;</a>'
    assert reason(bomb.encode()) == reason(b"<!doctype a><a/>") == "DTD not allowed"
    hidden = f"<?xml version='1.0' encoding='UTF-16'?>{bomb}".encode("utf-16")
    assert reason(hidden) in ("DTD not allowed", "not XML")
    assert reason(b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a.dtd'><a/>") == "DTD not allowed"


@pytest.mark.parametrize("text", [b"", b"<a>", b"<a>&x;</a>", b"\xff", b"<?xml version='1.0' encoding='x-none'?><a/>"])
def test_what_is_no_xml_is_refused(text: bytes):
    assert reason(text) == "not XML"


def test_encodings_are_read_as_declared():
    latin = "<?xml version='1.0' encoding='ISO-8859-1'?><a><b> Usulután </b></a>".encode("iso-8859-1")
    wide = "<?xml version='1.0' encoding='UTF-16'?><a><b>Usulután</b></a>".encode("utf-16")
    assert text_of(parse(latin, parser()), "b") == text_of(parse(wide, parser()), "b") == "Usulután"


def test_names_are_told_with_and_without_their_namespace():
    element = parse(b'<p:a xmlns:p="urn:x"><p:b>1</p:b><b>2</b><c/></p:a>', parser())
    assert (local(element), namespace(element), namespace(parse(b"<a/>", parser()))) == ("a", "urn:x", "")
    assert [b.text for b in children(element, "b")] == ["1", "2"]
    assert text_of(element, "b") == "1" and text_of(element, "c") == text_of(element, "d") == ""


def test_the_first_element_of_a_file_is_told_past_what_stands_before_it():
    prolog = b'\xef\xbb\xbf<?xml version="1.0"?>\n<?style <gpx?><!-- <event> -->'
    assert root(prolog + b'<cap:alert xmlns:cap="x">') == "alert"
    assert root(b"<event\nuid='a'>") == root(b"junk <event/>") == "event"
    assert root(prolog) == root(b"") == root(b"<<>") == root(b"{}") == root(b"<!-- <event> ") == ""


def test_documents_one_after_the_other_are_told_apart_each_with_its_prolog():
    first = b'<?xml version="1.0"?>\n<!-- </gpx> -->\n' + GPX
    second = b'<g:gpx xmlns:g="u"><gpx></gpx></g:gpx >'
    assert pieces(first + b"\n\n" + second + b"<!-- end -->\n") == [first, second]
    assert pieces(b"<alert><gpx/></alert><EDXL><alert></alert></EDXL>", b"alert", b"EDXL") == [
        b"<alert><gpx/></alert>",
        b"<EDXL><alert></alert></EDXL>",
    ]


def test_junk_between_documents_costs_the_junk_alone():
    declared = b'<?xml version="1.0" encoding="ISO-8859-1"?>\n' + GPX
    assert pieces(b"<p>junk</p>\n" + declared) == [b"<p>junk</p>", declared]
    assert pieces(b"GET / HTTP/1.1\r\n\r\n" + GPX + b"x" + GPX + b"tail") == [
        b"GET / HTTP/1.1", GPX, b"x", GPX, b"tail",
    ]  # fmt: skip
    assert pieces(b"<!DOCTYPE gpx>" + GPX) == [b"<!DOCTYPE gpx>", GPX]
    assert pieces(b"<gpx><trk>") == [b"<gpx><trk>"] and pieces(b" \n<!-- nothing -->") == []


@given(
    st.lists(st.sampled_from([GPX, b"<gpx>", b"</gpx>", b"<!--", b"-->", b"<?", b" ", b"x", b"<g:gpx>"]), max_size=12)
)
def test_whatever_is_in_a_frame_is_in_one_of_its_documents_or_is_no_text(parts: list[bytes]):
    frame = b"".join(parts)
    found = pieces(frame)
    assert all(found) and sum(map(len, found)) <= len(frame)
    at = 0
    for piece in found:
        at = frame.index(piece, at) + len(piece)
    assert found.count(GPX) <= parts.count(GPX)


@pytest.mark.parametrize(
    "frame",
    [
        b"<gpx " * 13000,
        b"</gpx>" * 10000,
        b"<!--" * 16000,
        b"<?" * 30000,
        b"<a:gpx>" * 9000,
        b"<gpx/>" * 10000,
        GPX * 1900,
    ],
)
def test_a_frame_is_cut_in_time_that_grows_with_its_length(frame: bytes):
    started = time.process_time()
    pieces(frame)
    root(frame)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("text", ["nan", "inf", "1_0", "1e999", "", "0x1", "１"])
def test_a_number_is_plain_decimal_and_finite(text: str):
    with pytest.raises(Refused, match="lat is not a finite number"):
        number(text, "lat", -90, 90, "x@lat")
    assert number("-4.5e1", "lat", -90, 90, "") == -45.0
    with pytest.raises(Refused, match="lat out of range"):
        number("90.01", "lat", -90, 90, "")


def test_an_instant_is_utc_where_it_names_no_zone_unless_it_must():
    assert instant("2026-05-04T19:00:00") == instant(" 2026-05-04T14:00:00-05:00 ") == 1777921200.0
    assert instant("2026-05-04T19:00:00", utc=False) is None
    assert instant("yesterday") is None and instant("9999-01-01T00:00:00Z") is None
    assert rfc3339(1777921200.25) == "2026-05-04T19:00:00.250Z"


def test_a_moment_says_whether_it_is_no_time_or_out_of_range():
    assert moment("2026-05-04T19:00:00Z", "time", "") == 1777921200.0
    for text, said in (("1901-12-13T20:45:52.2073437Z", "out of range"), ("noon", "is not RFC 3339")):
        with pytest.raises(Refused, match=f"time {said}"):
            moment(text, "time", "x/time")
