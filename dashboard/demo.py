"""`jointops demo`: a whole site with the joint exercise, for anybody, on one machine.

The demo is an ordinary site: its file is written to the data folder, and the exercise speaks through the
ordinary door. `docs/settings.md` explains each line of that file.
"""

import os
import secrets
import sys
import time
import webbrowser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import argon2
import platformdirs
from msgspec import Struct

from dashboard import basemap_command, config, config_file, demo_replay, site
from dashboard.free_ports import free_port, ports_of
from dashboard.review_views import REVIEWER
from dashboard.site_file import table, write_private
from feeds.exercise import site as exercise
from feeds.report import Category

PASSWORD = "demo"  # noqa: S105 - of the demo on loopback, printed at start; a demo bound elsewhere draws another
_FIRST_PICTURE_S = 6.0

_COMMON = (
    Category.UNIT_POSITION,
    Category.UNIT_STATUS,
    Category.UNIT_IDENTITY,
    Category.UNIT_EMERGENCY,
    Category.INCIDENT_SUMMARY,
    Category.INCIDENT_LOCATION,
    Category.ZONE,
    Category.FEED_HEALTH,
)
_COMMAND = ("cpd", "ccso", "cfd")
"""They work scenes together under one command, and read each other's log of it."""
_ROLES = ("wall", REVIEWER)


class Choices(Struct, frozen=True, kw_only=True):
    """What the command line asked for."""

    port: int
    live_port: int
    review_port: int
    feed_port: int
    cot_port: int
    bind: str
    data_dir: Path | None
    keep: bool
    open_browser: bool
    units: int
    seed: int
    rate: float
    replay: bool
    minutes: int
    """Length of the recorded hour."""
    log_level: str


def run(choices: Choices) -> int:
    """Run the demo until a signal. Raises ConfigError, SiteFailed."""
    basemap_command.ensure()
    data = (choices.data_dir or platformdirs.user_data_path("jointops") / "demo").expanduser().absolute()
    data.mkdir(parents=True, exist_ok=True)
    loopback = choices.bind in ("127.0.0.1", "::1", "localhost")
    password = PASSWORD if loopback else secrets.token_urlsafe(9)
    token = secrets.token_urlsafe(24)
    path = data / "site.toml"
    table = _with_ports(choices) | {"data_dir": str(data)}
    text = site_toml(table, token, argon2.PasswordHasher().hash(password), choices.units, choices.rate)
    write_private(path, text)
    settings = config_file.parse(text)
    with site.Supervisor(
        # Never $REDIS_URL: an exercise has no business in a server that others use.
        settings,
        path,
        data,
        log_level=choices.log_level,
        fresh=not choices.keep,
        own_redis=True,
    ) as supervisor:
        address = (
            _look_back(choices, settings, supervisor) if choices.replay else _run_exercise(choices, supervisor, token)
        )
        if supervisor.stopping:
            return 0
        for account in settings.account:
            say(f"log-in {account.name} password {password}    {_who(account)}")
        say(f"api-token {token}")
        say(f"ready {address}")
        if choices.open_browser and has_screen():
            webbrowser.open(address)
        supervisor.watch()
    return 0


def _run_exercise(choices: Choices, supervisor: site.Supervisor, token: str) -> str:
    """Start the site and the exercise; return the address to open."""
    supervisor.start()
    words = ("--units", str(choices.units), "--seed", str(choices.seed), "--rate", str(choices.rate))
    supervisor.add(site.SPEAKER, "--config", str(supervisor.config), *words)
    _await_picture(supervisor, token)
    return supervisor.url


def _look_back(choices: Choices, settings: config.Settings, supervisor: site.Supervisor) -> str:
    """Start the site with an hour on record; return the address of its call. The exercise does not go on."""
    replay = demo_replay.Replay(
        settings, supervisor.config, choices.seed, choices.units, choices.minutes, keep=choices.keep
    )
    supervisor.start(lambda url: replay.prepare(url, lambda: supervisor.stopping))
    say(replay.words())
    return supervisor.url.rstrip("/") + replay.path()


