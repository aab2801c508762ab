"""A refused message as its agency's own people may see it: its shape, without what it says. Pure.

Letters become `x`, digits `9`; the names of JSON fields, XML elements and attributes stay, or nobody could tell which
field is meant. Whatever else is in it (a person's name, a place, a plate) is gone, and no further than the
agency's own people it goes even so.
"""

import re

SHOWN_MAX = 160
"""Characters of a sample; what is longer ends in `…`."""

_KEPT = re.compile(
    r'"[A-Za-z_$][\w$.-]{0,40}"(?=\s*:)'  # a JSON field
    r"|</?[A-Za-z_][\w.:-]{0,40}"  # an XML tag
    r"|(?<=\s)[A-Za-z_][\w.:-]{0,40}(?=\s*=\s*[\"'])"  # an XML attribute
)
_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")
_BLANK = re.compile(r"\s+")
_DARK = re.compile(r"[^ -~]")


def masked(message: bytes) -> str:
    """Return the shape of a message in at most `SHOWN_MAX` printable ASCII characters."""
    text = _BLANK.sub(" ", message[: 4 * SHOWN_MAX].decode("utf-8", "replace")).strip()
    parts: list[str] = []
    at = 0
    for kept in _KEPT.finditer(text):
        parts += (_hidden(text[at : kept.start()]), kept[0])
        at = kept.end()
    shape = _DARK.sub("?", "".join(parts) + _hidden(text[at:]))
    return shape if len(shape) <= SHOWN_MAX and len(message) <= 4 * SHOWN_MAX else shape[: SHOWN_MAX - 1] + "…"


def _hidden(text: str) -> str:
    return _DIGIT.sub("9", _LETTER.sub("x", text))
