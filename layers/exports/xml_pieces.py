"""XML written piece by piece, with what XML cannot hold left out. Pure.

Elements are opened one in the other, never written as trees of their own: those would declare their namespaces anew,
under prefixes that common readers of GPX and KML do not resolve.
"""

import re
from collections.abc import Mapping

from lxml import etree

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(said: str) -> str:
    """Return the text with a replacement character for each that XML 1.0 has no place for."""
    return _NOT_XML.sub("\ufffd", said)


def leaf(xml: etree.xmlfile, name: str, said: str = "", attributes: Mapping[str, str] | None = None) -> None:
    """Write an element that holds nothing but a text."""
    with xml.element(name, attributes):
        if said:
            xml.write(text(said))


def described(said: Mapping[str, str]) -> str:
    """Return named values as lines for people."""
    return "\n".join(f"{name}: {value}" for name, value in said.items())
