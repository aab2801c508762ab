"""A site's file as a program writes it: TOML, read by nobody but its user."""

import json
import os
from pathlib import Path
from typing import Any


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` so that only this user can read it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(handle, 0o600)
        file.write(text)


def toml(raw: dict[str, Any]) -> str:
    """Return a site's file, tables and lists of tables, as TOML."""
    lines: list[str] = []
    for name, value in raw.items():
        if isinstance(value, dict):
            lines += table(f"[{name}]", value)
        else:
            for one in value:
                lines += table(f"[[{name}]]", one)
    return "\n".join(lines) + "\n"


def table(head: str, values: dict[str, Any]) -> list[str]:
    """Return a table of TOML as lines, without what says nothing."""
    lines = ["", head]
    lines += [
        f"{key} = {_toml(value)}" for key, value in values.items() if value not in ("", (), {}) and value is not False
    ]
    return lines


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        # A string of JSON is one of TOML, but for DEL.
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(str(k))} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    raise TypeError(f"no TOML for {type(value).__name__}")
