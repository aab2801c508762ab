"""Map layers, one file each, found by file name. They never import each other."""

import importlib
import pkgutil

from layers.layer import Layer


def names() -> list[str]:
    """Return the names of all layers, sorted."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__))


def load(name: str) -> Layer:
    """Return the layer `name`. Raises KeyError when there is none."""
    if name not in names():
        raise KeyError(name)
    layer: Layer = importlib.import_module(f"{__name__}.{name}").LAYER
    return layer
