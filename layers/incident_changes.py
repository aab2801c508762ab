"""What changed of an incident from one report to the next, in words for people. Pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from layers import symbol, words

TOLD = ("type_common", "priority_common", "address", "status_common", "assigned_units", "narrative", "place")
"""What is told of, by the vocabulary's names; `place` is (lon, lat)."""
UNITS_NAMED = 3
"""More units than this are counted in a line, not named."""

CalledUnit = Callable[[str], str]
"""A unit's id -> what people call it."""


def listed(codes: Iterable[str]) -> str:
    """Return codes in words, in one line."""
    said = [words.of(code) for code in codes]
    return ", ".join(said[:1] + [word if word.isupper() else word[:1].lower() + word[1:] for word in said[1:]])


def changed(fields: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """Return the names of what a report says that is other than it was."""
    return [name for name in TOLD if name in fields and fields[name] != before.get(name)]


def told(name: str, value: Any, before: Any, called: CalledUnit) -> str:
    """Return one change in words, "" when it is not worth a word. `before` None: it was not said."""
    if name == "status_common":
        # Statuses add up: what is new says what happened.
        new = [code for code in value if code not in (before or ())]
        return listed(new) if new else f"now {listed(value)}"
    if name == "priority_common":
        return f"priority P{symbol.incident_priority(value)}"
    if name == "type_common":
        return words.incident_type(value)
    if name == "assigned_units":
        came, went = came_and_went(value, before)
        return ", ".join(filter(None, (_units(came, "assigned", called), _units(went, "released", called))))
    if name == "place":
        return "place corrected" if before else ""
    return f"at {value}" if name == "address" else f"“{value}”"


def came_and_went(now: Iterable[str], before: Iterable[str] | None) -> tuple[list[str], list[str]]:
    """Return the units that were assigned, and those that were taken off."""
    held, was = list(now), list(before or ())
    return [unit for unit in held if unit not in was], [unit for unit in was if unit not in held]


def _units(ids: list[str], what: str, called: CalledUnit) -> str:
    if len(ids) > UNITS_NAMED:
        return f"{len(ids)} units {what}"
    return f"{', '.join(called(unit) for unit in ids)} {what}" if ids else ""
