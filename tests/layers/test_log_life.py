from layers.log_life import ON_MAP_S, entry_of
from layers.picture import LOG
from layers.track import FORGET_S
from tests.support.heard import T0, delivery, entry, heard
from tests.support.pair import Pair

CORRECTED = 32


def corrected(pair: Pair) -> dict[str, bool]:
    return {i: bool(row["flags"] & CORRECTED) for (_, i), row in pair.client.by_id("log").items()}


def test_what_was_said_first_stands_whatever_the_entry_is_said_to_be_later() -> None:
    p = Pair(heard(delivery(1, entry(text="clear"))), "cpd", t=T0)
    p.picture.apply(delivery(2, entry(at=T0 + 5, text="not clear", lat=42.0, entry_kind="order")))
    p.tick(T0 + 6)
    (row,) = p.client.rows["log"].values()
    assert (row["record"]["text"], row["record"]["entry_kind"], row["lat"]) == ("clear", "note", 418800000)
    assert len(p.client.events) == 1
    p.picture.apply(delivery(3, entry(at=T0 - 5, text="older"), received_at=T0 + 7))
    assert entry_of(p.picture.shelves[LOG].find("cpd", "e1")).report.text == "older"


def test_an_entry_leaves_after_half_a_day_or_when_its_sender_says() -> None:
    p = Pair(heard(delivery(1, entry("e1"), entry("e2", stale_at=T0 + 60))), "cpd", t=T0)
    p.tick(T0 + 60)
    assert {i for _, i in p.client.by_id("log")} == {"e1"}
    p.tick(T0 + ON_MAP_S)
    assert p.client.by_id("log") == {}
    assert len(p.fresh().events) == 2


def test_saying_an_entry_again_makes_it_stay_longer_and_is_no_new_line() -> None:
    p = Pair(heard(delivery(1, entry(stale_at=T0 + 60))), "cpd", t=T0)
    p.picture.apply(delivery(2, entry(at=T0 + 50, stale_at=T0 + 110)))
    p.tick(T0 + 100)
    assert p.view.counts()["log"] == 1
    assert len(p.fresh().events) == 1
    p.tick(T0 + 110)
    assert p.view.counts()["log"] == 0


def test_a_corrected_entry_is_marked_whichever_of_the_two_came_first() -> None:
    old, new = entry("old"), entry("new", at=T0 + 5, supersedes="old")
    for batches in ([delivery(1, old), delivery(2, new)], [delivery(1, new), delivery(2, old, received_at=T0 + 9)]):
        p = Pair(heard(), "cpd", t=T0)
        for n, batch in enumerate(batches):
            p.picture.apply(batch)
            p.tick(T0 + 10 + n)
        assert corrected(p) == {"old": True, "new": False}
        assert corrected(Pair(p.picture, "cpd", t=T0 + 20)) == {"old": True, "new": False}


def test_an_entry_cannot_correct_itself_nor_one_of_another_agency() -> None:
    picture = heard(delivery(1, entry("a", supersedes="a")), delivery(1, entry("b", supersedes="a"), agency="fire"))
    assert corrected(Pair(picture, "cpd", t=T0)) == {"a": False}


def test_a_correction_is_not_forgotten_before_what_it_corrects() -> None:
    old, new = entry("old", stale_at=T0 + 9 * ON_MAP_S), entry("new", at=T0 + 1, supersedes="old")
    p = Pair(heard(delivery(1, old, new)), "cpd", t=T0 + 1)
    p.tick(T0 + ON_MAP_S + FORGET_S + 60)
    assert corrected(p) == {"old": True}
    assert p.picture.counts()[LOG] == 2
    p.tick(T0 + 9 * ON_MAP_S + FORGET_S + 60)
    assert p.picture.counts()[LOG] == 0
    assert p.picture.corrections.correcting("cpd", "old") == ()
