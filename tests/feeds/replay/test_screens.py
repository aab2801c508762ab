"""The log of what the screens showed: its bytes, what a hub notes, what a reader makes of it."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.errors import DecodeError
from feeds.replay.screens import (
    HEARD_WITHIN_S,
    WHOLE_EVERY_S,
    Drawn,
    Gone,
    Look,
    ScreenLog,
    ScreensEntry,
    ScreenSession,
    Told,
    decode_screens,
    encode_screens,
    sessions,
    shown,
)

T0 = 1_800_000_000.0
LOOK = Look((-87.8, 41.8, -87.6, 42.0), 12.25, 1168, 860, ("incidents", "units"), (), "dark", None, False)
DEGREES = st.floats(-180, 180)
NUMBERS = st.integers(1, 2**40)
TIMES = st.integers(0, 2**42).map(lambda ms: ms / 1000)
LOOKS = st.builds(
    Look,
    st.tuples(DEGREES, DEGREES, DEGREES, DEGREES),
    st.floats(0, 24),
    st.integers(1, 9999),
    st.integers(1, 9999),
    st.lists(st.sampled_from(["units", "log"])).map(tuple),
    st.lists(st.text(max_size=5)).map(tuple),
    st.text(max_size=5),
    st.none() | st.tuples(st.text(), st.text(), st.text()),
    st.booleans(),
)
KINDS = st.sampled_from(["wall", "desk", "field", "api"])
SESSIONS = st.builds(ScreenSession, NUMBERS, st.text(), st.lists(st.text()).map(tuple), KINDS, st.text(), TIMES)
ENTRIES = st.builds(
    ScreensEntry,
    TIMES,
    st.booleans(),
    st.booleans(),
    st.lists(SESSIONS).map(tuple),
    st.lists(st.builds(Told, NUMBERS, TIMES, LOOKS)).map(tuple),
    st.lists(st.builds(Drawn, NUMBERS, TIMES, st.integers(0, 2**53)), unique_by=lambda one: one.number).map(
        lambda drawn: tuple(sorted(drawn))
    ),
    st.lists(st.builds(Gone, NUMBERS, TIMES)).map(tuple),
)


@given(ENTRIES)
def test_an_entry_comes_back_as_it_was(entry: ScreensEntry) -> None:
    assert decode_screens(encode_screens(entry)) == entry


@given(st.binary(max_size=64) | ENTRIES.map(lambda entry: encode_screens(entry)[:-3]))
def test_what_is_no_entry_is_refused_and_nothing_else_goes_wrong(data: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_screens(data)


def begin(log: ScreenLog, t: float, agency: str = "cpd") -> ScreenSession:
    return log.begin(agency, (), "wall", "e1", t)


def test_a_session_says_no_more_than_agency_page_and_when_and_its_number_is_given_once() -> None:
    log = ScreenLog()
    names = [begin(log, T0 + 0.5).id, begin(log, T0 + 0.6).id, begin(log, T0 - 60, "fire").id, begin(log, T0 + 9).id]
    assert names == [
        "cpd-wall-1800000000",
        "cpd-wall-1800000001",
        "fire-wall-1800000002",
        "cpd-wall-1800000009",
    ]


def test_of_a_second_the_last_is_told_and_the_same_again_costs_nothing() -> None:
    log = ScreenLog()
    first = log.entry(T0)
    assert first == ScreensEntry(T0, began=True)
    one = begin(log, T0)
    log.look(one, LOOK, T0)
    log.drew(one, 4, T0 + 0.1)
    assert log.entry(T0 + 1) == ScreensEntry(
        T0 + 1, False, True, (one,), (Told(one.number, T0, LOOK),), (Drawn(one.number, T0 + 0.1, 4),)
    )
    log.look(one, LOOK._replace(zoom=13.0), T0 + 1.2)
    log.look(one, LOOK._replace(zoom=14.0), T0 + 1.4)
    log.drew(one, 5, T0 + 1.3)
    log.drew(one, 9, T0 + 1.8)
    assert log.entry(T0 + 2) == ScreensEntry(
        T0 + 2,
        told=(Told(one.number, T0 + 1.4, LOOK._replace(zoom=14.0)),),
        drawn=(Drawn(one.number, T0 + 1.8, 9),),
    )
    log.look(one, LOOK._replace(zoom=14.0), T0 + 2.4)
    log.drew(one, 9, T0 + 2.8)
    assert log.entry(T0 + 3) is None
    log.end(one, T0 + 3.5)
    assert log.entry(T0 + 4) == ScreensEntry(T0 + 4, gone=(Gone(one.number, T0 + 3.5),))
    assert log.entry(T0 + 200) is None


def test_a_screen_is_not_known_before_it_began_nor_by_another_number() -> None:
    log = ScreenLog()
    one = begin(log, T0)
    log.look(one, LOOK, T0)
    entry = log.entry(T0 + 0.5)
    assert entry is not None
    assert shown([entry], one.number, T0 - 0.1) is None
    assert shown([entry], one.number + 1, T0 + 0.1) is None
    nothing_drawn = shown([entry], one.number, T0 + 0.1)
    assert nothing_drawn is not None
    assert (nothing_drawn.look, nothing_drawn.rev, nothing_drawn.until) == (LOOK, 0, None)


def test_a_hub_that_begins_anew_ends_what_was_open_before() -> None:
    first, second = ScreenLog(), ScreenLog()
    one = begin(first, T0)
    first.drew(one, 3, T0)
    entries = [first.entry(T0 + 1), second.entry(T0 + 10)]
    assert [until for _, until in sessions(filter(None, entries))] == [T0 + 10]
    before, after = (shown(filter(None, entries), one.number, T0 + t) for t in (9.0, 11.0))
    assert before is not None and before.until is None
    assert after is not None and after.until == T0 + 10


@dataclass
class Life:
    """A session as it truly was: (time, what), in order."""

    session: ScreenSession
    looks: list[tuple[float, Look]] = field(default_factory=list)
    revs: list[tuple[float, int]] = field(default_factory=list)
    end: float | None = None


ACTS = st.lists(st.tuples(st.sampled_from(["look", "drew", "begin", "end", "wait"]), st.integers(0, 5)), max_size=60)


@settings(max_examples=60)
@given(ACTS, st.floats(0, 1))
def test_a_minute_of_the_log_tells_how_every_screen_was_at_its_end(acts: list[tuple[str, int]], where: float) -> None:
    log, t, lives = ScreenLog(), T0, [Life(ScreenSession(0, "", (), "wall", "", T0), end=T0)]
    entries = [(T0, log.entry(T0))]
    t += 0.1  # nothing happens in the very moment of an entry
    for act, n in acts:
        t += 0.25 if act != "wait" else 20.0
        while t - entries[-1][0] >= 1.0:
            entries.append((entries[-1][0] + 1.0, log.entry(entries[-1][0] + 1.0)))
        open_ = [life for life in lives if life.end is None]
        if act == "begin" or not open_:
            lives.append(Life(begin(log, t)))
            continue
        life = open_[n % len(open_)]
        if act == "look":
            life.looks.append((t, LOOK._replace(zoom=float(n))))
            log.look(life.session, life.looks[-1][1], t)
        elif act == "drew":
            life.revs.append((t, (life.revs[-1][1] if life.revs else 0) + 1 + n))
            log.drew(life.session, life.revs[-1][1], t)
        elif act == "end":
            log.end(life.session, t)
            life.end = t
    at = entries[int(where * (len(entries) - 1))][0]
    made = [decode_screens(encode_screens(entry)) for _, entry in entries if entry is not None]
    minute = [e for e in made if at - WHOLE_EVERY_S - 5 < e.at <= at + HEARD_WITHIN_S]
    for life in lives[1:]:
        found = shown(minute, life.session.number, at)
        if life.session.since > at:
            assert found is None
        elif life.end is not None and life.end <= at:
            assert found is None or found.until == life.end
        else:
            assert found is not None
            assert (found.session, found.until) == (life.session, None)
            assert found.look == next((look for when, look in reversed(life.looks) if when <= at), None)
            assert found.rev == next((rev for when, rev in reversed(life.revs) if when <= at), 0)
