"""A summary counts what the batches hold, whoever counts."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings

from feeds.bus import BatchId, Delivery
from feeds.envelope import Parcel
from feeds.errors import DecodeError
from feeds.names import AgencyId, SourceId
from feeds.recording.segment import PARCELS, REPORTS, encode
from feeds.recording.summary import LATE_S, Summary, summary
from feeds.report import CameraReport, IncidentReport, LogReport, UnitReport, ZoneReport
from tests.feeds.recording.journals import CPD, JOURNALS, T0, journaled

KINDS = {
    UnitReport: "unit", IncidentReport: "incident", CameraReport: "camera_event", ZoneReport: "zone",
    LogReport: "log_entry",
}  # fmt: skip


def counted(entries: list[Delivery]) -> Summary:
    """Return the same, counted one by one."""
    said = [(delivery.id, e) for delivery in entries for e in delivery.batch.envelopes()]
    parcels = [p for delivery in entries for p in delivery.batch.parcels]
    began_ms = entries[0].id.ms // 600_000 * 600_000 if entries else 0
    kinds = Counter(KINDS[type(e.report)] for _, e in said)
    minutes: dict[str, list[int]] = {kind: [0] * 10 for kind in kinds}
    for id_, envelope in said:
        minutes[KINDS[type(envelope.report)]][(id_.ms - began_ms) // 60_000] += 1
    sources = Counter(dict.fromkeys((p.source for p in parcels), 0))
    sources.update(e.source for _, e in said)
    observed, received = [e.report.observed_at for _, e in said], [p.received_at for p in parcels]
    return Summary(
        batches=len(entries),
        parcels=len(parcels),
        reports=len(said),
        first_id=entries[0].id if entries else None,
        last_id=entries[-1].id if entries else None,
        began_ms=began_ms,
        kinds=dict(kinds),
        minutes=minutes,
        observed=(min(observed), max(observed)) if observed else None,
        received=(min(received), max(received)) if received else None,
        late=sum(e.received_at - e.report.observed_at > LATE_S for _, e in said),
        sources=dict(sources),
    )


@settings(max_examples=25, deadline=None)
@given(JOURNALS)
def test_it_counts_what_the_batches_hold(entries: list[Delivery]):
    assert summary(CPD, encode(CPD, entries)) == counted(entries)


def test_minutes_go_by_the_journal_and_late_by_both_clocks():
    def said(at: float, received_at: float) -> list[Parcel]:
        return [Parcel(SourceId("one"), "", received_at, (UnitReport(unit_id="U1", observed_at=at),))]

    early, late = journaled([said(T0 + 5, T0 + 5.5), said(T0 + 6, T0 + 36)], BatchId(T0 * 1000 + 6000, 0))
    later = late._replace(id=BatchId(T0 * 1000 + 185_000, 3))
    found = summary(CPD, encode(CPD, [early, later]))
    assert found.began_ms == T0 * 1000
    assert found.minutes == {"unit": [1, 0, 0, 1, 0, 0, 0, 0, 0, 0]}
    assert found.late == 0, "30 s is not more than 30 s"
    late_too = journaled([said(T0 + 6, float(np.nextafter(T0 + 36, T0 + 37)))])
    assert summary(CPD, encode(CPD, late_too)).late == 1


def test_a_segment_that_lasts_longer_has_more_minutes():
    one, two = journaled([[], []])
    entries = [one, two._replace(id=BatchId(one.id.ms + 700_000, 0))]
    assert summary(CPD, encode(CPD, entries)).batches == 2


def test_files_that_do_not_belong_together_are_refused():
    files = encode(CPD, journaled([[Parcel(SourceId("one"), "", 1.0, (UnitReport(unit_id="U1", observed_at=1.0),))]]))
    with pytest.raises(DecodeError, match=r"^parcels\.parquet cannot be read: its parcels do not hold 1 reports"):
        summary(CPD, {REPORTS: files[REPORTS], PARCELS: encode(CPD, [])[PARCELS]})
    with pytest.raises(DecodeError, match="is of another agency"):
        summary(AgencyId("cfd"), files)
