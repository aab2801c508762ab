from layers import event_memory
from layers.delta import keyframe
from layers.event_memory import EventMemory
from tests.support.heard import T0, delivery, entry, heard
from tests.support.pair import Client, Pair, grant


def numbers(events) -> list[int]:
    return [event.number for event in events]


def test_a_flood_of_one_agency_pushes_out_only_its_own(monkeypatch) -> None:
    monkeypatch.setattr(event_memory, "EVENTS_KEPT", 6)
    memory = EventMemory()
    for agency in ("fire", "cpd", "fire", *["cpd"] * 20):
        memory.keep(agency, {"agency": agency})
    assert memory.number == 23
    assert numbers(memory.after(0)) == [1, 3, 20, 21, 22, 23]
    assert numbers(memory.after(20)) == [21, 22, 23]
    assert memory.complete_from == 20


def test_nothing_is_missing_as_long_as_all_fits() -> None:
    memory = EventMemory()
    assert (memory.after(0), memory.newest(5), memory.complete_from) == ([], [], 1)
    event = memory.keep("cpd", {"text": "set"})
    assert (event.number, event.raw, memory.complete_from) == (1, b'{"text":"set"}', 1)


def test_the_newest_are_shared_among_agencies_and_what_one_does_not_need_goes_to_the_others() -> None:
    memory = EventMemory()
    for agency in ("fire", "fbi", "fire", "fbi", "fbi", *["cpd"] * 20):
        memory.keep(agency, {})
    assert numbers(memory.newest(8)) == [1, 2, 3, 4, 5, 23, 24, 25]
    assert numbers(memory.newest(100)) == list(range(1, 26))
    assert memory.newest(0) == []


def test_a_flood_of_marks_costs_one_who_comes_back_or_comes_anew_no_line_of_another_agency(monkeypatch) -> None:
    monkeypatch.setattr(event_memory, "EVENTS_KEPT", 20)
    monkeypatch.setattr("layers.delta.EVENTS_SHOWN", 10)
    p = Pair(heard(), "cpd", grant("fire", "cpd", "log.entry"), t=T0)
    p.picture.apply(delivery(1, entry("order", text="withdraw")))
    p.picture.apply(delivery(1, *[entry(f"m{n}", at=T0 + 1) for n in range(90)], agency="fire"))
    p.tick(T0 + 1)
    back = Client()
    frame = back.take(keyframe(p.view, seen_event=0))
    assert frame.header.events_from == 73
    for client in (back, p.fresh()):
        assert next(iter(client.events.values()))["text"] == "withdraw"
    assert (len(back.events), len(p.fresh().events)) == (20, 10)
