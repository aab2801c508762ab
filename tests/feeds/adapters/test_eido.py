"""NENA EIDO JSON."""

import contextlib
import json
import re
import time

import msgspec
import pytest

from feeds.adapter import MESSAGES_MAX, TOO_MANY, Decoded, Refusal
from feeds.adapters.eido import ADAPTER
from feeds.envelope import WIRE_VERSION, Batch, Parcel, encode_batch
from feeds.errors import DecodeError
from feeds.file_feed import looks_like
from feeds.names import AgencyId, SourceId
from feeds.report import IncidentReport
from tests.support.gateway import shared_samples

FIRE, UNITS, _ = (sample.frame for sample in ADAPTER.samples)


def decode(frame: bytes) -> Decoded:
    return ADAPTER.open().decode(frame, 2000.0)


def test_the_parts_of_all_documents_are_counted_through():
    both = decode(b"[" + UNITS + b"," + FIRE + b"]")
    assert (both.indexes, [r.index for r in both.refusals]) == ([0, 2, 3], [1])
    assert both.refusals[0].path == "$[0].emergencyResourceComponent[1].primaryUnitStatusRegistryText"
    assert decode(UNITS).refusals[0].path == "$.emergencyResourceComponent[1].primaryUnitStatusRegistryText"


def test_a_broken_document_never_costs_the_good_one_beside_it():
    found = decode(b"[" + FIRE + b',{"$id":NaN},5,' + FIRE + b"]")
    assert len(found.reports) == 2
    assert [(r.index, r.reason) for r in found.refusals] == [(1, "not JSON"), (2, "not an object")]


@pytest.mark.parametrize(("frame", "reason"), [(b" ", "empty message"), (b"[]", "empty message"), (b"[1", "not JSON")])
def test_a_frame_of_nothing_is_refused_whole(frame: bytes, reason: str):
    with pytest.raises(DecodeError, match=reason):
        decode(frame)


def test_a_frame_of_tiny_faults_is_a_bounded_answer_given_quickly():
    started = time.process_time()
    head = FIRE[:-2] + b',"emergencyResourceComponent":['
    for frame in (
        b"[" + b",".join([b"1"] * 30_000) + b"]",
        head + b",".join([b"1"] * 30_000) + b"]}",
        head + b",".join([b'{"$id":"a"}'] * 5000) + b"]}",
    ):
        found = decode(frame)
        assert len(found.refusals) + len(found.reports) == MESSAGES_MAX + 1
        assert found.refusals[-1] == Refusal(MESSAGES_MAX, TOO_MANY)
    many = b'"dispatchComponent":[' + b",".join([b'{"emergencyResourceReference":{"$ref":"E"}}'] * 1200) + b"]"
    assert len(decode(FIRE[:-2] + b"," + many + b"}").reports) == 1
    for bomb in (b"[" * 60_000, b'{"$id":' * 9000, b'{"incidentComponent":' + b"[" * 50_000):
        with contextlib.suppress(DecodeError):
            assert decode(bomb).reports == []
    assert time.process_time() - started < 5


def test_a_captured_document_moves_in_the_times_that_are_read():
    assert ADAPTER.capture is not None
    moved = json.loads(ADAPTER.capture.move(UNITS, 3600, None))
    assert moved["lastUpdateTimeStamp"] == "2026-05-04T20:03:09.250Z"
    assert moved["emergencyResourceComponent"][0]["lastUpdateTimeStamp"] == "2026-05-04T20:03:01.000Z"
    assert moved["locationComponent"][0]["lastUpdateTimeStamp"] == "2026-05-04T20:02:10.000Z"
    assert moved["agencyComponent"] == json.loads(UNITS)["agencyComponent"]
    before, after = decode(UNITS), decode(ADAPTER.capture.move(UNITS, 3600, None))
    assert [r.observed_at + 3600 for r in before.reports] == [r.observed_at for r in after.reports]


def test_a_file_of_it_is_told_from_our_own_dialect():
    late = json.dumps({"additionalDataComponent": [{"$id": "a", "lastUpdateTimeStamp": "x"}], "eidoVersion": "1.0"})
    for data in (FIRE, b"[" + UNITS + b"]", late.encode(), json.dumps(json.loads(FIRE)).encode() * 2):
        assert looks_like(data[:4096]) is ADAPTER


def test_the_real_sample_is_an_incident_of_which_only_the_call_is_known():
    (path,) = shared_samples("eido")
    found = decode(path.read_bytes())
    (report,) = found.reports
    assert isinstance(report, IncidentReport) and not found.refusals
    assert report.incident_id == "urn:emergency:uid:incidentid:a56e556d871:bcf.state.pa.us"
    assert (report.origin, report.lat, report.address) == ("citizen_call", None, None)
    assert report.observed_at == 1619808229.439


def test_no_word_about_a_person_vehicle_or_caller_of_the_real_sample_is_on_the_bus():
    (path,) = shared_samples("eido")
    document = json.loads(path.read_bytes())
    document["personComponent"][0]["ncPersonComponent"] = {
        "PersonName": "Given Surname",
        "PersonBirthDate": "1980-02-03",
    }
    document["vehicleComponent"] = [{"$id": "v", "ncVehicleComponent": {"plate": "XX 0000"}}]
    document["notesComponent"] = [{"$id": "n", "notesActionComments": "caller is the neighbour"}]
    incident = document["incidentComponent"] = json.loads(FIRE)["incidentComponent"]
    incident["personReference"], incident["locationReference"] = [{"$ref": "123e4567-abcd-12d3-a456-426614174000"}], []
    reports = tuple(decode(json.dumps(document).encode()).reports)
    assert reports
    plain = msgspec.json.encode(reports)
    journaled = encode_batch(Batch(WIRE_VERSION, AgencyId("cpd"), (Parcel(SourceId("x"), "", 1.0, reports),)))
    dropped = (
        "personComponent", "vehicleComponent", "notesComponent", "additionalDataComponent", "agentComponent",
        "callbackComponent",
    )  # fmt: skip
    words = {w for name in dropped for w in re.findall(r"[\w@.+-]{4,}", json.dumps(document[name]))}
    assert "Surname" in words and "Tschofenig" in words and len(words) > 100
    kept = set(re.findall(r"[\w@.+-]{4,}", plain.decode()))
    ours = {"status", "incident", "emergency"}  # names of our own fields
    assert {w for w in words & kept if w not in ours} <= {"a56e556d871", "bcf.state.pa.us", "incidentid", "callid"}
    for word in ("Tschofenig", "Surname", "0000", "neighbour", "5551212", "tjones"):
        assert word.encode() not in plain and word.encode() not in journaled
