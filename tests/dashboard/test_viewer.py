"""Who looks."""

import pytest
from msgspec.structs import replace
from starlette.datastructures import Headers as WebHeaders
from websockets.datastructures import Headers as LiveHeaders

from dashboard.config import Settings
from dashboard.viewer import COOKIE, Gate, Viewer, bearer_of, cookie_of, viewer_of
from tests.support.pages import TOKEN, settings


class Held:
    """One log-in, whatever the cookie."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer

    async def find(self, cookie: str) -> Viewer | None:
        return self.viewer


async def found(site: Settings, held: Viewer) -> Viewer | None:
    return await Gate(site, Held(held)).viewer({"cookie": f"{COOKIE}=x"})


def with_account(**changes: object) -> Settings:
    site = settings()
    return replace(site, account=(replace(site.account[0], **changes),))


async def test_a_session_counts_while_its_account_stands_with_the_same_agency_and_roles() -> None:
    held = viewer_of(settings().account[0])
    assert await found(settings(), held) == held
    assert await found(replace(settings(), account=()), held) is None
    assert await found(with_account(name="another"), held) is None
    assert await found(with_account(agency="cfd"), held) is None
    assert await found(with_account(roles=("wall", "supervisor")), held) is None
    assert await found(with_account(roles=()), held) is None


async def test_a_session_takes_up_the_kind_its_account_has_now() -> None:
    viewer = await found(with_account(kind="field"), viewer_of(settings().account[0]))
    assert viewer is not None
    assert viewer.kind == "field"


async def test_a_session_never_passes_for_a_program() -> None:
    assert await found(settings(), replace(viewer_of(settings().account[0]), api=True)) is None


@pytest.mark.parametrize("kind", [WebHeaders, LiveHeaders])
def test_a_cookie_header_that_a_proxy_has_split_is_read_whole(kind: type) -> None:
    pairs = [("cookie", "theme=night"), ("cookie", f"{COOKIE}=mine")]
    headers = WebHeaders(raw=[(k.encode(), v.encode()) for k, v in pairs]) if kind is WebHeaders else LiveHeaders(pairs)
    assert cookie_of(headers) == "mine"


async def test_two_tokens_are_nobodys() -> None:
    headers = LiveHeaders([("Authorization", f"Bearer {TOKEN}"), ("Authorization", f"Bearer {TOKEN}")])
    assert bearer_of(headers)
    assert await Gate(settings(), Held(viewer_of(settings().account[0]))).viewer(headers) is None
