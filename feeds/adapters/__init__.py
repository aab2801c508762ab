"""Dialects, one file each, found by file name; siblings never import each other."""

import importlib
import pkgutil

from feeds.adapter import Adapter


def names() -> list[str]:
    """Return the names of all dialects, sorted."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__))


def load(name: str) -> Adapter:
    """Return the dialect `name`. Raises KeyError when there is none."""
    if name not in names():
        raise KeyError(name)
    adapter: Adapter = importlib.import_module(f"{__name__}.{name}").ADAPTER
    return adapter
