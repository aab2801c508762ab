"""Several gateways' words on one source, as one."""

from feeds.bus import SourceHealth
from feeds.names import SourceId
from layers.gateways import GONE_S, Gateways
from tests.support.heard import T0

AVL = SourceId("cpd-avl")


def word(gateway: str, **fields) -> SourceHealth:
    return SourceHealth(AVL, "native", 10.0, gateway=gateway, **fields)


def test_counts_add_up_and_the_source_was_heard_when_either_heard_it() -> None:
    gateways = Gateways()
    gateways.hear(
        [word("a", accepted=5, rejected=1, gaps=2, connections=1, received_at=T0, reasons={"not JSON": 1})], T0
    )
    gateways.hear([word("b", accepted=3, duplicate=2, reasons={"not JSON": 2, "seq missing": 1})], T0 + 0.5)
    one = gateways.sources[AVL]
    assert (one.accepted, one.duplicate, one.rejected, one.gaps, one.connections) == (8, 2, 1, 2, 1)
    assert one.received_at == T0
    assert one.reasons == {"not JSON": 3, "seq missing": 1}


def test_an_idle_gateway_does_not_make_the_feed_of_the_other_look_idle() -> None:
    gateways = Gateways()
    for second in range(4):
        gateways.hear([word("a", received_at=T0 + second, last_reason="not JSON")], T0 + second)
        gateways.hear([word("b")], T0 + second + 0.5)
        assert gateways.sources[AVL].received_at == T0 + second
        assert gateways.sources[AVL].last_reason == "not JSON"


def test_the_clock_is_told_by_the_gateway_that_hears_the_source_now_and_by_the_other_until_it_knows() -> None:
    gateways = Gateways()
    gateways.hear([word("a", received_at=T0, clock_offset_s=37.0, clock_error_s=0.2)], T0)
    gateways.hear([word("b", received_at=T0 + 1)], T0 + 1)
    assert (gateways.sources[AVL].clock_offset_s, gateways.sources[AVL].clock_error_s) == (37.0, 0.2)
    gateways.hear([word("b", received_at=T0 + 2, clock_offset_s=-3.0, clock_error_s=0.1)], T0 + 2)
    assert (gateways.sources[AVL].clock_offset_s, gateways.sources[AVL].clock_error_s) == (-3.0, 0.1)


def test_a_gateway_that_is_gone_counts_no_more_but_what_it_heard_was_heard() -> None:
    gateways = Gateways()
    gateways.hear([word("a", accepted=5, received_at=T0, journal="disk full")], T0)
    gateways.hear([word("b", accepted=1)], T0 + GONE_S + 0.1)
    one = gateways.sources[AVL]
    assert (one.accepted, one.received_at, one.journal) == (1, T0, "")


def test_a_clock_that_steps_back_keeps_no_dead_gateway() -> None:
    gateways = Gateways()
    gateways.hear([word("a", accepted=5)], T0)
    gateways.hear([word("b", accepted=1)], T0 - 60)
    assert gateways.sources[AVL].accepted == 1


def test_a_dead_feed_ages_after_the_clock_was_set_back() -> None:
    gateways = Gateways()
    gateways.hear([word("a", received_at=T0)], T0)
    back = T0 - 3600
    for second in range(60):
        gateways.hear([word("a", received_at=T0)], back + second)
        assert gateways.sources[AVL].received_at == back
    gateways.hear([word("a", received_at=back + 60)], back + 60)
    assert gateways.sources[AVL].received_at == back + 60


def test_a_feed_whose_gateways_are_all_dead_ages_after_the_clock_was_set_back() -> None:
    gateways = Gateways()
    gateways.hear([word("a", received_at=T0)], T0)
    gateways.hear([word("b", received_at=T0 + 9)], T0 + 9)
    for second in range(60):
        gateways.settle(T0 - 3600 + second)
        assert gateways.sources[AVL].received_at == T0 - 3600
    gateways.hear([word("b")], T0 - 3500)
    assert gateways.sources[AVL].received_at == T0 - 3600


def test_a_gateway_that_starts_again_has_heard_what_it_heard() -> None:
    gateways = Gateways()
    gateways.hear([word("a", received_at=T0, observed_at=T0 - 1)], T0)
    gateways.hear([word("a")], T0 + 1)
    gateways.hear([word("a")], T0 + 2)
    one = gateways.sources[AVL]
    assert (one.received_at, one.observed_at) == (T0, T0 - 1)


def test_why_a_journal_takes_nothing_is_said_until_it_takes() -> None:
    gateways = Gateways()
    gateways.hear([word("a")], T0)
    assert gateways.journal(T0) == ""
    gateways.hear([word("a", journal="disk full")], T0 + 1)
    assert gateways.journal(T0 + 1) == "disk full"
    gateways.hear([word("a")], T0 + 2)
    assert gateways.journal(T0 + 2) == ""


def test_what_a_dead_gateway_said_of_its_journal_is_over_with_it() -> None:
    gateways = Gateways()
    gateways.hear([word("a", journal="disk full")], T0)
    assert gateways.journal(T0 + GONE_S) == "disk full"
    assert gateways.journal(T0 + GONE_S + 0.1) == ""
    assert gateways.journal(T0 - 60) == ""
