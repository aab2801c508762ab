from layers.log_life import ON_MAP_S, REMEMBERED_S
from layers.picture import LOG
from tests.support.heard import T0, delivery, entry, heard
from tests.support.pair import Pair

CORRECTED = 32


def corrected(pair: Pair) -> dict[str, bool]:
    return {i: bool(row["flags"] & CORRECTED) for (_, i), row in pair.client.by_id("log").items()}


def test_the_words_said_first_stand_whatever_is_said_of_the_entry_later_or_dated_earlier() -> None:
    p = Pair(heard(delivery(1, entry(text="clear"))), "cpd", t=T0)
    p.picture.apply(delivery(2, entry(at=T0 + 5, text="not clear", entry_kind="order")))
    p.picture.apply(delivery(3, entry(at=T0 - 5, text="older", author_position="IC"), received_at=T0 + 6))
    p.tick(T0 + 6)
    (row,) = p.client.rows["log"].values()
    assert (row["record"]["text"], row["record"]["entry_kind"]) == ("clear", "note")
    assert "author_position" not in row["record"]
    assert row["record"]["observed_at"] == T0
    assert len(p.client.events) == 1


def test_a_mark_that_is_moved_moves_on_the_map_and_its_line_stays() -> None:
    p = Pair(heard(delivery(1, entry(text="A"))), "cpd", t=T0)
    p.picture.apply(delivery(2, entry(at=T0 + 5, text="B", lat=42.0)))
    p.picture.apply(delivery(3, entry(at=T0 + 3, lat=43.0), received_at=T0 + 6))
    p.picture.apply(delivery(4, entry(at=T0 + 7, lat=None, lon=None)))
    p.tick(T0 + 7)
    (row,) = p.client.rows["log"].values()
    assert (row["record"]["text"], row["lat"]) == ("A", 420000000)
    (event,) = p.client.events.values()
    assert (event["text"], event["lat"]) == ("A", 41.88)


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


def test_a_correction_marks_what_it_corrects_for_a_week_after_it_left() -> None:
    old, new = entry("old", stale_at=T0 + 9 * ON_MAP_S), entry("new", at=T0 + 1, supersedes="old")
    p = Pair(heard(delivery(1, old, new)), "cpd", t=T0 + 1)
    p.tick(T0 + 9 * ON_MAP_S - 1)
    assert corrected(p) == {"old": True}
    p.tick(T0 + 9 * ON_MAP_S + REMEMBERED_S + 60)
    assert p.picture.counts()[LOG] == 0
    assert p.picture.corrections.correcting("cpd", "old") == ()


def test_how_long_a_correction_is_remembered_tells_nothing_of_what_it_corrects() -> None:
    old, new = entry("old", stale_at=T0 + 99 * ON_MAP_S), entry("new", at=T0, supersedes="old")
    for said in ([new], [old, new]):
        picture = heard(delivery(1, *said))
        for at, kept in ((T0 + ON_MAP_S + REMEMBERED_S - 1, True), (T0 + ON_MAP_S + REMEMBERED_S + 60, False)):
            picture.expire(at)
            assert (picture.shelves[LOG].find("cpd", "new") is not None) == kept
