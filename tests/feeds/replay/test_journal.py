from feeds.names import CUTS
from feeds.replay.journal_pages import journaled_at
from feeds.replay.recording import Sort
from feeds.report import Category
from tests.support.heard import T0, camera, entry, incident, unit
from tests.support.recorded import Record

NONE: frozenset[str] = frozenset()
END = float("inf")


async def test_the_span_is_from_the_oldest_batch_of_any_agency_to_a_moment_ago() -> None:
    record = Record()
    assert await record.recording.span() is None
    await record.say(T0 + 1, unit(at=T0))
    await record.say(T0 + 5, unit(at=T0), agency="fire")
    record.end(T0 + 9)
    span = await record.recording.span()
    assert span is not None
    assert (span.since, round(span.until - T0, 3)) == (T0 + 1, 9)


async def test_marks_are_where_something_may_have_happened() -> None:
    record = Record()
    await record.say(T0, incident(at=T0), unit(at=T0), camera(at=T0, event_type="announced"))
    await record.say(T0 + 10, unit(at=T0 + 4, emergency="panic"), camera(at=T0, event_type="lpr_hit"))
    await record.say(T0 + 20, unit(at=T0 + 14, emergency="panic"), entry(at=T0 + 20))
    await record.say(T0 + 30, unit(at=T0 + 30, emergency="none"))
    await record.say(T0 + 40, unit(at=T0 + 40, emergency="panic"), agency="fire")
    await record.say(T0 + 40, unit(at=T0 + 40, emergency="panic"))

    async def at(what, t, by, truth=False):
        of = record.recording.agencies
        found = await record.recording.marks(what, T0 + t, by, truth=truth, until=by * END, of=of)
        return [(m.agency, journaled_at(m.id) - T0, m.effective_at - T0) for m in found]

    assert await at("alarm", -1, 1) == [("cpd", 10, 4)]
    assert await at("alarm", 10, 1) == [("cpd", 40, 40), ("fire", 40, 40)]
    assert await at("alarm", 40, -1) == [("cpd", 10, 4)]
    assert await at("alarm", 10, -1, truth=True) == [("cpd", 10, 4)]
    assert await at("camera", 0, 1) == [("cpd", 10, 0)]
    assert await at("incident", 0, 1) == []
    assert await at("log", 99, -1) == [("cpd", 20, 20)]


async def test_late_reports_are_found_by_when_they_were_true_and_stand_alone_in_their_batch() -> None:
    record = Record()
    await record.say(T0 + 100, unit("on-time", at=T0 + 99), unit("late", at=T0 + 10))
    await record.say(T0 + 200, unit("later", at=T0 + 20))
    found = await record.recording.late(record.recording.agencies[0], T0 + 5, T0 + 10)
    assert [[r.unit_id for p in d.batch.parcels for r in p.reports] for d in found] == [["late"]]
    assert await record.recording.late(record.recording.agencies[0], T0 + 20, T0 + 99) == []


async def test_counts_are_by_minute_and_by_what_policy_goes_by() -> None:
    record = Record()
    minute = int(T0 // 60) * 60
    await record.say(minute + 1, unit(at=T0), unit("covert", at=T0, labels=("undercover",)))
    await record.say(minute + 2, unit("covert", at=T0), camera(at=T0, event_type="lpr_hit"))
    await record.say(minute + 61, unit(at=T0))
    counts = await record.recording.counts(record.recording.agencies[0])
    position = Category.UNIT_POSITION
    assert counts == {
        minute // 60: {
            Sort("unit", position, NONE): 1,
            Sort("unit", position, frozenset({"undercover"})): 2,
            Sort("camera", Category.LPR_HIT, NONE): 1,
        },
        minute // 60 + 1: {Sort("unit", position, NONE): 1},
    }


async def test_what_was_trimmed_is_forgotten() -> None:
    record = Record()
    agency = record.recording.agencies[0]
    for n in range(3):
        await record.say(T0 + 100 * n, incident(str(n), at=T0 + 100 * n), unit(at=T0 - 999))
    await record.recording.survey()
    await record.bus.trim(agency, (await record.deliveries())[1].id)
    await record.recording.span()
    assert len(await record.recording.counts(agency)) == 2
    assert len(await record.recording.late(agency, 0, T0)) == 2
    of = record.recording.agencies
    marks = await record.recording.marks("incident", T0 + 150, -1, truth=False, until=-END, of=of)
    assert [m.effective_at for m in marks] == [T0 + 100]
    assert await record.recording.marks("incident", T0 + 150, -1, truth=False, until=T0 + 101, of=of) == []
    assert await record.recording.marks("incident", T0 + 150, -1, truth=False, until=-END, of=of[1:]) == []


async def test_an_entry_of_cuts_that_cannot_be_read_costs_itself_alone(caplog) -> None:
    from feeds.replay.cuts import Cut, CutsEntry, encode_cuts

    record = Record()
    for at, data in ((T0, None), (T0 + 1, b"junk"), (T0 + 2, None)):
        await record.bus.append_log(CUTS, data or encode_cuts(CutsEntry((Cut(at, ()),))), at)
    assert [e.cuts[0].at for e in await record.recording.cuts(T0 - 1, 10)] == [T0, T0 + 2]
    assert "cuts_unreadable" in caplog.text


async def test_the_ticks_behind_a_long_entry_are_found() -> None:
    from feeds.replay.cuts import CutLog, encode_cuts

    record, log = Record(), CutLog(b"p")
    for n in range(400):  # the bus was away for 40 s
        log.tick(T0 + n / 10, [])
    entry = log.entry()
    assert entry is not None
    await record.bus.append_log(CUTS, encode_cuts(entry), T0)
    record.end(T0 + 100)
    for after in (T0 - 1, T0 + 2, T0 + 10, T0 + 30):
        found = [cut.at for one in await record.recording.cuts(after, 30) for cut in one.cuts if cut.at > after]
        assert found == [cut.at for cut in entry.cuts if cut.at > after]


async def test_behind_an_entry_that_cannot_be_read_nobody_knows_the_policy_until_one_is_told() -> None:
    from feeds.replay.cuts import UNREADABLE, Cut, CutsEntry, encode_cuts

    record = Record()
    for at, policy in ((T0, b"old"), (T0 + 1, None), (T0 + 2, b""), (T0 + 3, b"new")):
        data = b"junk" if policy is None else encode_cuts(CutsEntry((Cut(at, ()),), policy=policy))
        await record.bus.append_log(CUTS, data, at)
    record.end(T0 + 10)
    found = [await record.recording.policy(T0 + t) for t in (0.5, 1.5, 2.5, 3.5)]
    assert found == [b"old", UNREADABLE, UNREADABLE, b"new"]
