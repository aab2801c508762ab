"""The pages that Dash does not make."""

from dashboard.config import Site
from dashboard.views import login, notice


def test_the_form_works_without_any_script() -> None:
    page = login.page(Site(name="Ops"))
    assert '<form method="post" action="/login">' in page
    assert 'autocomplete="current-password"' in page
    assert "DEMO DATA" not in page
    assert "DEMO DATA" in login.page(Site(name="Ops", demo=True))


def test_what_people_typed_is_never_markup() -> None:
    page = login.page(Site(name="<i>"), next_='/"><script>', name="<b>", problem="<u>")
    for raw in ("<i>", "<b>", "<u>", '"><script>'):
        assert raw not in page


def test_a_notice_tries_again_by_itself_only_when_asked_to() -> None:
    assert 'http-equiv="refresh" content="2"' in notice.page("Not now", "words", retry_s=2)
    assert "refresh" not in notice.page("Not found", "words")
