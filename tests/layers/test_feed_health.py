import pytest

from feeds.bus import SourceHealth
from feeds.names import AgencyId, SourceId
from layers.feed_health import feed_rows, feed_state
from layers.policy import Rules, ViewerClass
from tests.support.heard import ROSTER, T0
from tests.support.pair import grant

HEARD = {
    "cpd-avl": SourceHealth(
        SourceId("cpd-avl"),
        "native",
        10.0,
        accepted=3,
        rejected=1,
        received_at=T0,
        last_reason="lat out of range",
        last_sample='{"lat":999}',
        reasons={"lat out of range": 1},
        closed={"wrong token": 2},
        held_s=1.5,
        clock_offset_s=37.0,
        clock_error_s=0.2,
    )
}


def rows(viewer: str, *grants, t: float = T0 + 1):
    return {r.source: r for r in feed_rows(HEARD, ROSTER, Rules(grants), ViewerClass(AgencyId(viewer)), t)}


@pytest.mark.parametrize(("age", "state"), [(None, "idle"), (0.0, "live"), (30.0, "live"), (30.1, "stale"),
                                            (100.0, "stale"), (100.1, "silent")])  # fmt: skip
def test_the_state_goes_by_the_declared_cadence(age, state) -> None:
    assert feed_state(age, 10.0) == state


def test_an_agency_sees_its_own_feeds_with_the_reason_of_the_last_refusal() -> None:
    assert list(rows("cpd")) == ["cpd-avl"]
    own = rows("cpd")["cpd-avl"]
    assert (own.last_reason, own.last_sample) == ("lat out of range", '{"lat":999}')
    assert own.reasons == {"lat out of range": 1} and own.closed == {"wrong token": 2}


def test_others_see_a_feed_when_its_health_is_shared_and_never_the_reason() -> None:
    assert list(rows("fire")) == ["fire-avl"]
    shared = rows("fire", grant("cpd", "fire", "feed.health"))
    assert shared["cpd-avl"].accepted == 3 and shared["cpd-avl"].held_s == 1.5
    assert (shared["cpd-avl"].clock_offset_s, shared["cpd-avl"].clock_error_s) == (37.0, 0.2)
    assert (shared["cpd-avl"].last_reason, shared["cpd-avl"].last_sample) == ("", "")
    assert shared["cpd-avl"].reasons == shared["cpd-avl"].closed == {}


def test_a_source_that_never_spoke_is_idle_and_has_no_age() -> None:
    row = rows("fire")["fire-avl"]
    assert (row.state, row.age_s, row.accepted, row.clock_offset_s) == ("idle", None, 0, None)


def test_an_age_is_never_negative_when_clocks_differ() -> None:
    assert rows("cpd", t=T0 - 3)["cpd-avl"].age_s == 0.0
