"""Who may send at the feed port: a source by its path and its token, whatever way the request came. Pure.

`/feed/SOURCE?run=ID&unit=ID`, and `Authorization: Bearer TOKEN`; or `Basic`, whose password is the token and whose
name may be anything, for programs that know nothing else (OwnTracks, many cameras). Tokens are compared as digests in
constant time, and never travel in the path, which ends up in logs.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from feeds.ledger import Ledger
from feeds.names import RUN_MAX, is_entity_id

_RUN = re.compile(rf"[!-~]{{1,{RUN_MAX}}}")


class Admitted(NamedTuple):
    """A sender who may send."""

    ledger: Ledger
    run: str
    """`""` for dialects without sequences."""
    unit: str
    """Whom he says he speaks of; `""`: does not say."""


class Turned(NamedTuple):
    """A sender who may not."""

    status: HTTPStatus
    reason: str
    """For counting."""
    text: str
    """For him: what to do."""


WRONG_TOKEN = "wrong token"  # noqa: S105 - a reason


def admit(path: str, authorization: str, ledgers: Mapping[str, Ledger]) -> Admitted | Turned:
    """Return who sends, or why he may not."""
    try:
        url = urlsplit(path)
        query = parse_qs(url.query, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return Turned(HTTPStatus.BAD_REQUEST, "bad path", "Expected /feed/SOURCE?run=ID.")
    top, _, name = unquote(url.path).removeprefix("/").partition("/")
    ledger = ledgers.get(name) if top == "feed" else None
    if ledger is None:
        return Turned(
            HTTPStatus.NOT_FOUND,
            "unknown source",
            "No such source. Expected /feed/SOURCE with a source that the site's file declares.",
        )
    if not _token_fits(authorization, ledger.settings.token_sha256):
        ledger.turn_away(WRONG_TOKEN)
        return Turned(
            HTTPStatus.UNAUTHORIZED,
            WRONG_TOKEN,
            "Missing or wrong token. Send the header 'Authorization: Bearer TOKEN' with this source's token "
            "(the site's file, [[source]] token or token_env), or Basic with the token as the password.",
        )
    run, unit = query.get("run", [""])[-1], query.get("unit", [""])[-1]
    if run and not _RUN.fullmatch(run):
        return Turned(HTTPStatus.BAD_REQUEST, "bad run", f"run must be 1 to {RUN_MAX} printable ASCII characters.")
    if unit and not is_entity_id(unit):
        return Turned(HTTPStatus.BAD_REQUEST, "bad unit", "unit must be 1 to 128 printable ASCII characters.")
    return Admitted(ledger, run if ledger.sequenced else "", unit)


def _token_fits(authorization: str, sha256: str) -> bool:
    scheme, _, given = authorization.partition(" ")
    token, kind = given.strip(), scheme.lower()
    if kind == "basic":
        try:
            token = base64.b64decode(token, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            token = ""
    digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
    # Compared also where the source has no token, so that the time taken does not tell.
    fits = hmac.compare_digest(digest, sha256 or "-" * 64)
    return fits and kind in ("bearer", "basic") and bool(sha256)
