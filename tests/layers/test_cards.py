from zoneinfo import ZoneInfo

from layers.cards import card
from tests.support.heard import ROSTER, SQUARE, T0, camera, delivery, entry, heard, incident, unit, zone
from tests.support.pair import Pair, grant


def shown(pair: Pair, layer: str, entity_id: str, t: float = T0 + 5, agency: str = "cpd"):
    return card(pair.view, ROSTER, layer, agency, entity_id, t)


def test_a_units_card_says_status_speed_and_age_in_words() -> None:
    said = unit(call_sign="3A12", unit_type="PatrolUnit", primary_status="NotAvailable", secondary_status=("EnRoute",),
                speed_mps=20.0, course_deg=90.0, h_err_m=4.6, crew=2)  # fmt: skip
    p = Pair(heard(delivery(1, said, received_at=T0 + 1)), "cpd", t=T0)
    found = shown(p, "units", "u1")
    rows = dict(found.rows)
    assert (found.title, found.subtitle) == ("3A12", "Patrol unit, CPD")
    assert rows["Status"] == "En route"
    assert rows["As reported"] == "Not available, en route"
    assert rows["Moving"] == "45 mph E (90°)"
    assert rows["Accurate to"] == "5 m"
    assert not {"Age", "Observed", "Received"} & set(rows)
    assert rows["Source"] == "cpd-avl, every 10 s"
    assert found.position == (-87.63, 41.88)
    assert (found.observed_at, found.received_at) == (T0, T0 + 1)


def test_an_old_unit_is_said_to_be_stale_and_then_lost() -> None:
    p = Pair(heard(delivery(1, unit())), "cpd", t=T0)
    assert dict(shown(p, "units", "u1", T0 + 40).rows)["Age"].startswith("Stale: ")
    assert dict(shown(p, "units", "u1", T0 + 400).rows)["Age"] == "Lost: shown where it was last seen"


def test_words_that_are_in_no_registry_are_flagged() -> None:
    p = Pair(heard(delivery(1, unit(unit_type="HoverBoard", primary_status="Available"))), "cpd", t=T0)
    found = shown(p, "units", "u1")
    assert found.flagged == ("unit_type",)


def test_an_incidents_card_tells_its_history_newest_first() -> None:
    p = Pair(
        heard(
            delivery(
                1, incident(type_common="STRUCTFR", priority_common=10, status_common=("Active",), address="1 Main")
            ),
            delivery(
                2, incident(at=T0 + 60, status_common=("Active", "ResourcesEnroute"), assigned_units=("u1", "u2"))
            ),
            delivery(3, incident(at=T0 + 30, priority_common=7), received_at=T0 + 70),
        ),
        "cpd",
        t=T0 + 80,
    )
    found = shown(p, "incidents", "i1", T0 + 80)
    assert found.title == "P2 Structure fire"
    assert [text for _, text in found.history] == [
        "Units en route; u1, u2 assigned",
        "priority P2",
        "Structure fire; priority P1; at 1 Main; Active",
    ]
    assert [at for at, _ in found.history] == [T0 + 60, T0 + 30, T0]


def test_a_card_names_no_unit_and_counts_none_that_the_viewer_does_not_see() -> None:
    said = [unit("a", call_sign="A1"), unit("b", labels=("undercover",)), incident(assigned_units=("a", "b"))]
    p = Pair(heard(delivery(1, *said)), "fire", grant("cpd", "fire", "unit.position", "incident.summary",
             "incident.detail"), t=T0)  # fmt: skip
    found = shown(p, "incidents", "i1")
    assert dict(found.rows)["Units"] == "a"
    assert [text for _, text in found.history] == ["a assigned"]


