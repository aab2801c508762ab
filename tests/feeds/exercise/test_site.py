from feeds import adapters
from feeds.exercise import site
from feeds.exercise.cameras import CADENCE_S, SORTS
from feeds.exercise.day import MOVING_S
from feeds.exercise.roster import KINDS
from feeds.names import agency_id, source_id


def test_agencies_and_sources_fit_the_grammar_and_each_other() -> None:
    agencies = {agency_id(a.id) for a in site.AGENCIES}
    assert {site.COMMAND, site.GUEST, site.FEDERAL} <= agencies
    assert len({a.tag for a in site.AGENCIES}) == len(site.AGENCIES)
    for source in site.SOURCES:
        source_id(source.id)
        assert source.agency in agencies
        assert source.adapter in adapters.names()
        assert source.cadence_s >= MOVING_S


def test_every_unit_and_camera_has_a_source_and_the_command_centre_has_none() -> None:
    sources = {s.id for s in site.SOURCES}
    assert {k.source for k in KINDS} | {s.source for s in SORTS} <= sources
    assert not [s for s in site.SOURCES if s.agency == site.COMMAND]


def test_the_guest_has_one_source_per_dialect_and_takes_what_nobody_claims() -> None:
    guest = [s for s in site.SOURCES if s.agency == site.GUEST]
    assert {s.adapter for s in guest} == set(adapters.names()) and len(guest) == len(adapters.names())
    assert {"guest-cot", "guest-camera-webhook"} <= {s.id for s in guest}
    assert [s.id for s in site.SOURCES if s.catch_all] == ["guest-cot"]


def test_cameras_promise_the_cadence_they_keep() -> None:
    cam = next(s for s in site.SOURCES if s.id == "cpd-cam")
    assert cam.cadence_by_state == CADENCE_S
