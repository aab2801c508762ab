"""The record told again says what the live stream said, and never more."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.bus import BatchId
from feeds.names import AgencyId
from feeds.report import Category
from layers.picture import UNITS, Origin
from layers.policy import Rules, ViewerClass
from layers.retelling import Retelling
from tests.layers.test_picture import LABELS, TIMES, reports
from tests.support.heard import T0, delivery, heard, incident, unit
from tests.support.pair import Pair, grant

FIRE = ViewerClass(AgencyId("fire"))
CATEGORIES = st.lists(st.sampled_from(list(Category)), max_size=8).map(lambda some: [Category.UNIT_POSITION, *some])
GRANTS = st.lists(
    st.tuples(CATEGORIES, st.sampled_from([(), ("undercover",), ("undercover", "tactical")])), min_size=1, max_size=2
)


def positioned() -> st.SearchStrategy[Any]:
    return st.builds(
        lambda name, at, labels, fields: unit(name, at, labels=labels, **fields),
        st.sampled_from("ab"),
        TIMES,
        LABELS,
        st.dictionaries(st.sampled_from(["call_sign", "primary_status", "incident_id"]), st.sampled_from("ab")),
    )


@settings(max_examples=150, deadline=None)
@given(GRANTS, st.lists(reports() | positioned(), min_size=1, max_size=12))
def test_what_is_told_is_what_the_live_stream_showed_when_it_came(granted: Any, said: list[Any]) -> None:
    shares = [grant("cpd", "fire", *categories, labels=labels) for categories, labels in granted]
    live = Pair(heard(), "fire", *shares, t=T0)
    retelling = Retelling(heard(), Rules(shares), FIRE, {})
    newest: dict[str, float] = {}
    for k, report in enumerate(said):
        t = T0 + 100 + k
        batch = delivery(k + 1, report, received_at=t)._replace(id=BatchId(round(t * 1000), 0))
        live.picture.apply(batch)
        live.tick(t)
        events = [event.record for event in live.view.new_events]
        live.view.new_events = []
        told = retelling.take(batch)
        assert [(o.kind, o.id, o.text, o.lon, o.incident_id) for o in told] == [
            (e["kind"], e["id"], e["text"], e.get("lon"), e.get("incident_id")) for e in events
        ]
        for point in retelling.positions(batch):
            assert live.view.shows(UNITS, "cpd", point.unit_id), "a position of a unit that the live stream hid"
        unit_id, in_order = getattr(report, "unit_id", None), False
        if unit_id is not None:
            in_order = report.observed_at >= newest.get(unit_id, 0.0)
            newest[unit_id] = max(newest.get(unit_id, 0.0), report.observed_at)
        if in_order and report.lat is not None:
            points = list(retelling.positions(batch))
            assert bool(points) == live.view.shows(UNITS, "cpd", unit_id)
            for point in points:
                (row,) = (r for r in live.client.rows["units"].values() if r["record"]["id"] == unit_id)
                for name in ("call_sign", "incident_id", "primary_status"):
                    value = getattr(point, name)
                    assert value is None or value == row["record"].get(
                        name, value if name == "primary_status" else None
                    )


def test_a_late_report_is_told_with_its_own_numbers_and_by_the_labels_known_when_it_came() -> None:
    shares = [grant("cpd", "fire", "unit.position", labels=labels) for labels in (("undercover",), ("tactical",))]
    retelling = Retelling(heard(), Rules(shares), FIRE, {})

    def points(n: int, report: Any) -> list[float]:
        batch = delivery(n, report, received_at=T0 + n)
        retelling.take(batch)
        return [point.lat for point in retelling.positions(batch)]

    assert points(10, unit(at=T0 + 10, lat=41.1)) == [41.1]
    assert points(11, unit(at=T0 + 5, lat=41.2)) == [41.2], "late, with its own place"
    assert points(12, unit(at=T0 + 12, lat=41.3, labels=("undercover",))) == [41.3]
    assert points(13, unit(at=T0 + 6, lat=41.4, labels=("tactical",))) == [], "no one share names both labels"
    assert points(14, unit(at=T0 + 14, lat=41.5, labels=("odd",))) == []
    assert points(15, unit(at=T0 + 7, lat=41.6)) == [], "late, while the unit has a label that nobody may see"


def test_labels_of_today_count_for_what_was_told_before_and_for_what_it_names() -> None:
    shares = [grant("cpd", "fire", "unit.position", "unit.status", "incident.summary", labels=("tactical",))]
    said = delivery(1, incident("i1"), unit("u1"), unit("u2", incident_id="i1"), received_at=T0)

    def told(today: dict[tuple[str, AgencyId, str], frozenset[str]]) -> tuple[int, list[tuple[str, str | None]]]:
        retelling = Retelling(heard(), Rules(shares), FIRE, today)
        happened = len(retelling.take(said))
        return happened, [(point.unit_id, point.incident_id) for point in retelling.positions(said)]

    cpd, may_not, may = AgencyId("cpd"), frozenset({"undercover"}), frozenset({"tactical"})
    assert told({}) == (1, [("u1", None), ("u2", "i1")])
    assert told({("units", cpd, "u1"): may_not, ("incidents", cpd, "i1"): may_not}) == (0, [("u2", None)])
    assert told({("units", cpd, "u1"): may, ("incidents", cpd, "i1"): may}) == (1, [("u1", None), ("u2", "i1")])


class Faulty(Rules):
    """Rules that fail whenever they are asked."""

    def granted(self, viewer: ViewerClass, origin: Origin) -> int:
        raise RuntimeError


def test_a_fault_withholds_and_is_counted() -> None:
    rules = Faulty([grant("cpd", "fire", "unit.position", "incident.summary")])
    retelling = Retelling(heard(), rules, FIRE, {})
    batch = delivery(1, unit(), incident(type_common="FIRE"), received_at=T0)
    assert retelling.take(batch) == [] and list(retelling.positions(batch)) == []
    assert rules.alarms == 2
