"""`jointops basemap`: build the demo's street map into the user's cache, with a progress bar."""

import sys

from dashboard import progress_bar
from feeds.errors import JointOpsError
from layers import basemap


def ensure() -> None:
    """Build the basemap if it is not there; without one, say so and go on."""
    if basemap.find() is None:
        _build()


def run(*, again: bool) -> int:
    """Build it (anew with `again`); return 0 also without one, because the product runs on a plain ground too."""
    found = None if again else basemap.find()
    if found is not None:
        sys.stdout.write(f"basemap is there: {found.name}\n")
        return 0
    _build(again=again)
    return 0


def _build(*, again: bool = False) -> None:
    with progress_bar.stepping("basemap") as progress:
        console = progress.console
        task = progress.add_task("starting", total=1.0)

        def step(name: str, fraction: float) -> None:
            progress.update(task, description=name, completed=fraction)

        try:
            built = basemap.build(progress=step, again=again)
        except (JointOpsError, OSError) as error:
            progress.update(task, description="none")
            console.print(f"no basemap: {error}. The map runs on a plain ground; try again with `jointops basemap`.")
            return
    console.print(f"basemap: {built.name}", highlight=False)
