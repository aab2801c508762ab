import pytest
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


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (b'{"note":"Smith: armed"}', '{"xxxx":"xxxxx: xxxxx"}'),
        (b'{"text":"Smith: armed"}', '{"text":"xxxxx: xxxxx"}'),
        (b'{"plates":{"ABC123":1,"Smith":2}}', '{"xxxxxx":{"xxx999":9,"xxxxx":9}}'),
        (
            b'{"narrative":"caller Doe <jdoe@x.org> saw <ABC123>"}',
            '{"narrative":"xxxxxx xxx <xxxx@x.xxx> xxx <xxx999>"}',
        ),
        (b"<event Smith='y'><Smith uid = 'x'/></event>", "<event xxxxx='x'><xxxxx uid = 'x'/></event>"),
        (b'Smith = "drunk", lat = "41"', 'xxxxx = "xxxxx", xxx = "99"'),
        (b'"John Smith": 1', '"xxxx xxxxx": 9'),
    ],
)
def test_a_word_that_is_none_of_the_formats_is_hidden_wherever_it_stands(message: bytes, shown: str):
    assert masked(message) == shown


SAID = st.text(alphabet="QZJ0123456", min_size=3, max_size=8)


@given(
    st.sampled_from(['{"%s":1}', '{"lat":"%s"}', "<%s/>", "<event %s='1'>", "<event uid='%s'>", "%s", '<a>"%s":</a>']),
    SAID,
)
def test_what_is_said_never_shows_whatever_it_stands_as(form: str, said: str):
    assert said not in masked((form % said).encode())


@given(st.binary(max_size=2000))
def test_a_sample_is_short_and_printable(message: bytes):
    shown = masked(message)
    assert len(shown) <= SHOWN_MAX
    assert all(" " <= letter <= "~" or letter == "…" for letter in shown)
