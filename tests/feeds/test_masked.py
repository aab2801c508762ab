from hypothesis import given
from hypothesis import strategies as st

from feeds.masked import SHOWN_MAX, masked


def test_names_of_fields_stay_and_what_they_say_goes():
    assert masked(b'{"kind":"unit","lat":41.88,"call sign":"Adam 12"}') == (
        '{"kind":"xxxx","lat":99.99,"xxxx xxxx":"xxxx 99"}'
    )
    assert masked(b"<event uid='ISP-1'><contact callsign=\"Smith\"/>O'Hare</event>") == (
        "<event uid='xxx-9'><contact callsign=\"xxxxx\"/>x'xxxx</event>"
    )
    assert (
        masked(b">RPV00000+3739438-1220384601512612;ID=1234;*7F<") == ">xxx99999+9999999-9999999999999999;xx=9999;*9x<"
    )


def test_text_that_only_looks_like_a_field_is_hidden_all_the_same():
    assert masked(b'{"note":"Smith: armed"}') == '{"note":"xxxxx: xxxxx"}'
    assert masked(b'"John Smith": 1') == '"xxxx xxxxx": 9'


@given(st.binary(max_size=2000))
def test_a_sample_is_short_printable_and_says_nothing(message: bytes):
    shown = masked(message)
    assert len(shown) <= SHOWN_MAX
    assert all(" " <= letter <= "~" or letter == "…" for letter in shown)
    assert not set("012345678") & set(shown) or b'"' in message or b"<" in message or b"=" in message
