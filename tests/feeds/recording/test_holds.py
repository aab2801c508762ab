"""Legal holds: what is said of them stands, in one file that tells when it was altered, and nothing held is deleted."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from feeds.errors import ArchiveDamaged, ConfigError, UnderHold
from feeds.names import AgencyId
from feeds.recording import holds
from feeds.recording.archive import Archive
from feeds.recording.audit import Entry
from feeds.recording.holds import FILE, Said
from feeds.recording.removal import Removal
from tests.support.recording import CPD, T0, TEN, entries, flip, sealed

HOLD = Said(act="hold", case="26-114", agency=CPD, since=T0, until=T0 + 1, actor="records", at=1.0)
RELEASE = Said(act="release", case="26-114", actor="counsel", at=2.0)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*.p*")) if p.is_file()}


def test_a_hold_stands_until_its_case_is_released(tmp_path: Path):
    other = replace(HOLD, case="26-115")
    for one in (HOLD, other, replace(HOLD, since=0)):
        holds.say(tmp_path, one)
    assert [hold.case for hold in holds.standing(holds.said(tmp_path))] == ["26-114", "26-115", "26-114"]
    holds.say(tmp_path, RELEASE)
    told = holds.said(tmp_path)
    assert [hold.case for hold in holds.standing(told)] == ["26-115"]
    assert [(one.act, one.actor) for one in told] == [("hold", "records")] * 3 + [("release", "counsel")]
    with pytest.raises(ConfigError, match="no hold stands of case '26-114'"):
        holds.say(tmp_path, RELEASE)
    holds.say(tmp_path, HOLD)
    assert len(holds.standing(holds.said(tmp_path))) == 2


def test_nothing_that_is_held_is_buried_or_revised_and_not_a_byte_changes(tmp_path: Path):
    archive = sealed(tmp_path)
    first, second, _ = archive.segments(CPD)
    holds.say(tmp_path, HOLD)
    before = tree(tmp_path)
    with pytest.raises(UnderHold, match="held: case 26-114"):
        archive.bury(first, "MOU 4.2", "records", 1.0)
    with pytest.raises(UnderHold):
        archive.revise(first, Removal("u1"), "order", "records", 1.0)
    assert tree(tmp_path) == before
    archive.bury(second, "MOU 4.2", "records", 1.0)
    holds.say(tmp_path, RELEASE)
    archive.bury(first, "MOU 4.2", "records", 1.0)
    assert [s.tombstone is None for s in archive.segments(CPD)] == [False, False, True]


@pytest.mark.parametrize(
    ("hold", "held"),
    [
        (HOLD, True),
        (replace(HOLD, agency=AgencyId("isp")), False),
        (replace(HOLD, since=T0 - 500, until=T0), True),  # received later, observed within it
        (replace(HOLD, since=T0 - 5000, until=T0 - 1000), False),
        (replace(HOLD, since=T0 + TEN - 1, until=T0 + 2 * TEN), True),
        (replace(HOLD, since=T0 + TEN, until=T0 + 2 * TEN), False),
    ],
)
def test_a_hold_covers_what_was_received_or_observed_in_its_time(tmp_path: Path, hold: Said, held: bool):
    archive = Archive(tmp_path)
    first = archive.seal(CPD, T0, T0 + TEN, entries(T0, T0 + 1000))  # observed a second before they were received
    assert hold.covers(first.manifest) is held


def test_a_hold_of_some_units_keeps_whole_segments_and_lets_only_other_units_be_taken_out(tmp_path: Path):
    archive = sealed(tmp_path, 1)
    (only,) = archive.segments(CPD)
    holds.say(tmp_path, replace(HOLD, units=("u1",)))
    with pytest.raises(UnderHold):
        archive.bury(only, "MOU 4.2", "records", 1.0)
    for removal in (Removal("u1"), Removal()):
        with pytest.raises(UnderHold):
            archive.revise(only, removal, "order", "records", 1.0)
    assert archive.revise(only, Removal("u2"), "order", "records", 1.0).manifest.revision == 1


def test_while_the_holds_cannot_be_read_nothing_is_deleted(tmp_path: Path):
    archive = sealed(tmp_path)
    holds.say(tmp_path, replace(HOLD, agency=AgencyId("isp")))
    holds.say(tmp_path, replace(HOLD, agency=AgencyId("isp")))
    path = tmp_path / FILE
    flip(path, path.read_bytes().index(b"26-114"))
    with pytest.raises(ArchiveDamaged, match=r"holds\.jsonl: line 2 does not follow"):
        archive.bury(archive.segments(CPD)[0], "MOU 4.2", "records", 1.0)
    path.write_bytes(b"{}\n")
    with pytest.raises(ArchiveDamaged, match="line 1 cannot be read"):
        archive.bury(archive.segments(CPD)[0], "MOU 4.2", "records", 1.0)
    with pytest.raises(ArchiveDamaged):
        holds.say(tmp_path, HOLD)
    assert all(s.tombstone is None for s in Archive(tmp_path).segments(CPD))


def test_half_a_line_stands_for_nothing_and_lets_nothing_go_until_it_is_said_again(tmp_path: Path):
    archive = sealed(tmp_path)
    holds.say(tmp_path, HOLD)
    path = tmp_path / FILE
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"act":"hold","case":"26-1')
    with pytest.raises(ArchiveDamaged, match="say that hold again"):
        archive.bury(archive.segments(CPD)[2], "MOU 4.2", "records", 1.0)
    holds.say(tmp_path, replace(HOLD, case="26-115"))
    assert path.read_bytes().startswith(whole)
    assert [hold.case for hold in holds.said(tmp_path)] == ["26-114", "26-115"]


def told_to_the_audit(one: Said, failed: bool = False) -> Entry:
    return Entry(
        act=one.act, who=one.actor, via="command", at=one.at - 1, case=one.case, failed=failed,
        since=one.since / 1000 or None, until=None if one.until == 2**53 else one.until / 1000,
        agencies=(one.agency,) if one.agency else (), unit=", ".join(one.units),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("audited", "there", "missing"),
    [
        ([HOLD], [HOLD], 0),
        ([HOLD], [], 1),
        ([HOLD, HOLD], [HOLD], 0),
        ([HOLD, RELEASE], [], 0),
        ([HOLD, RELEASE, HOLD], [HOLD, RELEASE], 1),
        ([HOLD], [HOLD, RELEASE], 1),  # a release that nobody audited
        ([HOLD], [replace(HOLD, until=T0)], 1),
        ([HOLD], [replace(HOLD, units=("u1",))], 1),
        ([], [HOLD], 0),
        ([replace(HOLD, since=0, until=2**53, units=("u1", "u2"))], [], 1),
        ([(HOLD, False), (HOLD, True)], [], 0),
        ([(HOLD, False), (RELEASE, False), (RELEASE, True)], [], 1),
    ],
)
def test_what_the_audit_says_is_held_and_the_file_does_not_is_missing(
    audited: list[object], there: list[Said], missing: int
):
    entries = [told_to_the_audit(*one) if isinstance(one, tuple) else told_to_the_audit(one) for one in audited]  # type: ignore[arg-type]
    found = holds.missing(there, entries)
    assert len(found) == missing
    assert all((hold.case, hold.agency) == ("26-114", CPD) for hold in found)
    if found and not there:
        for hold in found:
            there.append(hold)
        assert holds.missing(there, entries) == []
