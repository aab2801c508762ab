"""The commit point of a segment: canonical, chained, and its own witness."""

import json

import pytest
from msgspec.structs import replace

from feeds.errors import DecodeError
from feeds.names import AgencyId, SourceId
from feeds.recording import manifest
from feeds.recording.manifest import (
    Contents,
    Manifest,
    SourceCounts,
    Tombstone,
    decode,
    describe,
    encode,
)
from feeds.recording.verifier import BLOCK, digest
from tests.support.recording import CPD, T0, TEN, total

AVL = SourceId("cpd-avl")
CONTENTS = Contents(
    first=f"{T0}-0",
    last=f"{T0 + 1}-7",
    kinds={"unit": 6},
    minutes={"unit": [6, 0]},
    observed=(1.5, 2.5),
    received=(3.0, 3.0),
    late=0,
    sources={AVL: SourceCounts(accepted=6)},
)


def link(**more: object) -> Manifest:
    fields = {
        "number": 1,
        "agency": CPD,
        "t0": T0,
        "t1": T0 + TEN,
        "contents": CONTENTS,
        "files": {"b.bin": describe(b"two"), "a.bin": describe(b"one")},
        "prev": "",
    }
    return Manifest(**fields | more)  # type: ignore[arg-type]


def test_a_link_comes_back_as_it_was_with_its_check_filled_in():
    data = encode(link())
    assert decode(data) == replace(link(), check=json.loads(data)["check"])
    assert encode(decode(data)) == data


def test_the_same_link_is_the_same_bytes_whatever_order_its_parts_came_in():
    files = dict(reversed(link().files.items()))
    assert encode(link(files=files)) == encode(link())


def test_a_tombstone_is_a_link_as_well():
    stone = Tombstone(
        number=2, agency=CPD, t0=T0, t1=T0 + TEN, revision=0, clause="MOU 4.2", actor="records", at=1.0,
        prev=digest(encode(link())),
    )  # fmt: skip
    assert replace(decode(encode(stone)), check="") == stone


@pytest.mark.parametrize("part", [b'"number":1', b'"accepted":6', b'"prev":"', b'"check":"'])
def test_a_link_of_which_any_byte_was_altered_is_refused(part: bytes):
    data = bytearray(encode(link()))
    data[data.index(part) + len(part) - 1 + (part.endswith(b'"'))] ^= 1
    with pytest.raises(DecodeError):
        decode(bytes(data))


def test_what_stands_behind_a_link_is_refused():
    with pytest.raises(DecodeError):
        decode(encode(link()) + b" ")


def test_a_link_of_another_version_says_so():
    with pytest.raises(DecodeError, match="version 2, expected 1"):
        decode(encode(link(version=2)))


def test_a_file_is_described_by_size_hash_and_a_sum_for_each_block():
    entry = describe(bytes(BLOCK + 1))
    assert (entry.bytes, len(entry.blocks), entry.sha256) == (BLOCK + 1, 16, digest(bytes(BLOCK + 1)))


def test_sources_are_added_up_over_segments():
    def said(**counts: object) -> Manifest:
        return link(contents=replace(CONTENTS, sources={AVL: SourceCounts(**counts)}))  # type: ignore[arg-type]

    sums = total([said(accepted=2, rejected={"a": 1, "b": 2}, gaps=3), said(duplicate=4, rejected={"b": 1}, gaps=-1)])
    assert sums == {AVL: SourceCounts(2, 4, {"a": 1, "b": 3}, 2)}


def test_the_agency_is_part_of_the_link():
    assert encode(link(agency=AgencyId("isp"))) != encode(link())
    assert manifest.FIRST == 1
