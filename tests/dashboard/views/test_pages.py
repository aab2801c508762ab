"""What every page made of panels keeps."""

import json

import pytest

from dashboard.panels import names
from dashboard.views import review, wall
from tests.support.pages import settings


def made(view: object) -> str:
    page = view.layout(settings())  # type: ignore[attr-defined]
    return json.dumps(page.to_plotly_json(), default=lambda part: part.to_plotly_json())


def placed(page: str) -> dict[str, int]:
    return {name: page.count(f'"data-panel": "{name}"') for name in names()}


def test_every_panel_is_placed_on_a_page_and_on_none_twice() -> None:
    pages = [placed(made(view)) for view in (wall, review)]
    for name in names():
        assert max(page[name] for page in pages) == 1


@pytest.mark.parametrize("view", [wall, review])
def test_no_page_styles_its_elements_by_hand(view: object) -> None:
    assert '"style": {' not in made(view).replace('"style": {"version"', "")


def test_the_page_of_recordings_is_opened_by_its_own_module_and_says_that_it_is_a_replay() -> None:
    page = made(review)
    assert '"data-entry": "/assets/review/review.mjs"' in page
    assert page.count("REPLAY") == 2  # the bar and the map
    assert "Back to live" in page


def test_the_page_of_recordings_offers_no_form_that_writes() -> None:
    assert "POST" not in made(review)
