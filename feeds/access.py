"""How a site on this machine lets its own user send: a private file that holds the sources' tokens.

The supervisor writes `feed-PORT.json` (0600) into the user's runtime folder and removes it when it stops;
`jointops feed` finds it by the feed port. Without one: `--token` or `$JOINTOPS_FEED_TOKEN`.
"""

import contextlib
import os
import re
import stat
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
from platformdirs import user_runtime_dir

from feeds.errors import ConfigError
from feeds.source import FeedAccess

GUEST = "guest-"
"""How sources begin that are for anybody's own files."""
TOKEN_ENV = "JOINTOPS_FEED_TOKEN"  # noqa: S105 - the name of a variable


def access_path(port: int) -> Path:
    """Return the file in which the site on this feed port leaves its tokens for the same user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where no XDG_RUNTIME_DIR is set, and falls back well
        return Path(user_runtime_dir("jointops")) / f"feed-{port}.json"


def offer_access(port: int, access: FeedAccess) -> Path:
    """Write the file, for this user alone (0600). Raises ConfigError when the folder is not ours."""
    path = access_path(port)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = path.parent.lstat()
    if not stat.S_ISDIR(folder.st_mode) or folder.st_uid != os.geteuid() or folder.st_mode & 0o022:
        raise ConfigError("", f"the runtime folder {path.parent} is not this user's alone; set XDG_RUNTIME_DIR")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(msgspec.json.encode(access))
    draft.replace(path)
    return path


def withdraw_access(port: int) -> None:
    """Remove the file if this process wrote it; quiet when it is gone."""
    path = access_path(port)
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        if msgspec.json.decode(path.read_bytes(), type=FeedAccess).pid == os.getpid():
            path.unlink()


def find_access(port: int) -> FeedAccess | None:
    """Return what a running site on this feed port offers this user; None when there is none.

    Raises ConfigError for a file that others may have written or read.
    """
    path = access_path(port)
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            if about.st_uid != os.geteuid() or about.st_mode & 0o077:
                raise ConfigError("", f"{path} is not private to this user; remove it and start the site again")
            access = msgspec.json.decode(file.read(), type=FeedAccess)
        os.kill(access.pid, 0)
    except PermissionError:
        return None
    except (OSError, msgspec.MsgspecError):
        return None  # no site, one that was killed, or a half-written file
    return access


def _elsewhere() -> str:
    """Return where sites of this user do run, in words; `""` when there is none."""
    found = (re.fullmatch(r"feed-([0-9]+)\.json", file.name) for file in access_path(0).parent.glob("feed-*.json"))
    ports = sorted({int(name[1]) for name in found if name is not None and find_access(int(name[1])) is not None})
    return f" (there is one on {', '.join(map(str, ports))}: give --feed-port)" if ports else ""


class Way(NamedTuple):
    """How to reach the door as a source."""

    url: str
    token: str
    adapter: str
    """Its dialect; `""`: not known here."""


def guest_source(dialect: str, port: int) -> str:
    """Return the source that the site on this machine keeps for guests' files of a dialect. Raises ConfigError."""
    access = find_access(port)
    if access is None:
        raise ConfigError("--feed-port", f"no site of yours on feed port {port}{_elsewhere()}; else say --source")
    for source, speaks in access.adapters.items():
        if source.startswith(GUEST) and speaks == dialect and source in access.tokens:
            return source
    raise ConfigError("--source", f"the site has no guest source for {dialect!r}; say as which source to send")


def find_way(
    source: str, port: int, *, host: str = "127.0.0.1", token: str = "", env: Mapping[str, str] = os.environ
) -> Way:
    """Return how to send as `source`: the token given, else the local site's, else `$JOINTOPS_FEED_TOKEN`.

    Raises ConfigError that says what to do.
    """
    url = f"ws://[{host}]:{port}" if ":" in host else f"ws://{host}:{port}"
    local = host in ("127.0.0.1", "localhost", "::1")
    access = find_access(port) if local else None
    dialect = access.adapters.get(source, "") if access is not None else ""
    if token:
        return Way(url, token, dialect)
    if access is not None:
        if source in access.tokens:
            return Way(access.url, access.tokens[source], dialect)
        if not env.get(TOKEN_ENV):
            known = ", ".join(sorted(access.tokens)) or "none"
            raise ConfigError(
                "--source", f"the site on port {port} has no source {source!r} with a token; it has {known}"
            )
    if env.get(TOKEN_ENV):
        return Way(url, env[TOKEN_ENV], dialect)
    raise ConfigError(
        "--token", f"no site of yours on feed port {port}{_elsewhere()}: start one, or give --token or ${TOKEN_ENV}"
    )
