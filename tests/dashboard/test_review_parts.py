"""The parts of a review that need no door: messages, pace, keyframes, views, distances."""

import pytest
from msgspec.structs import replace

from dashboard.config import Share
from dashboard.hub import grants_of, roster_of, rules_of
from dashboard.review_asks import Play, Screens, Seek, StepTo, Track, understood
from dashboard.review_keyframes import EVERY_S, Keyframes
from dashboard.review_told import Pace
from dashboard.review_views import Policy, Views
from dashboard.screen_words import type_of
from dashboard.viewer import Viewer
from feeds.names import AgencyId
from feeds.report import Category
from layers.distance import distance_m
from layers.picture import Origin
from layers.policy_record import encode_policy
from layers.track import BIT, EVERYTHING
from tests.support.live import site

POSITION = BIT[Category.UNIT_POSITION]
CPD = Origin(AgencyId("cpd"), frozenset())


def viewer(agency: str) -> Viewer:
    return Viewer(name=agency, agency=AgencyId(agency), roles=("reviewer",), kind="desk")


def test_messages_are_understood_or_refused_with_the_reason() -> None:
    assert understood('{"type":"seek","at":5}') == Seek(5.0)
    assert understood('{"type":"play","speed":0.25}') == Play(0.25)
    assert understood('{"type":"step","to":"alarm","by":-1}') == StepTo("alarm", -1)
    assert understood('{"type":"track","ask":1,"agency":"a","id":"u","from":1,"to":2}') == Track(1, "a", "u", 1.0, 2.0)
    assert understood('{"type":"screens","ask":2,"at":5}') == Screens(2, 5.0)
    for message in (
        '{"type":"seek"}',
        '{"type":"step","to":"alarm","by":2}',
        '{"type":"play","speed":65}',
        "[]",
        b"\xff",
    ):
        with pytest.raises(ValueError, match=r"."):
            understood(message)
    assert [type_of(m) for m in ('{"type":"seek"}', "[]", '{"type":5}')] == ["seek", "", ""]


def test_the_pace_is_that_of_about_the_last_second() -> None:
    pace = Pace()
    assert pace.now() == 0.0
    for n in range(31):
        pace.note(n / 10, n * (6.4 if n < 15 else 1.0))
    assert pace.now() == 10.0
    pace.clear()
    assert pace.now() == 0.0


def test_of_kept_pictures_the_newest_before_is_given_and_the_least_used_goes() -> None:
    kept = Keyframes(bytes_max=30)
    for t in (100.0, 200.0, 300.0):
        assert kept.wanted(t)
        kept.keep(t, bytes(10))
    assert not kept.wanted(100 + EVERY_S / 2)
    assert kept.before(99.0) is None
    assert kept.before(150.0) == (100.0, bytes(10))
    kept.keep(400.0, bytes(10))
    assert kept.before(250.0) == (100.0, bytes(10)), "the one of 200 had not been used"
    assert kept.before(1000.0) == (400.0, bytes(10))


def test_what_was_not_shared_then_and_what_is_shared_no_more_is_not_shown() -> None:
    settings = site()
    views = Views(roster_of(settings), rules_of(settings))
    fire = viewer("fire")
    less = replace(settings, share=())
    then = views.policy(encode_policy(grants_of(less), roster_of(less)))
    assert views.rules(fire, "known", then).granted(views.rules(fire, "known", then).viewer, CPD) == 0
    views = Views(roster_of(less), rules_of(less))
    then = views.policy(encode_policy(grants_of(settings), roster_of(settings)))
    assert views.rules(fire, "known", then).granted(views.rules(fire, "known", then).viewer, CPD) == 0
    own = views.rules(viewer("cpd"), "known", then)
    assert own.granted(own.viewer, CPD) == EVERYTHING


def test_without_a_policy_on_record_the_shares_of_today_count_and_one_that_cannot_be_read_shares_nothing() -> None:
    views = Views(roster_of(site()), rules_of(site()))
    for data, granted in ((b"", POSITION), (b"junk", 0)):
        rules = views.rules(viewer("fire"), "known", views.policy(data))
        assert rules.granted(rules.viewer, CPD) == granted


def test_a_command_centre_may_look_through_the_eyes_of_whom_it_sees_whole_and_sees_what_both_may() -> None:
    settings = replace(
        site(),
        share=(
            Share(from_="*", to=("jcc",), categories=tuple(Category)),
            Share(from_="cpd", to=("fire",), categories=(Category.UNIT_POSITION,)),
        ),
    )
    views = Views(roster_of(settings), rules_of(settings))
    assert views.of(viewer("jcc")) == ["known", "truth", "agency:cpd", "agency:fire", "agency:fbi", "agency:jcc"]
    assert views.of(viewer("fire")) == ["known", "truth", "agency:fire"]
    rules = views.rules(viewer("jcc"), "agency:fire", Policy(roster_of(settings), None))
    assert rules.granted(rules.viewer, CPD) == POSITION
    secret = Origin(AgencyId("fire"), frozenset({"undercover"}))
    assert rules.granted(rules.viewer, secret) == 0, "fire's own people see it, the centre does not"


def test_distances_on_the_ground() -> None:
    assert distance_m(-87.63, 41.88, -87.63, 41.88) == 0
    assert distance_m(0, 0, 0, 1) == pytest.approx(111_195, rel=1e-4)
    assert distance_m(-87.63, 41.88, -87.62, 41.88) == pytest.approx(828, rel=1e-2)


def test_a_time_without_a_policy_on_record_after_one_with_it_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    settings = site()
    views = Views(roster_of(settings), rules_of(settings))
    assert views.policy(encode_policy(grants_of(settings), roster_of(settings))).rules is not None
    assert views.policy(b"").rules is None
    assert not caplog.records
