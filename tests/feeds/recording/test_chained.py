"""Lines that only grow: chained, whole or not at all."""

from pathlib import Path

import msgspec
import pytest

from feeds.errors import ArchiveDamaged
from feeds.recording import chained
from feeds.recording.chained import Line


class Said(Line, frozen=True, kw_only=True):
    text: str


DECODER = msgspec.json.Decoder(Said)


def texts(path: Path) -> list[str]:
    return [one.text for one in chained.read(path, DECODER, "again")]


@pytest.mark.parametrize("long", [1, 70_000, 200_000])
def test_what_is_added_follows_what_was_there(tmp_path: Path, long: int) -> None:
    path = tmp_path / "said.jsonl"
    assert texts(path) == []
    for n in range(3):
        chained.append(path, [Said(text=f"{n}" * long), Said(text="short")])
    assert texts(path) == [text for n in range(3) for text in (f"{n}" * long, "short")]
    assert chained.head(path) == chained.digest(path.read_bytes().splitlines(keepends=True)[-1])
    assert path.stat().st_mode & 0o777 == 0o600


def test_half_a_line_stands_for_nothing_and_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "said.jsonl"
    chained.append(path, [Said(text="one")])
    path.write_bytes(path.read_bytes() + b'{"prev":"","te')
    with pytest.raises(ArchiveDamaged, match="not written to its end: again"):
        texts(path)
    assert [one.text for one in chained.whole(path, DECODER)] == ["one"]
    chained.append(path, [Said(text="two")])
    assert texts(path) == ["one", "two"]
    half = tmp_path / "half.jsonl"
    half.write_bytes(b'{"prev"')
    chained.append(half, [Said(text="first")])
    assert texts(half) == ["first"]


@pytest.mark.parametrize("at", [12, 90, 180])
def test_a_line_that_was_altered_or_taken_out_is_named(tmp_path: Path, at: int) -> None:
    path = tmp_path / "said.jsonl"
    chained.append(path, [Said(text=f"line {n}") for n in range(4)])
    good = path.read_bytes()
    path.write_bytes(good.replace(b"line 1", b"line 7"))
    with pytest.raises(ArchiveDamaged, match="line 3 does not follow"):
        texts(path)
    lines = good.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:1] + lines[2:]))
    with pytest.raises(ArchiveDamaged, match="line 2 does not follow"):
        texts(path)
    path.write_bytes(good[:at] + b"\xff" + good[at + 1 :])
    with pytest.raises(ArchiveDamaged):
        texts(path)


def test_nothing_is_chained_to_a_last_line_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "said.jsonl"
    path.write_bytes(b"not json\n")
    with pytest.raises(ArchiveDamaged, match="last line"):
        chained.append(path, [Said(text="one")])
    assert path.read_bytes() == b"not json\n"
