"""What was altered is named, and what lies beside it is good."""

import json
import re
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from feeds.recording.archive import Archive
from feeds.recording.catalogue import Segment
from feeds.recording.manifest import Manifest, decode, encode
from feeds.recording.removal import Removal
from feeds.recording.verifier import BLOCK, Verdict, altered, blocks, check_of, links, main, verify
from tests.support.recording import CPD, flip, sealed


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return sealed(tmp_path / "archive", 4)


def verdicts(archive: Archive) -> list[Verdict]:
    return list(verify(archive.folder / CPD))


def only(archive: Archive, segment: Segment) -> str:
    """Return what is found, in one line; every other segment must be good."""
    found = verdicts(archive)
    (bad,) = [v for v in found if v.state == "altered"]
    assert bad.segment == segment.name
    assert {v.state for v in found if v is not bad} <= {"good", "deleted"}
    (finding,) = bad.findings
    return str(finding)


def test_a_whole_archive_is_good(archive: Archive):
    assert [v.state for v in verdicts(archive)] == ["good"] * 4
    assert main([str(archive.folder.parent)]) == 0


@pytest.mark.parametrize("k", range(4))
@pytest.mark.parametrize("name", ["parcels.parquet", "reports.parquet", "replay.bin", "manifest.json"])
def test_a_flipped_byte_in_any_file_is_named(archive: Archive, k: int, name: str):
    segment = archive.segments(CPD)[k]
    size = (segment.folder / name).stat().st_size
    for at in (0, size // 2, size - 1):
        flip(segment.folder / name, at)
        assert only(archive, segment).startswith(f"cpd {segment.name} {name}: altered")
        flip(segment.folder / name, at)
    assert [v.state for v in verdicts(archive)] == ["good"] * 4


def test_the_block_that_was_altered_is_named(tmp_path: Path):
    archive = sealed(tmp_path, 1, each=4000)
    (segment,) = archive.segments(CPD)
    path = segment.folder / "reports.parquet"
    assert path.stat().st_size > 3 * BLOCK
    flip(path, 2 * BLOCK + 7)
    assert only(archive, segment).endswith(f"altered (bytes {2 * BLOCK} to {3 * BLOCK - 1})")


def test_a_file_that_was_cut_or_made_longer_is_named_with_its_sizes(archive: Archive):
    segment = archive.segments(CPD)[1]
    path = segment.folder / "parcels.parquet"
    data = path.read_bytes()
    for other in (data[:-1], data + b"x"):
        path.write_bytes(other)
        assert f"parcels.parquet: has {len(other)} bytes, not {len(data)} (bytes 0 to " in only(archive, segment)


def test_where_only_the_end_is_gone_the_missing_bytes_are_named():
    data = bytes(2 * BLOCK)
    entry = {"sha256": "of more", "bytes": 2 * BLOCK, "blocks": blocks(bytes(2 * BLOCK))}
    assert altered(data[:BLOCK], entry) == (f"has {BLOCK} bytes, not {2 * BLOCK}", BLOCK, 2 * BLOCK)


def test_missing_files_are_named_and_derived_ones_may_be_absent(archive: Archive):
    _, segment, other, _ = archive.segments(CPD)
    (other.folder / "replay.bin").unlink()
    assert [v.state for v in verdicts(archive)] == ["good"] * 4
    (segment.folder / "parcels.parquet").unlink()
    assert only(archive, segment).endswith("parcels.parquet: is missing")


def test_a_file_that_no_manifest_names_is_told(archive: Archive):
    segment = archive.segments(CPD)[1]
    (segment.folder / "more.bin").write_bytes(b"planted")
    (segment.folder / ".parcels.parquet.part").write_bytes(b"left by a seal that was killed")
    assert only(archive, segment).endswith("more.bin: is in no manifest")


def test_a_manifest_written_anew_with_a_right_check_is_found_by_the_link_behind_it(archive: Archive):
    segment = archive.segments(CPD)[1]
    path = segment.folder / "manifest.json"
    other = replace(segment.manifest, contents=replace(segment.manifest.contents, kinds={"unit": 1}))
    path.write_bytes(encode(other))
    assert only(archive, segment).endswith("not the one that link 3 was chained to: it was replaced")


def test_a_segment_that_was_taken_out_is_missed(archive: Archive):
    _, gone, after, _ = archive.segments(CPD)
    for path in gone.folder.iterdir():
        path.unlink()
    gone.folder.rmdir()
    assert only(archive, after).endswith("chain: links before number 3 are missing")


@pytest.mark.parametrize("gone", [1, 2])
def test_the_oldest_segments_are_missed_when_they_were_taken_out(archive: Archive, gone: int):
    segments = archive.segments(CPD)
    for segment in segments[:gone]:
        shutil.rmtree(segment.folder)
    assert only(archive, segments[gone]).endswith(f"chain: links before number {gone + 1} are missing")
    assert main([str(archive.folder.parent)]) == 1
    assert [v.state for v in verify(archive.folder / CPD, package=True)] == ["good"] * (4 - gone), "a package begins so"


def test_a_manifest_that_is_no_json_any_more_is_not_taken_for_one_that_is_missing(archive: Archive):
    segment = archive.segments(CPD)[0]
    (segment.folder / "manifest.json").write_bytes(b"{")
    assert only(archive, segment).endswith("manifest.json: altered: it cannot be read any more")


def test_lawful_deletion_is_no_alteration_and_what_is_left_of_it_is_told(archive: Archive):
    first, second, *_ = archive.segments(CPD)
    archive.bury(first, "MOU 4.2", "records", 1.0)
    assert [v.state for v in verdicts(archive)] == ["deleted", "good", "good", "good"]
    flip(second.folder / "manifest.json", 60)
    assert "manifest.json: altered" in only(archive, second)
    flip(second.folder / "manifest.json", 60)
    flip(first.folder / "tombstone.json", 60)
    assert "tombstone.json: altered" in only(archive, first)
    flip(first.folder / "tombstone.json", 60)
    (first.folder / "parcels.parquet").write_bytes(b"back")
    assert only(archive, first).endswith("parcels.parquet: is there, though a tombstone says it is deleted")


@pytest.mark.parametrize("k", range(4))
def test_a_manifest_that_is_no_json_any_more_is_named_and_keeps_its_place_in_the_chain(archive: Archive, k: int):
    archive.bury(archive.segments(CPD)[0], "MOU 4.2", "records", 1.0)
    segment = archive.segments(CPD)[k]
    (segment.folder / "manifest.json").write_bytes(b"{")
    assert only(archive, segment).endswith("manifest.json: altered: it cannot be read any more")
    numbers = [link.body.get("number") for link in links(archive.folder / CPD)]
    assert numbers == [None if n == k + 1 else n for n in range(1, 6)]


def test_a_time_range_is_looked_at_alone_and_the_chain_whole(archive: Archive):
    first, second, *_ = archive.segments(CPD)
    flip(first.folder / "parcels.parquet", 0)
    (only_second,) = verify(archive.folder / CPD, second.manifest.t0, second.manifest.t1)
    assert (only_second.segment, only_second.state) == (second.name, "good")
    flip(first.folder / "manifest.json", 60)
    assert [v.state for v in verify(archive.folder / CPD, second.manifest.t0, second.manifest.t1)] == [
        "altered",
        "good",
    ]


def test_a_superseded_manifest_is_a_link_whose_files_are_no_longer_asked_for(archive: Archive):
    segment = archive.segments(CPD)[3]
    manifest = segment.manifest
    (segment.folder / "parcels.parquet").write_bytes(b"redacted")
    revised = replace(
        manifest, number=5, revision=1, prev=_digest(segment),
        files={**manifest.files, "parcels.parquet": _entry(segment.folder / "parcels.parquet")},
    )  # fmt: skip
    (segment.folder / "manifest-1.json").write_bytes(encode(revised))
    assert [v.state for v in verdicts(archive)] == ["good"] * 4
    assert Archive(archive.folder).segments(CPD)[3].manifest.revision == 1


def _digest(segment: Segment) -> str:
    from feeds.recording.verifier import digest

    return digest((segment.folder / "manifest.json").read_bytes())


def _entry(path: Path):
    from feeds.recording.manifest import describe

    return describe(path.read_bytes())


def test_the_check_is_of_the_bytes_and_nothing_may_follow_it():
    data = encode(_some())
    assert check_of(data) == json.loads(data)["check"]
    assert check_of(data + b"\n") == check_of(b"{}") == ""
    assert decode(data) == replace(_some(), check=check_of(data))


def _some() -> Manifest:
    from tests.feeds.recording.test_manifest import link

    return link()


def test_the_command_prints_what_is_altered_the_heads_and_a_status(
    archive: Archive, capsys: pytest.CaptureFixture[str]
):
    segment = archive.segments(CPD)[2]
    flip(segment.folder / "parcels.parquet", 3)
    (archive.folder.parent / "parts.json").write_text(
        json.dumps(
            {f"cpd/{segment.name}/parcels.parquet": [[0, 8, "column lat, rows 0 to 9"], [8000, 9000, "elsewhere"]]}
        )
    )
    assert main([str(archive.folder.parent)]) == 1
    said = capsys.readouterr().out
    assert f"ALTERED cpd {segment.name} parcels.parquet: altered (bytes 0 to " in said
    assert "): column lat, rows 0 to 9\n" in said
    assert "cpd: 4 links, head 4 " in said
    assert "3 segments good, 0 deleted lawfully, 1 ALTERED" in said
    assert main(["--help"]) == 0
    assert "nothing else needed" in capsys.readouterr().out


def test_an_empty_folder_is_nothing_to_verify(tmp_path: Path):
    assert main([str(tmp_path)]) == 2


def test_a_folder_that_was_renamed_moved_or_swapped_with_another_is_named(archive: Archive):
    agency, (first, second, *_) = archive.folder / CPD, archive.segments(CPD)
    agency.rename(archive.folder / "guest")
    found = [str(f) for v in verify(archive.folder / "guest") for f in v.findings]
    assert len(found) == 4
    assert all("is of 'cpd': its folder was renamed" in line for line in found)
    (archive.folder / "guest").rename(agency)
    aside = first.folder.with_name("aside")
    first.folder.rename(aside)
    second.folder.rename(first.folder)
    aside.rename(second.folder)
    assert sorted(v.segment for v in verdicts(archive) if v.state == "altered") == sorted([first.name, second.name])
    first.folder.rename(aside)
    second.folder.rename(first.folder)
    aside.rename(second.folder)
    moved = agency / "2020-01-01" / "0000"
    moved.parent.mkdir()
    first.folder.rename(moved)
    (bad,) = [v for v in verdicts(archive) if v.state == "altered"]
    assert str(bad.findings[0]).endswith(f"is of {first.name}: its folder was renamed, or it was put here")


def test_every_removal_from_a_segment_is_told(archive: Archive):
    (first, *_) = archive.segments(CPD)
    units = sorted({r.unit_id for d in archive.entries(first) for p in d.batch.parcels for r in p.reports})
    for n, unit in enumerate(units[:2]):
        archive.revise(archive.segments(CPD)[0], Removal(unit), f"Order {n}", "clerk", 1.0)
    (note,) = [v.note for v in verdicts(archive) if v.state == "revised"]
    assert "'Order 0'" in note
    assert "'Order 1'" in note


def test_a_link_whose_time_is_no_number_cannot_be_read(archive: Archive):
    path = archive.segments(CPD)[1].folder / "manifest.json"
    path.write_bytes(re.sub(rb'"t0":\d+', b'"t0":"x"', path.read_bytes()))
    assert only(archive, archive.segments(CPD)[1]).endswith("altered: it cannot be read any more")