def test_a_cameras_card_tells_what_it_looks_at_and_what_it_saw() -> None:
    p = Pair(
        heard(
            delivery(1, camera(name="Dock 4", camera_kind="ptz", camera_state="live", bearing_deg=90.0, fov_deg=60.0)),
            delivery(2, camera(at=T0 + 1, event_type="gunshot_detected", event_id="e", verification="unverified")),
        ),
        "cpd",
        t=T0 + 2,
    )
    found = shown(p, "cameras", "c1")
    rows = dict(found.rows)
    assert found.title == "Dock 4"
    assert rows["Alert"] == "Gunshot detected, not confirmed"
    assert rows["Looks"] == "E (90°), 60° wide"
    assert [text for _, text in found.history] == ["Gunshot detected, not confirmed"]


def test_times_are_the_sites_own_with_utc_beside_and_the_day_when_it_is_not_today() -> None:
    chicago = ZoneInfo("America/Chicago")
    p = Pair(heard(delivery(1, incident(type_common="FIRE"))), "cpd", t=T0)

    def opened(t: float) -> str:
        return dict(card(p.view, ROSTER, "incidents", "cpd", "i1", t, chicago).rows)["Opened"]

    assert opened(T0 + 5) == "09:13:20 CDT, 14:13:20 UTC"
    assert opened(T0 + 86400) == "21 Sep 09:13:20 CDT, 14:13:20 UTC"


def test_a_units_card_says_which_incident_it_is_on_in_words() -> None:
    said = [unit(primary_status="NotAvailable", secondary_status=("OnScene",), incident_id="i1"),
            incident(type_common="BARICADE", priority_common=10, address="1 Main")]  # fmt: skip
    p = Pair(heard(delivery(1, *said)), "cpd", t=T0)
    assert dict(shown(p, "units", "u1").rows)["Incident"] == "P1 Barricaded person, 1 Main"


def test_of_a_hidden_thing_there_is_no_card() -> None:
    p = Pair(heard(delivery(1, unit())), "fire", t=T0)
    assert shown(p, "units", "u1") is None
    assert shown(p, "units", "nothing") is None
    assert shown(p, "nonsense", "u1") is None


def test_a_zones_card_says_its_kind_its_incident_and_until_when_it_stands() -> None:
    said = [
        zone(zone_kind="perimeter_inner", name="Inner, Elm", incident_id="i1", valid_from=T0 + 60, valid_to=T0 + 3600),
        incident(type_common="FIRE", priority_common=9, address="12 Elm"),
    ]
    p = Pair(heard(delivery(1, *said)), "cpd", t=T0)
    found = shown(p, "zones", "z1")
    rows = dict(found.rows)
    assert (found.title, found.subtitle) == ("Inner, Elm", "Inner perimeter, CPD")
    assert rows["Incident"] == "P1 Fire, 12 Elm"
    assert "Planned from" in rows and rows["Until"].endswith("UTC")
    lons, lats = zip(*SQUARE.coordinates[0], strict=True)
    assert min(lons) < found.position[0] < max(lons) and min(lats) < found.position[1] < max(lats)


def test_a_log_entrys_card_says_who_wrote_it_both_times_what_it_is_about_and_what_corrects_it() -> None:
    said = [
        entry(text="North gate closed", author_position="StagingAreaManager", refs=("u1", "nowhere"), incident_id="i1"),
        entry("e2", at=T0 + 1, text="South gate closed", entry_kind="correction", supersedes="e1"),
        unit(call_sign="3A12"),
    ]
    p = Pair(heard(delivery(1, *said, received_at=T0 + 3)), "cpd", t=T0 + 3)
    found = shown(p, "log", "e1")
    rows = dict(found.rows)
    assert (found.title, found.subtitle) == ("North gate closed", "Note, CPD")
    assert rows["Written by"] == "Staging area manager"
    assert rows["About"] == "3A12, nowhere"
    assert rows["Corrected"] == "“South gate closed”"
    assert rows["Observed"] != rows["Received"]
    assert dict(shown(p, "log", "e2").rows)["Corrects"] == "“North gate closed”"
    assert found.position == (-87.63, 41.88)


def test_a_long_entry_is_no_title() -> None:
    p = Pair(heard(delivery(1, entry(text="word " * 30))), "cpd", t=T0)
    found = shown(p, "log", "e1")
    assert (found.title, dict(found.rows)["Text"]) == ("Note", "word " * 30)
