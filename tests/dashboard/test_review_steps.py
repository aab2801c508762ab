from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard.rerun import Rerun
from dashboard.review_keyframes import Keyframes
from dashboard.review_reads import recording as counts_of
from dashboard.review_shares import PolicyTimes, Shares
from dashboard.review_steps import Search
from feeds.names import AgencyId
from layers.policy import Rules, ViewerClass
from layers.review_rules import Eyes, ReviewRules
from tests.support.heard import ROSTER, T0, incident, unit
from tests.support.pair import grant
from tests.support.recorded import Record
from tests.support.reviewing import review_on, review_site, reviewing


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
        search = Search(record.recording, rerun, lambda _: rules, lambda: False)
        found = await search.find("incident", 1, T0 + 1, span, truth=truth)
        assert found is not None
        assert [event["id"] for event in found.events] == ["shown"]
        assert await search.find("incident", 1, found.at, span, truth=truth) is None
        assert await search.find("incident", -1, found.at, span, truth=truth) is None


async def quiet(*hidden: float) -> Record:
    """A call that fire shows after an hour and a half, and the police's own, which they do not."""
    record = Record()
    await record.say(T0, unit(at=T0))
    for n, after in enumerate(hidden):
        await record.say(T0 + after, incident(f"hidden{n}", at=T0 + after))
    await record.say(T0 + 5400, incident("shown", at=T0 + 5400), agency="fire")
    record.end(T0 + 9000)
    return record


FBI = ReviewRules([Eyes(ViewerClass(AgencyId("fbi")), (Rules([grant("fire", "fbi", "incident.summary")]),))])


@pytest.mark.parametrize("truth", [False, True])
@pytest.mark.parametrize("hidden", [(), tuple(range(60, 5400, 60)), (3599, 3600, 3601)], ids=["none", "many", "bound"])
async def test_a_search_gives_up_after_an_hour_whatever_is_hidden_in_it_and_goes_on(hidden, truth) -> None:
    record = await quiet(*hidden)
    span = await record.recording.span()
    assert span is not None
    walked: list[float] = []

    class Watched(Rerun):
        async def reach(self, t, **how):
            walked.append(t)
            await super().reach(t, **how)

    def search() -> Search:
        return Search(
            record.recording, Watched(record.recording, Keyframes(), ROSTER, 0.1), lambda _: FBI, lambda: False
        )

    first = search()
    assert await first.find("incident", 1, T0 + 1, span, truth=truth) is None
    assert (first.until, first.done, walked) == (T0 + 3601, 0.0, [])
    second = search()
    found = await second.find("incident", 1, T0 + 1, span, truth=truth, begin=first.until)
    assert found is not None and [event["id"] for event in found.events] == ["shown"]
    assert (second.until, second.done, len(walked)) == (None, 0.4, 1)
    last = search()
    assert await last.find("incident", 1, found.at, span, truth=truth) is None
    assert last.until is None, "there the record ends"
    assert await last.find("alarm", -1, T0 + 8000, span, truth=truth) is None
    assert last.until == T0 + 4400


async def test_who_steps_again_from_where_nothing_was_found_goes_on_from_there() -> None:
    record = await quiet()
    async with review_on(record.recording) as review, reviewing(review, at=T0 + 1) as jcc:
        first = await jcc.stepped("incident")
        assert (first["found"], first["at"], first["until"]) == (False, T0 + 1, T0 + 3601)
        until = datetime.fromtimestamp(T0 + 3601, ZoneInfo(review_site().site.timezone))
        assert jcc.said("notice")[-1]["text"] == (
            f"No incident that you may see until {until:%H:%M}. Step again to go on from there."
        )
        assert not (await jcc.stepped("camera"))["found"], "another step looks anew"
        assert (await jcc.stepped("incident"))["until"] == T0 + 3601
        found = await jcc.stepped("incident")
        assert (found["found"], found["until"], round(found["at"] - T0)) == (True, None, 5400)
        back = await jcc.stepped("incident", -1)
        assert (back["found"], round(back["until"] - T0)) == (False, 1800)
        assert "back to" in jcc.said("notice")[-1]["text"]
        assert not (await jcc.stepped("incident", -1))["found"]
        assert "no earlier incident" in jcc.said("notice")[-1]["text"]


async def test_counts_leave_out_agencies_of_which_nothing_may_be_seen() -> None:
    record = Record()
    await record.say(T0, unit(at=T0))
    record.end(T0 + 1)
    rules = ReviewRules([Eyes(ViewerClass(AgencyId("fbi")), (Rules(()),))])
    shares = Shares(PolicyTimes(record.recording), lambda _: rules)
    assert b'"minutes":[]' in (await counts_of(record.recording, rules, shares))[1]
