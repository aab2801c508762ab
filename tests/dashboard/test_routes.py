"""The addresses that are not Dash's."""

import pytest

from dashboard.free_ports import free_port
from dashboard.routes import local_path
from feeds.embedded_redis import EmbeddedRedis
from tests.support.pages import PASSWORD, TOKEN, ReadsOnly, log_in, serving

AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


async def test_the_front_door_leads_to_the_log_in_and_then_to_the_wall(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        assert (await visitor.get("/")).headers["location"] == "/login"
        wall = await visitor.get("/wall")
        assert (wall.status_code, wall.headers["location"]) == (303, "/login?next=/wall")
        form = await visitor.get(wall.headers["location"])
        assert '<form method="post" action="/login">' in form.text
        answer = await log_in(visitor, next="/wall")
        assert (answer.status_code, answer.headers["location"]) == (303, "/wall")
        assert (await visitor.get("/")).headers["location"] == "/wall"
        assert (await visitor.get("/wall")).status_code == 200


async def test_the_cookie_is_opaque_and_out_of_reach_of_scripts_and_other_sites(redis_url: str) -> None:
    async with serving(redis_url, public_url="https://ops.example.org") as visitor:
        answer = await visitor.post("/login", data={"name": "wall", "password": PASSWORD})
        cookie = answer.headers["set-cookie"]
        for part in ("jointops_session=", "HttpOnly", "SameSite=lax", "Path=/", "Secure", "Max-Age=43200"):
            assert part in cookie
        assert "wall" not in cookie
        assert answer.headers["strict-transport-security"]
    async with serving(redis_url) as visitor:
        assert "Secure" not in (await log_in(visitor)).headers["set-cookie"]


async def test_a_wrong_password_is_told_in_words_and_the_name_is_kept(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        answer = await log_in(visitor, name='wall"><b>', password="wrong")
        assert answer.status_code == 401
        assert "Name and password do not fit" in answer.text
        assert 'value="wall&quot;&gt;&lt;b&gt;"' in answer.text
        assert "set-cookie" not in answer.headers


async def test_too_many_tries_are_told_in_words(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        for _ in range(8):
            await log_in(visitor, password="wrong")
        answer = await log_in(visitor)
        assert answer.status_code == 429
        assert "Wait 5 minutes" in answer.text


async def test_logging_out_ends_the_session_everywhere(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        await log_in(visitor)
        cookie = visitor.cookies["jointops_session"]
        assert (await visitor.post("/logout")).headers["location"] == "/login"
        assert "jointops_session" not in visitor.cookies
        again = await visitor.get("/wall", headers={"Cookie": f"jointops_session={cookie}"})
        assert again.headers["location"] == "/login?next=/wall"


async def test_a_new_log_in_ends_the_one_before(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        await log_in(visitor)
        first = visitor.cookies["jointops_session"]
        await log_in(visitor)
        assert visitor.cookies["jointops_session"] != first
        visitor.cookies.clear()
        old = await visitor.get("/wall", headers={"Cookie": f"jointops_session={first}"})
        assert old.status_code == 303


@pytest.mark.parametrize(
    "text",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/login?next=/x",
        "/logout",
        "",
        "/a\r\nb",
        "/" + "x" * 600,
    ],
)
def test_a_log_in_never_leads_elsewhere(text: str) -> None:
    assert local_path(text) == "/wall"


def test_a_log_in_leads_back_to_where_one_was_going() -> None:
    assert local_path("/wall?theme=night") == "/wall?theme=night"


async def test_health_says_status_and_redis_to_anybody_and_no_more(redis_url: str) -> None:
    async with ReadsOnly() as hub, serving(redis_url, hub.port) as visitor:
        assert (await visitor.get("/healthz")).json() == {"status": "ok", "redis": "ok"}
        wrong = await visitor.get("/healthz", headers={"Authorization": "Bearer wrong"})
        assert wrong.json() == {"status": "ok", "redis": "ok"}


async def test_health_hands_on_what_the_hub_tells_a_known_caller(redis_url: str) -> None:
    async with ReadsOnly() as hub, serving(redis_url, hub.port) as visitor:
        said = (await visitor.get("/healthz", headers=AUTHORIZED)).json()
        assert said["picture"] == {"units": 3, "incidents": 2, "cameras": 1}
        assert said["feeds"] == [{"agency": "cpd"}]
        assert (said["status"], said["redis"]) == ("ok", "ok")


async def test_health_answers_while_the_hub_is_gone_or_hangs(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        assert (await visitor.get("/healthz")).json() == {"status": "degraded", "redis": "ok"}
        assert (await visitor.get("/healthz", headers=AUTHORIZED)).json() == {"status": "degraded", "redis": "ok"}
    async with ReadsOnly() as hub, serving(redis_url, hub.port) as visitor:
        hub.hang = True
        answer = await visitor.get("/healthz", headers=AUTHORIZED, timeout=1.4)
        assert answer.json() == {"status": "degraded", "redis": "ok"}


async def test_health_answers_while_redis_is_gone(fresh_redis: EmbeddedRedis) -> None:
    async with serving(fresh_redis.url) as visitor:
        fresh_redis.stop()
        answer = await visitor.get("/healthz", headers={"Cookie": "jointops_session=x"}, timeout=1.4)
        assert answer.json() == {"status": "degraded", "redis": "down"}


@pytest.mark.parametrize("name", ["units", "incidents", "cameras"])
async def test_reads_are_the_hubs_answer_to_the_callers_own_credential(redis_url: str, name: str) -> None:
    async with ReadsOnly() as hub, serving(redis_url, hub.port) as visitor:
        path = f"/api/{name}.geojson"
        nobody = await visitor.get(path)
        assert nobody.status_code == 401
        assert "Authorization: Bearer TOKEN" in nobody.json()["error"]
        assert hub.heard == []
        answer = await visitor.get(path, headers={**AUTHORIZED, "Cookie": "other=secret"})
        assert answer.json()["path"] == f"/read/{name}.geojson"
        assert answer.headers["content-type"].startswith("application/geo+json")
        assert hub.heard[-1]["authorization"] == AUTHORIZED["Authorization"]
        assert "cookie" not in hub.heard[-1]
        await log_in(visitor)
        await visitor.get(path)
        assert hub.heard[-1]["cookie"] == f"jointops_session={visitor.cookies['jointops_session']}"


async def test_reads_say_in_words_that_the_hub_is_gone(redis_url: str) -> None:
    async with serving(redis_url) as visitor:
        answer = await visitor.get("/api/units.geojson", headers=AUTHORIZED)
        assert answer.status_code == 503
        assert "hub does not answer" in answer.json()["error"]


@pytest.mark.parametrize("path", ["/api", "/api/nope", "/api/nope.geojson", "/healthz/x", "/basemap/nope"])
async def test_programs_get_404_for_unknown_paths(redis_url: str, path: str) -> None:
    async with serving(redis_url) as visitor:
        answer = await visitor.get(path)
        assert answer.status_code == 404
        assert "<html" not in answer.text


@pytest.mark.parametrize("path", ["/nope", "/docs", "/openapi.json", "/redoc", "/wall/x", "/assets/nope.js"])
async def test_people_get_404_for_unknown_paths_and_never_dashs_page(redis_url: str, path: str) -> None:
    async with serving(redis_url) as visitor:
        await log_in(visitor)
        answer = await visitor.get(path)
        assert answer.status_code == 404
        assert "react-entry-point" not in answer.text


async def test_what_is_recorded_is_handed_on_with_the_callers_credential_alone(redis_url: str) -> None:
    async with ReadsOnly() as recordings, serving(redis_url, review_port=recordings.port) as visitor:
        assert (await visitor.get("/api/recording")).status_code == 401
        answer = await visitor.get("/api/recording", headers=AUTHORIZED | {"X-Other": "1"})
        assert answer.json()["path"] == "/read/recording"
        assert recordings.heard[-1]["authorization"] == AUTHORIZED["Authorization"]
        assert "x-other" not in recordings.heard[-1]


async def test_a_stretch_of_the_record_is_handed_on_and_may_be_kept_as_it_says(redis_url: str) -> None:
    async with ReadsOnly() as recordings, serving(redis_url, review_port=recordings.port) as visitor:
        path = "/api/spans/agency%3Acpd/l2/cpd/1790002800"
        assert (await visitor.get(path)).status_code == 401
        answer = await visitor.get(path, headers=AUTHORIZED)
        assert answer.json()["path"] == f"/read{path.removeprefix('/api')}"
        assert (answer.headers["etag"], answer.headers["cache-control"]) == ('"7"', "private, no-cache")
        same = await visitor.get(path, headers=AUTHORIZED | {"If-None-Match": '"7"'})
        assert (same.status_code, same.content, same.headers["cache-control"]) == (304, b"", "private, no-cache")
        assert (await visitor.get("/api/spans/known/l2/cpd", headers=AUTHORIZED)).headers["cache-control"] == "no-store"
        assert (await visitor.get("/api/recording", headers=AUTHORIZED)).headers["cache-control"] == "no-store"


async def test_recordings_that_do_not_answer_are_told(redis_url: str) -> None:
    async with serving(redis_url, review_port=free_port()) as visitor:
        answer = await visitor.get("/api/recording", headers=AUTHORIZED)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert "recordings do not answer" in answer.json()["error"]
