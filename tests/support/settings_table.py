"""Writes the tables of docs/settings.md from dashboard/config.py: `python -m tests.support.settings_table`.

Reads the declarations themselves (names, types, defaults, the string under each), so that the page cannot rot.
"""

import ast
import inspect
import re
import sys
from pathlib import Path

import msgspec

from dashboard import config
from feeds.report import Category

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"
BEGIN, END = "<!-- tables: made from dashboard/config.py -->", "<!-- end of tables -->"

SECTIONS = (config.Site, config.Agency, config.Source, config.Share, config.Retention, config.Account, config.ApiToken)


def _docs(kind: type) -> dict[str, str]:
    body = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(body, ast.ClassDef)
    docs: dict[str, str] = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            assert isinstance(field.target, ast.Name)
            docs[field.target.id] = " ".join(str(text.value.value).split())
    return docs


def _default(field: msgspec.inspect.Field | object) -> str:
    default = getattr(field, "default", msgspec.NODEFAULT)
    if default is msgspec.NODEFAULT:
        factory = getattr(field, "default_factory", msgspec.NODEFAULT)
        return "**required**" if factory is msgspec.NODEFAULT else f"`{factory()}`"
    return "empty" if default in ("", ()) else f"`{str(default).lower() if isinstance(default, bool) else default}`"


def tables() -> str:
    """Return all tables as Markdown."""
    parts = []
    for kind in SECTIONS:
        docs = _docs(kind)
        heading, _, what = (kind.__doc__ or "").partition(": ")
        parts += [f"## {heading}", what[:1].upper() + what[1:], "", "| setting | default | meaning |", "|---|---|---|"]
        for field in msgspec.structs.fields(kind):
            meaning = docs.get(field.name, "")
            assert meaning or field.name in ("id", "name", "agency"), f"{kind.__name__}.{field.name} has no help"
            parts.append(f"| `{field.encode_name}` | {_default(field)} | {meaning or _plain(kind, field.name)} |")
        parts.append("")
    parts += ["## Data categories", "The handle by which a share grants: a closed list.", ""]
    parts += [", ".join(f"`{c}`" for c in Category) + ".", ""]
    return "\n".join(parts)


def _plain(kind: type, name: str) -> str:
    if name == "agency":
        return "Agency it belongs to."
    return {"id": "Its id: lower case, digits, `-`; at most 32 characters.", "name": "Its name."}[name]


def main() -> None:
    """Put the tables into the page."""
    text = PAGE.read_text(encoding="utf-8")
    made = re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{tables()}{END}", text, flags=re.DOTALL)
    PAGE.write_text(made, encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.name}\n")


if __name__ == "__main__":
    main()
