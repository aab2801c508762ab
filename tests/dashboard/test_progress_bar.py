"""The progress bars of the commands."""

from collections.abc import Callable

import pytest
from rich.progress import Progress

from dashboard import progress_bar


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (progress_bar.counting, ["sealing", "3/10"]),
        (progress_bar.going, ["sealing"]),
        (lambda: progress_bar.stepping("basemap"), ["basemap", "sealing"]),
    ],
    ids=["counting", "going", "stepping"],
)
def test_a_bar_tells_what_is_done_on_the_error_stream(
    make: Callable[[], Progress], told: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with make() as bar:
        bar.update(bar.add_task("sealing", total=10), completed=3)
    out, err = capsys.readouterr()
    assert out == ""
    assert all(word in err for word in told)
