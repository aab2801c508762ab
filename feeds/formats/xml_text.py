"""XML from strangers: one hardened parser for every dialect, documents told apart, numbers and times read strictly.

Rules
- No document type is taken, no entity resolved, nothing opened, no tree deeper or larger than libxml2's own bounds.
- A frame may hold several documents one after the other; one that is broken costs itself alone.
- A number is plain decimal and finite; a time is RFC 3339, within 1970 to 3000.
Pure.
"""

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
from lxml import etree

YEAR_3000 = 32503680000.0
"""The latest time taken, Unix seconds."""

_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?+(?:\s++|<\?(?:(?!\?>).)*+\?>|<!--(?:(?!-->).)*+-->)*+", re.DOTALL)
"""What may stand before and after a document's element: blanks, processing instructions, comments."""
_START = re.compile(
    rb"<!--(?:(?!-->).)*+|<\?(?:(?!\?>).)*+|<((?:[A-Za-z_][\w.-]{0,63}:)?([A-Za-z_][\w.-]{0,63}))(?=[\s/>])", re.DOTALL
)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]++)?")


class Refused(Exception):
    """Leaves the decoding of one message: `reason` is short and stable, `path` is where in the message."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


# ---- parsing


def parser() -> etree.XMLParser:
    """Return a hardened parser; one serves a connection for as long as it lasts."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def parse(text: bytes, hardened: etree.XMLParser) -> etree._Element:
    """Return the document's element. Raises Refused."""
    if _DOCTYPE.search(text):
        raise Refused("DTD not allowed")
    try:
        element = etree.fromstring(text, hardened)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        raise Refused("not XML") from None
    # Without a declaration or a byte order mark it is UTF-8: nothing was hidden from the search above.
    if (text[:1] != b"<" or text[1:2] in b"?\0") and element.getroottree().docinfo.doctype:
        raise Refused("DTD not allowed")
    return element


def local(element: etree._Element) -> str:
    """Return the element's name without its namespace."""
    name: str = element.tag
    return name.rpartition("}")[2]


def namespace(element: etree._Element) -> str:
    """Return the element's namespace, `""` when it is in none."""
    name: str = element.tag
    return name[1:].partition("}")[0] if name.startswith("{") else ""


def children(element: etree._Element, name: str) -> list[etree._Element]:
    """Return the children of that name, whatever their namespace."""
    return [child for child in element if local(child) == name]


def text_of(element: etree._Element, name: str) -> str:
    """Return the text of the first child of that name, blanks at its ends cut, `""` when there is none."""
    return next(((child.text or "").strip() for child in element if local(child) == name), "")


# ---- what stands between documents


def root(head: bytes) -> str:
    """Return the name, without its prefix, of the first element in a file that begins so; `""` when there is none."""
    return next((m[2].decode("ascii", "replace") for m in _START.finditer(head) if m[2]), "")


def _is_prolog(frame: bytes, begin: int, end: int) -> bool:
    prolog = PROLOG.match(frame, begin)
    return prolog is not None and prolog.end() >= end


def documents(frame: bytes, names: tuple[bytes, ...]) -> Iterator[bytes]:
    """Yield the documents whose element is one of `names`, each with its prolog, and whatever else stands between.

    A document is told by its element's start tag and the next end tag of the same name, so that one in an encoding
    that is no superset of ASCII is yielded whole, as it is. A byte is looked at a bounded number of times.
    """
    done = at = 0
    while (start := _START.search(frame, at)) is not None:
        at = start.end()
        if start[2] not in names:
            continue
        end = re.compile(b"</" + re.escape(start[1]) + rb"[ \t\r\n]*+>").search(frame, at)
        if end is None:
            break
        if not _is_prolog(frame, done, start.start()):
            declared = frame.rfind(b"<?xml", done, start.start())
            first = declared if declared >= 0 and _is_prolog(frame, declared, start.start()) else start.start()
            if junk := frame[done:first].strip():
                yield junk
            done = first
        yield frame[done : end.end()].strip()
        done = at = end.end()
    rest = PROLOG.match(frame, done)
    if rest is None or rest.end() < len(frame):
        yield frame[done:].strip()


# ---- numbers and times


def finite(text: str, name: str, path: str) -> float:
    """Return the number. Raises Refused."""
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise Refused(f"{name} is not a finite number", path)
    return value


def number(text: str, name: str, low: float, high: float, path: str) -> float:
    """Return the number within `low`..`high`. Raises Refused."""
    value = finite(text, name, path)
    if not low <= value <= high:
        raise Refused(f"{name} out of range", path)
    return value


def _parsed(text: str, utc: bool) -> datetime | None:
    text = text.strip()
    try:
        at = msgspec.convert(text, datetime)
        if at.tzinfo is None and utc:
            at = msgspec.convert(text + "Z", datetime)
    except (msgspec.ValidationError, ValueError, OverflowError):
        return None
    return at if at.tzinfo is not None else None


def instant(text: str, *, utc: bool = True) -> float | None:
    """Return Unix seconds for an xs:dateTime; None when it is none, or outside 1970 to 3000.

    A time that names no zone is UTC, or with `utc=False` none.
    """
    at = _parsed(text, utc)
    seconds = at.timestamp() if at is not None else -1.0
    return seconds if 0 <= seconds <= YEAR_3000 else None


def moment(text: str, name: str, path: str, *, utc: bool = True) -> float:
    """Return what `instant` returns. Raises Refused instead of returning None."""
    at = instant(text, utc=utc)
    if at is None:
        raise Refused(f"{name} out of range" if _parsed(text, utc) else f"{name} is not RFC 3339", path)
    return at


def rfc3339(at: float) -> str:
    """Return Unix seconds as UTC with milliseconds and `Z`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
