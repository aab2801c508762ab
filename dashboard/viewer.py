"""Who looks. Nothing else reads cookies or tokens; policy sees the class, never the person."""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Literal, Protocol

from msgspec import Struct

from dashboard.config import Account, Settings, digest, secret
from feeds.names import AgencyId

COOKIE = "jointops_session"


class Viewer(Struct, frozen=True, kw_only=True):
    """A person or program that may look, once known."""

    name: str
    agency: AgencyId
    roles: tuple[str, ...]
    kind: Literal["wall", "desk", "field", "api"]
    api: bool = False
    """Known by an api token rather than a log-in."""


def viewer_of(account: Account) -> Viewer:
    """Return who logs in with this account."""
    return Viewer(name=account.name, agency=AgencyId(account.agency), roles=account.roles, kind=account.kind)


class SessionStore(Protocol):
    """Where log-ins are kept (`dashboard.sessions`)."""

    async def find(self, cookie: str) -> Viewer | None:
        """Return who holds this cookie, or None. Raises BusDown when the store is out of reach."""
        ...


def _said(headers: Mapping[str, str], name: str, joint: str) -> str:
    """Return the header `name`, all of its lines joined: a proxy may split it, and a caller may send it twice."""
    for all_of in ("getlist", "get_all"):  # starlette's headers; websockets', whose `get` raises when there are two
        if hasattr(headers, all_of):
            return joint.join(getattr(headers, all_of)(name))
    return headers.get(name, headers.get(name.title(), ""))


def cookie_of(headers: Mapping[str, str]) -> str:
    """Return the session cookie in HTTP headers, or `""`."""
    try:
        morsel = SimpleCookie(_said(headers, "cookie", "; ")).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def bearer_of(headers: Mapping[str, str]) -> str:
    """Return the bearer token in HTTP headers, or `""`. Two tokens make one that nobody has."""
    scheme, _, token = _said(headers, "authorization", ", ").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class Gate:
    """Says who a request comes from: bearer token first, then the session cookie.

    A session holds who somebody was at the log-in; it counts while the site's account still says the same.
    """

    def __init__(self, settings: Settings, sessions: SessionStore) -> None:
        self._sessions = sessions
        self._tokens = {
            digest(secret(t.token, t.token_env)): Viewer(
                name=t.name, agency=AgencyId(t.agency), roles=t.roles, kind="api", api=True
            )
            for t in settings.api_token
        }
        self._standing = {account.name: viewer_of(account) for account in settings.account}

    async def viewer(self, headers: Mapping[str, str]) -> Viewer | None:
        """Return the viewer, or None when nobody is known. Raises BusDown when sessions cannot be read."""
        token = bearer_of(headers)
        if token:
            return self._tokens.get(digest(token))
        cookie = cookie_of(headers)
        held = await self._sessions.find(cookie) if cookie else None
        standing = self._standing.get(held.name) if held and not held.api else None
        if held is None or standing is None or held.agency != standing.agency:
            return None
        return standing if set(held.roles) == set(standing.roles) else None
