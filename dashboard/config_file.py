"""Reads a site's file, and says by path and reason what is wrong with it, all of it at once."""

import os
import tomllib
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import argon2
import msgspec

from dashboard.config import PORTS, Settings, Source, secret
from feeds import adapters
from feeds.errors import ConfigError, GrammarError
from feeds.names import ANY, agency_id, is_entity_id, source_id
from feeds.openings import COT, Address, Listen
from feeds.registry import SENSITIVE_LABELS

Bad = Callable[[str, str], None]

_WEB, _SOCKET = ("http", "https"), ("ws", "wss")


def load(path: Path) -> Settings:
    """Return the settings in the TOML file at `path`. Raises ConfigError with the path and the reason."""
    return parse(_read(path))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError("", f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError("", f"{path} is not UTF-8 text") from error


def explain(path: Path) -> list[ConfigError]:
    """Return everything that is wrong with the file at `path`; empty when the site can run."""
    try:
        return check(_convert(_read(path)))
    except ConfigError as error:
        return [error]


def parse(text: str) -> Settings:
    """Return the settings in TOML `text`. Raises ConfigError."""
    settings = _convert(text)
    problems = check(settings)
    if problems:
        raise problems[0]
    return settings


def _convert(text: str) -> Settings:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("", f"not TOML: {error}") from error
    try:
        return msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$")
        raise ConfigError(where.rstrip("`").lstrip("."), message) from error


def check(settings: Settings) -> list[ConfigError]:
    """Return everything wrong between the parts of the settings, in the file's order; empty when it can run."""
    problems: list[ConfigError] = []

    def bad(path: str, reason: str) -> None:
        problems.append(ConfigError(path, reason))

    if not settings.agency:
        bad("agency", "none declared; a site has at least one [[agency]]")
    if not settings.account and not settings.api_token:
        bad("account", "nobody could look: declare an [[account]] or an [[api_token]]")
    _site(settings, bad)
    _agencies(settings, bad)
    _sources(settings, bad)
    for i, share in enumerate(settings.share):
        _known(settings, bad, f"share[{i}].from", share.from_, star=True)
        for j, to in enumerate(share.to):
            _known(settings, bad, f"share[{i}].to[{j}]", to, star=True)
        for j, label in enumerate(share.labels):
            if label not in SENSITIVE_LABELS:
                known = ", ".join(sorted(SENSITIVE_LABELS))
                bad(f"share[{i}].labels[{j}]", f"no label {label!r}; there are {known}")
    kept: set[str] = set()
    for i, rule in enumerate(settings.retention):
        _known(settings, bad, f"retention[{i}].agency", rule.agency)
        _once(bad, f"retention[{i}]", f"{rule.agency}/{rule.kind}", kept, f"{rule.agency} has one of the same kind")
    _viewers(settings, bad)
    for i, source in enumerate(settings.source):
        if not (source.token or source.token_env or source.listen or source.connect or source.adapter == COT):
            bad(f"source[{i}].token", "nobody can send as this source: give it a token, or `listen`, or `connect`")
    return problems


def _site(settings: Settings, bad: Bad) -> None:
    site = settings.site
    try:
        ZoneInfo(site.timezone)
    except (KeyError, ValueError, OSError):
        bad("site.timezone", f"no time zone {site.timezone!r}; use an IANA name, as America/Chicago")
    ports: dict[int, str] = {}
    for name in PORTS:
        port = getattr(site, name)
        if port and port in ports:
            bad(f"site.{name}", f"{port} is taken by site.{ports[port]}; each door needs its own port")
        ports[port] = name
    for name, schemes in (("public_url", _WEB), ("live_url", _SOCKET), ("review_url", _SOCKET)):
        value = getattr(site, name)
        if value and not _is_url(value, schemes):
            bad(f"site.{name}", f"not an address that begins with {schemes[0]}:// or {schemes[1]}://")
    for i, proxy in enumerate(site.trusted_proxies):
        if not _is_network(proxy):
            bad(f"site.trusted_proxies[{i}]", f"{proxy!r} is not an IP address or network, as 10.0.0.4 or 10.0.0.0/28")


def _is_url(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _is_network(text: str) -> bool:
    try:
        return ip_network(text).prefixlen > 0  # a network of everybody would let each say who it is
    except ValueError:
        return False


def _known(settings: Settings, bad: Bad, path: str, agency: str, *, star: bool = False) -> None:
    declared = {a.id for a in settings.agency}
    if agency not in declared and not (star and agency == ANY):
        bad(path, f"no agency {agency!r}; declared are {', '.join(sorted(declared)) or 'none'}")


def _grammar(bad: Bad, path: str, parse: Callable[[str], object], text: str) -> None:
    try:
        parse(text)
    except GrammarError as error:
        bad(path, str(error))


def _once(bad: Bad, path: str, value: str, seen: set[str], reason: str) -> None:
    if value in seen:
        bad(path, reason)
    seen.add(value)


def _agencies(settings: Settings, bad: Bad) -> None:
    ids: set[str] = set()
    tags: set[str] = set()
    for i, agency in enumerate(settings.agency):
        _grammar(bad, f"agency[{i}].id", agency_id, agency.id)
        _once(bad, f"agency[{i}].id", agency.id, ids, f"{agency.id!r} is there twice")
        _once(bad, f"agency[{i}].tag", agency.tag, tags, f"tag {agency.tag!r} is taken; units must be told apart")


def _environment(bad: Bad, path: str, env: str) -> None:
    if env and not os.environ.get(env):
        bad(f"{path}.token_env", f"environment variable {env} is not set")


def _sources(settings: Settings, bad: Bad) -> None:
    ids: set[str] = set()
    tokens: set[str] = set()
    dialects = adapters.names()
    for i, source in enumerate(settings.source):
        where = f"source[{i}]"
        _grammar(bad, f"{where}.id", source_id, source.id)
        _once(bad, f"{where}.id", source.id, ids, f"{source.id!r} is there twice")
        _known(settings, bad, f"{where}.agency", source.agency)
        if source.adapter not in dialects:
            bad(f"{where}.adapter", f"no adapter {source.adapter!r}; there are {', '.join(dialects)}")
        _environment(bad, where, source.token_env)
        token = secret(source.token, source.token_env)
        if token:
            _once(bad, f"{where}.token", token, tokens, "another source has the same token; each needs its own")
        _ways(source, bad, where)
        _claims(source, bad, where)
    _shared_ports(settings, bad)


def _shared_ports(settings: Settings, bad: Bad) -> None:
    """Check that sources which share a port can be told apart, and that the port is not the site's own."""
    own = {getattr(settings.site, name): name for name in PORTS}
    first: dict[str, int] = {}
    rest: dict[str, int] = {}
    for i, source in enumerate(settings.source):
        if source.listen.startswith("tcp:") and (name := own.get(int("0" + source.listen.rpartition(":")[2]))):
            bad(f"source[{i}].listen", f"{source.listen} is site.{name}; give it a port of its own")
        door = source.listen or ("" if source.connect or source.adapter != COT else "the CoT port")
        if not door:
            continue
        other = settings.source[first.setdefault(door, i)]
        if other.adapter != source.adapter:
            bad(f"source[{i}].listen", f"{other.id} speaks {other.adapter} on {door}; one port, one dialect")
        claims = source.uid_prefixes or source.peers or source.catch_all
        if source.listen and other is not source and not claims:
            bad(f"source[{i}].listen", f"shares {door} and claims nothing: give uid_prefixes, peers or catch_all")
        if source.catch_all and rest.setdefault(door, i) != i:
            bad(f"source[{i}].catch_all", f"source[{rest[door]}] takes what is left already; only one can")


def _ways(source: Source, bad: Bad, where: str) -> None:
    """Check where a source listens or connects."""
    streams = adapters.load(source.adapter).stream is not None if source.adapter in adapters.names() else True
    for name, parse in (("listen", Listen.parse), ("connect", Address.parse)):
        text = getattr(source, name)
        if not text:
            continue
        try:
            parse(text)
        except ValueError as error:
            bad(f"{where}.{name}", str(error))
        if not streams and not text.startswith("udp:"):
            bad(f"{where}.{name}", f"{source.adapter} is no byte stream; it comes by WebSocket, by POST or by udp:PORT")
    if source.listen and source.connect:
        bad(f"{where}.connect", "a source either listens or connects; leave one out")
    if source.unit and not is_entity_id(source.unit):
        bad(f"{where}.unit", "must be 1 to 128 printable ASCII characters")


def _claims(source: Source, bad: Bad, where: str) -> None:
    for j, prefix in enumerate(source.uid_prefixes):
        if not prefix:
            bad(f"{where}.uid_prefixes[{j}]", "empty: it would claim every id; use `catch_all = true` for that")
    for j, peer in enumerate(source.peers):
        try:
            ip_network(peer)
        except ValueError:
            bad(f"{where}.peers[{j}]", f"{peer!r} is not an IP address or network, as 10.4.0.7 or 10.4.0.0/16")


def _viewers(settings: Settings, bad: Bad) -> None:
    names: set[str] = set()
    tokens: set[str] = set()
    for i, account in enumerate(settings.account):
        _known(settings, bad, f"account[{i}].agency", account.agency)
        _once(bad, f"account[{i}].name", account.name, names, f"{account.name!r} is there twice")
        if not _is_argon2(account.password_hash):
            bad(f"account[{i}].password_hash", "not an argon2 hash; make one with `jointops password`")
    for i, token in enumerate(settings.api_token):
        _known(settings, bad, f"api_token[{i}].agency", token.agency)
        _environment(bad, f"api_token[{i}]", token.token_env)
        value = secret(token.token, token.token_env)
        if not value:
            bad(f"api_token[{i}].token", "no token; give `token` or `token_env`")
        else:
            _once(bad, f"api_token[{i}].token", value, tokens, "another reader has the same token; each needs its own")


def _is_argon2(text: str) -> bool:
    try:
        argon2.extract_parameters(text)
    except argon2.exceptions.InvalidHashError:
        return False
    return True
