"""Who has the files of a record is held by no share of then; what the agencies let each other see stays as it was."""

from pathlib import Path

from dashboard.reader_recording import ReaderRecording, lending
from dashboard.recorder import logs_of
from feeds.bus import BatchId
from feeds.memory_bus import MemoryBus
from feeds.names import CUTS, AgencyId
from feeds.recording.log_sealer import LogSealer
from feeds.replay.cuts import UNREADABLE
from feeds.replay.journal import JournalRecording
from feeds.replay.sealed import Sealed
from feeds.report import Category
from layers.picture import Origin
from layers.policy import Rules, ViewerClass
from layers.policy_record import decode_policy, encode_policy
from layers.roster import AgencyInfo, Roster
from layers.track import BIT, EVERYTHING
from tests.support.pair import grant
from tests.support.recorded import HandClock
from tests.support.recording import CPD, T0, TEN, flip, sealed
from tests.support.site_cuts import entry

READER, CFD = AgencyId("reader"), AgencyId("cfd")
ROSTER = Roster([AgencyInfo(CPD, "Police", "CPD"), AgencyInfo(CFD, "Fire", "CFD")], [])
THEN = encode_policy((grant("cpd", "cfd", "unit.position"),), ROSTER)
OF_CPD = Origin(CPD, frozenset())


def granted(data: bytes, viewer: AgencyId, origin: Origin = OF_CPD) -> int:
    return Rules(decode_policy(data)[0]).granted(ViewerClass(viewer), origin)


def test_the_reader_sees_everything_and_the_others_what_they_saw():
    lent = lending(READER)(THEN)
    assert granted(lent, READER) == EVERYTHING
    assert granted(lent, READER, Origin(CPD, frozenset({"undercover"}))) == EVERYTHING
    assert granted(lent, CFD) == BIT[Category.UNIT_POSITION] == granted(THEN, CFD)
    assert granted(lent, CFD, Origin(CPD, frozenset({"undercover"}))) == 0
    assert list(decode_policy(lent)[1].agencies) == ["cpd", "cfd"]


def test_what_is_lent_once_is_not_lent_again_and_what_is_unreadable_hides_nothing():
    lend = lending(READER)
    assert lend(lend(THEN)) == lend(THEN)
    assert lend(b"") == lend(UNREADABLE) == lend(b"\x93\x01") == b""


async def test_a_record_gives_out_such_policies_alone(tmp_path: Path):
    archive = sealed(tmp_path, 2)
    (sealer,) = (LogSealer(one, archive) for one in logs_of(MemoryBus()) if one.name == CUTS)
    sealer.seal(T0, T0 + TEN, [(BatchId(T0, 0), entry(T0 / 1000, THEN))], None)
    clock = HandClock((T0 + 2 * TEN) / 1000)
    recording = ReaderRecording(Sealed(archive), JournalRecording(MemoryBus(), [CPD], clock), READER)
    lent = lending(READER)(THEN)
    assert await recording.policy(T0 / 1000 + 1) == lent
    assert lent in (found := await recording.policies(T0 / 1000, T0 / 1000 + 900)) and THEN not in found
    flip(archive.folder / CUTS / "2026-09-21" / "1420" / "entries.bin", 5)
    recording = ReaderRecording(Sealed(archive), JournalRecording(MemoryBus(), [CPD], clock), READER)
    assert await recording.policy(T0 / 1000 + 1) == b""
