import asyncio

import pytest

from dashboard.audience import Audience
from dashboard.rerun import Overtaken, Rerun
from dashboard.review_keyframes import Keyframes
from feeds.names import AgencyId
from feeds.replay.recording import Pictures
from layers import keyframe
from layers.delta import keyframe as frame
from layers.policy import ViewerClass
from tests.feeds.replay.test_sources import a_day
from tests.support.heard import ROSTER, T0, unit
from tests.support.recorded import Record, told

TICK_S = 0.1


def never() -> bool:
    return False


def shown(rerun: Rerun) -> bytes:
    """The first frame of whoever owns all of it."""
    from layers.review_rules import ReviewRules

    rerun.flush(rerun.at)
    rules = ReviewRules([])
    return frame(Audience(rerun.picture, rules, ViewerClass(AgencyId("cpd")), rerun.at).view)


async def test_a_place_looks_the_same_however_one_came_there() -> None:
    record = await a_day(5)
    span = await record.recording.span()
    assert span is not None
    kept = Keyframes()
    wandering = Rerun(record.recording, kept, ROSTER, TICK_S)
    ways = [0.5, 0.9, 0.55, 0.2, 0.21, 0.9, 0.5]
    seen: dict[float, set[bytes]] = {}
    for share in ways:
        t = round(span.since + share * (span.until - span.since), 3)
        await wandering.reach(t, truth=False, overtaken=never)
        straight = Rerun(record.recording, Keyframes(), ROSTER, TICK_S)
        await straight.reach(t, truth=False, overtaken=never)
        assert told(wandering.picture) == told(straight.picture)
        seen.setdefault(t, set()).update((shown(wandering), shown(straight)))
    assert {t: len(frames) for t, frames in seen.items()} == dict.fromkeys(seen, 1)
    assert kept.before(span.until) is not None, "pictures were kept on the way"


async def test_a_recorded_picture_is_begun_with_when_it_is_nearer() -> None:
    record = await a_day(6)
    span = await record.recording.span()
    assert span is not None
    middle = (span.since + span.until) / 2
    first = Rerun(record.recording, Keyframes(), ROSTER, TICK_S)
    await first.reach(middle, truth=False, overtaken=never)
    data, read = keyframe.keyframe(first.picture), []

    class WithKeyframe(type(record.recording)):  # type: ignore[misc]
        async def pictures(self, t: float) -> Pictures | None:
            return Pictures(middle, middle, (data,)) if t >= middle else None

        async def read(self, agency, after, count):
            page = await super().read(agency, after, count)
            read.extend(page)
            return page

    recording = WithKeyframe(record.bus, record.recording.agencies, record.clock)
    rerun = Rerun(recording, Keyframes(), ROSTER, TICK_S)
    await rerun.reach(span.until, truth=False, overtaken=never)
    whole = Rerun(record.recording, Keyframes(), ROSTER, TICK_S)
    await whole.reach(span.until, truth=False, overtaken=never)
    assert told(rerun.picture) == told(whole.picture)
    assert all(d.id > first.picture.last[d.agency] for d in read)


async def test_a_long_way_lets_others_go_on_and_is_given_up_when_told() -> None:
    record = Record()
    for n in range(300):
        await record.say(T0 + n, *[unit(f"u{k}", at=T0 + n) for k in range(200)])
    record.end(T0 + 400)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    beside = asyncio.create_task(others())
    rerun = Rerun(record.recording, Keyframes(), ROSTER, TICK_S)
    with pytest.raises(Overtaken):
        await rerun.reach(T0 + 300, truth=False, overtaken=lambda: turns >= 5)
    beside.cancel()
    assert T0 <= rerun.at < T0 + 300
    await rerun.reach(T0 + 150, truth=False, overtaken=never)
    whole = Rerun(record.recording, Keyframes(), ROSTER, TICK_S)
    await whole.reach(T0 + 150, truth=False, overtaken=never)
    assert told(rerun.picture) == told(whole.picture)
