"""Tables of positions as messages of our own dialect: a CSV with a header, the vocabulary's names. Pure.

Also what `jointops export --format csv` writes: lines that begin with `#` are passed over, and the apostrophe before
what a spreadsheet could take for a formula is taken away. Rows of another kind than units are told as what they are,
and refused by the dialect where they lack what it asks for.
"""

import csv
import io
import json
import re
from collections.abc import Iterator

from feeds.errors import ConfigError

SUBJECTS = ("unit_id", "id", "unit")
TIMES = ("observed_at", "time", "timestamp")
NUMBERS = ("lat", "lon", "course_deg", "speed_mps", "hae_m", "h_err_m", "v_err_m")
TEXTS = ("kind", "agency", "call_sign", "unit_type", "fix_method", "primary_status", "emergency", "status")

_GUARDED = re.compile(r"^'(?=\s*[=+\-@\t\r\n＝＋－＠])")


def messages(data: bytes) -> bytes:
    """Return a message a row, a line each. Raises ConfigError when it has not the columns that it takes."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("PATH", "the CSV is not UTF-8 text") from None
    body = text.split("\n")
    while body and body[0].startswith("#"):
        body.pop(0)
    table = csv.DictReader(io.StringIO("\n".join(body), newline=""))
    names = table.fieldnames or ()
    subject, time = (next((name for name in of if name in names), None) for of in (SUBJECTS, TIMES))
    if subject is None or time is None or not {"lat", "lon"} <= set(names):
        raise ConfigError("PATH", "a CSV needs a header with unit_id, observed_at, lat, lon (degrees)")
    return b"\n".join(_lines(table, subject, time))


def _lines(table: "csv.DictReader[str]", subject: str, time: str) -> Iterator[bytes]:
    for row in table:
        said: dict[str, object] = {"kind": "unit"}
        said |= {name: _GUARDED.sub("", row[name]) for name in TEXTS if row.get(name)}
        said |= {name: _number(row[name]) for name in NUMBERS if row.get(name)}
        said |= {"unit_id": _GUARDED.sub("", row[subject] or ""), "observed_at": _number(row[time] or "")}
        yield json.dumps(said).encode()


def _number(text: str) -> float | str:
    """Return the number in a cell; else its text, which the dialect reads (a time) or refuses."""
    try:
        return float(text)
    except ValueError:
        return text