def _with_ports(choices: Choices) -> dict[str, Any]:
    return {
        "name": "Chicago joint operations",
        "timezone": "America/Chicago",
        "demo": True,
        "view": [-87.692, 41.858, 11.45],
        "bind": choices.bind,
        **ports_of(choices, config.PORTS, choices.bind),
    }


def _await_picture(supervisor: site.Supervisor, token: str) -> None:
    until = time.monotonic() + _FIRST_PICTURE_S
    while time.monotonic() < until and not supervisor.stopping:
        picture = supervisor.health(token).get("picture")
        if isinstance(picture, dict) and picture.get("units"):
            return
        supervisor.look()
        time.sleep(0.1)


def say(line: str) -> None:
    """Write a line for whoever started this."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _who(account: config.Account) -> str:
    name = next((a.name for a in exercise.AGENCIES if a.id == account.agency), account.agency)
    sees = "every agency" if account.agency == exercise.COMMAND else "its own and what others share with it"
    return f"({name}: sees {sees})"


def has_screen() -> bool:
    """Say whether a browser could be shown to somebody."""
    if sys.platform == "darwin":
        return sys.stdout.isatty()
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def site_toml(site_table: dict[str, Any], token: str, password_hash: str, units: int = 300, rate: float = 1.0) -> str:
    """Return the demo's site file as TOML, for an exercise of so many units at so many times its pace."""
    parts = [
        "# The demo's site, written anew at each start. docs/settings.md explains every line.",
        *table("[site]", site_table),
    ]
    for agency in exercise.AGENCIES:
        parts += table("[[agency]]", {"id": agency.id, "name": agency.name, "tag": agency.tag, "family": agency.family})
    for source in exercise.SOURCES:
        parts += table(
            "[[source]]",
            {
                "id": source.id,
                "agency": source.agency,
                "adapter": source.adapter,
                "token": secrets.token_urlsafe(24),
                "cadence_s": float(source.cadence_s),
                "cadence_by_state": source.cadence_by_state,
                "listen": f"{source.own_port}:127.0.0.1:{free_port()}" if source.own_port else "",
                # Guests play files of any time and pace; the exercise's units are as fast as its clock.
                **(
                    {"speed_max_mps": 0}
                    if source.agency == exercise.GUEST
                    else {
                        "status": "exercise",
                        "speed_max_mps": 100.0 * max(1.0, rate),
                        "rate_max": 5000.0 + 2.0 * units,
                    }
                ),
                "uid_prefixes": source.uid_prefixes,
                "catch_all": source.catch_all,
            },
        )
    for share in _shares():
        parts += table("[[share]]", share)
    desks = {a.id: a.id for a in exercise.AGENCIES if a.id != exercise.COMMAND}
    for name, at in {"wall": exercise.COMMAND, "desk": exercise.COMMAND, **desks}.items():
        kind = "wall" if name == "wall" else "desk"
        account = {"name": name, "agency": at, "password_hash": password_hash, "roles": _ROLES, "kind": kind}
        parts += table("[[account]]", account)
    parts += table(
        "[[api_token]]", {"name": "demo", "agency": exercise.COMMAND, "token": token, "roles": ("api", REVIEWER)}
    )
    return "\n".join(parts) + "\n"


def _shares() -> Iterable[dict[str, Any]]:
    everything = tuple(Category)
    local = [a.id for a in exercise.AGENCIES if a.id not in (exercise.COMMAND, exercise.GUEST, exercise.FEDERAL)]
    yield {"from": "*", "to": (exercise.COMMAND,), "categories": everything, "labels": ("tactical", "undercover")}
    for agency in local:
        others = (*(other for other in local if other != agency), exercise.FEDERAL)
        yield {"from": agency, "to": others, "categories": _COMMON}
    for agency in _COMMAND:
        others = tuple(other for other in _COMMAND if other != agency)
        yield {"from": agency, "to": others, "categories": (Category.LOG_ENTRY,)}
    yield {"from": exercise.GUEST, "to": ("*",), "categories": (*_COMMON, Category.LOG_ENTRY)}
