"""Who looks. Nothing else reads cookies or tokens; policy sees the class, never the person."""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Literal, Protocol

from msgspec import Struct

from dashboard.config import Settings, digest, secret
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


class SessionStore(Protocol):
    """Where log-ins are kept (`dashboard.sessions`)."""

    async def find(self, cookie: str) -> Viewer | None:
        """Return who holds this cookie, or None. Raises BusDown when the store is out of reach."""
        ...


def cookie_of(headers: Mapping[str, str]) -> str:
    """Return the session cookie in HTTP headers, or `""`."""
    try:
        morsel = SimpleCookie(headers.get("cookie", headers.get("Cookie", ""))).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def bearer_of(headers: Mapping[str, str]) -> str:
    """Return the bearer token in HTTP headers, or `""`."""
    scheme, _, token = headers.get("authorization", headers.get("Authorization", "")).partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class Gate:
    """Says who a request comes from: bearer token first, then the session cookie."""

    def __init__(self, settings: Settings, sessions: SessionStore) -> None:
        self._sessions = sessions
        self._tokens = {
            digest(secret(t.token, t.token_env)): Viewer(
                name=t.name, agency=AgencyId(t.agency), roles=t.roles, kind="api", api=True
            )
            for t in settings.api_token
        }

    async def viewer(self, headers: Mapping[str, str]) -> Viewer | None:
        """Return the viewer, or None when nobody is known. Raises BusDown when sessions cannot be read."""
        token = bearer_of(headers)
        if token:
            return self._tokens.get(digest(token))
        cookie = cookie_of(headers)
        return await self._sessions.find(cookie) if cookie else None
