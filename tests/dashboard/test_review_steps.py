from dashboard.rerun import Rerun
from dashboard.review_keyframes import Keyframes
from dashboard.review_reads import recording as counts_of
from dashboard.review_steps import Search
from feeds.names import AgencyId
from layers.policy import Rules, ViewerClass
from layers.review_rules import Eyes, ReviewRules
from tests.support.heard import ROSTER, T0, incident, unit
from tests.support.pair import grant
from tests.support.recorded import Record


async def test_of_two_things_journaled_in_one_millisecond_the_one_that_may_be_seen_is_found() -> None:
    record = Record()
    await record.say(T0, unit(at=T0))
    await record.say(T0 + 10, incident("hidden", at=T0 + 10))
    await record.say(T0 + 10, incident("shown", at=T0 + 10), agency="fire")
    record.end(T0 + 20)
    span = await record.recording.span()
    assert span is not None
    rules = ReviewRules([Eyes(ViewerClass(AgencyId("fbi")), (Rules([grant("fire", "fbi", "incident.summary")]),))])
    for truth in (False, True):
        rerun = Rerun(record.recording, Keyframes(), ROSTER, 0.1)
        search = Search(record.recording, rerun, lambda: rules, lambda: False)
        found = await search.find("incident", 1, T0 + 1, span, truth=truth)
        assert found is not None
        assert [event["id"] for event in found.events] == ["shown"]
        assert await search.find("incident", 1, found.at, span, truth=truth) is None
        assert await search.find("incident", -1, found.at, span, truth=truth) is None


async def test_counts_leave_out_agencies_of_which_nothing_may_be_seen() -> None:
    record = Record()
    await record.say(T0, unit(at=T0))
    record.end(T0 + 1)
    rules = ReviewRules([Eyes(ViewerClass(AgencyId("fbi")), (Rules(()),))])
    assert b'"minutes":[]' in (await counts_of(record.recording, rules))[1]
