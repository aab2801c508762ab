import re
from collections import defaultdict

from feeds.exercise.day import Day
from feeds.exercise.scene import FIRE_INNER_M
from feeds.exercise.stage import Saying
from feeds.report import IncidentReport, LogReport, Point, Polygon, ZoneReport
from tests.feeds.exercise.conftest import MINUTES, START_AT


def of_kind(said: list[Saying], kind: type) -> list:
    return [s.report for s in said if isinstance(s.report, kind)]


def test_only_priority_one_is_put_under_command_and_its_own_agencys_cad_says_so(
    spoken: tuple[Day, list[Saying]],
) -> None:
    said = spoken[1]
    incidents = {r.incident_id: r for r in of_kind(said, IncidentReport)}
    about = [s for s in said if isinstance(s.report, ZoneReport | LogReport)]
    assert about
    for saying in about:
        incident = incidents[saying.report.incident_id]
        assert incident.priority_common >= 9
        assert incident.type_common != "HLP1"
        assert saying.source == f"{saying.agency}-cad"
        assert incident.incident_id.endswith(f":{saying.agency}")


def test_the_inner_perimeter_lies_within_the_outer_one_round_the_incident(spoken: tuple[Day, list[Saying]]) -> None:
    zones = defaultdict(dict)
    for zone in of_kind(spoken[1], ZoneReport):
        if zone.geometry is not None:
            zones[zone.incident_id][zone.zone_kind] = zone
    assert zones
    for shapes in zones.values():
        outer = shapes["perimeter_outer"].geometry
        assert isinstance(outer, Polygon)
        inner = shapes["perimeter_inner"]
        assert inner.radius_m == (FIRE_INNER_M if isinstance(inner.geometry, Point) else None)
        lons, lats = zip(*outer.coordinates[0], strict=True)
        ring = [inner.geometry.coordinates] if isinstance(inner.geometry, Point) else inner.geometry.coordinates[0]
        assert all(min(lons) < lon < max(lons) and min(lats) < lat < max(lats) for lon, lat in ring)


def test_zones_are_lifted_when_their_incident_closes_and_not_before(spoken: tuple[Day, list[Saying]]) -> None:
    standing = defaultdict(set)
    closed = set()
    for saying in spoken[1]:
        report = saying.report
        if isinstance(report, ZoneReport):
            if report.valid_to == report.observed_at:
                standing[report.incident_id].discard(report.zone_id)
            else:
                assert report.incident_id not in closed
                standing[report.incident_id].add(report.zone_id)
        elif isinstance(report, IncidentReport) and report.status_common == ("Closed",):
            closed.add(report.incident_id)
    assert not any(standing[i] for i in closed)
    assert any(standing[i] for i in standing if i not in closed)


def test_the_log_is_rare_and_written_by_positions(spoken: tuple[Day, list[Saying]]) -> None:
    entries = of_kind(spoken[1], LogReport)
    by_id = {e.entry_id: e for e in entries}
    assert len(by_id) == len(entries)
    assert len([e for e in entries if e.observed_at > START_AT + 60]) < MINUTES * 1.5
    assert {e.text for e in entries} >= {"Command established", "Inner and outer perimeter set"}
    for entry in entries:
        assert re.fullmatch(r"[A-Z][A-Za-z]+", entry.author_position)
        assert entry.supersedes is None or by_id[entry.supersedes].observed_at < entry.observed_at
    zones = {z.zone_id for z in of_kind(spoken[1], ZoneReport)}
    assert all(ref in zones for e in entries for ref in e.refs or ())


def test_a_staging_place_that_was_wrong_is_corrected_and_the_zone_moves(grid) -> None:
    for seed in range(12):
        day = Day(seed, 300, grid, START_AT)
        said = day.step(START_AT + 400)
        corrections = [e for e in of_kind(said, LogReport) if e.entry_kind == "correction"]
        if corrections:
            break
    else:
        raise AssertionError("none of twelve days corrects a staging place")
    places = [z.geometry for z in of_kind(said, ZoneReport)
              if z.zone_kind == "staging" and z.incident_id == corrections[0].incident_id]  # fmt: skip
    assert len(set(places)) == 2
