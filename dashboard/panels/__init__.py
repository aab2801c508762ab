"""The panels around the map, one file each, found by file name.

A panel is a module with `Id` (its element ids), `layout(settings)` whose outermost element carries
`data-panel="<file name>"`, and an ES module of the same name in `assets/panels` that fills it. A view places it.
"""

import importlib
import pkgutil
from typing import Any, Protocol

from dash.development.base_component import Component

from dashboard.config import Settings


class Panel(Protocol):
    """What a panel's module offers."""

    def layout(self, settings: Settings) -> Component:
        """Return the panel's elements, empty; its ES module fills them."""
        ...


def names() -> tuple[str, ...]:
    """Return the names of all panels, sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def load(name: str) -> Panel:
    """Return the panel called `name`. Raises ModuleNotFoundError."""
    module: Panel = importlib.import_module(f"{__name__}.{name}")
    return module


def attributes(**values: str) -> dict[str, Any]:
    """Return `data-` and `aria-` attributes as Dash takes them: `data_panel="x"` becomes `data-panel`."""
    return {name.replace("_", "-"): value for name, value in values.items()}
