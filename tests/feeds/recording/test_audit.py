"""The audit of a site: written before what it tells of is done."""

import multiprocessing
from pathlib import Path

import pytest

from feeds.errors import ArchiveDamaged
from feeds.recording.audit import Audit, Entry, NotAudited


def entry(n: int) -> Entry:
    return Entry(act="seek", who="ann", agency="cpd", via="review", at=float(n), since=1.0, until=2.0)


def _write(path: Path, first: int) -> None:
    for n in range(20):
        Audit(path).write([entry(first + n)])


def test_processes_write_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(path, 100 * k)) for k in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    told = Audit(path).entries()
    assert sorted(one.at for one in told) == sorted(float(100 * k + n) for k in range(3) for n in range(20))


def test_what_cannot_be_written_is_said_with_the_reason_and_an_altered_line_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(NotAudited, match="not done"):
        Audit(tmp_path / "file" / "audit.jsonl").write([entry(1)])
    audit = Audit(tmp_path / "site" / "audit.jsonl")
    assert audit.entries() == [] and not audit.path.parent.exists()
    audit.write([entry(1), entry(2)])
    audit.write([entry(3)])
    assert [one.at for one in audit.entries()] == [1, 2, 3]
    audit.path.write_bytes(audit.path.read_bytes().replace(b'"who":"ann"', b'"who":"bob"', 1))
    with pytest.raises(ArchiveDamaged, match="line 2 does not follow"):
        audit.entries()
