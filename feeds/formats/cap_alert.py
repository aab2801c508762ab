"""What a CAP alert says of itself: who it is, when, for whom, what it ends; alone or inside an EDXL-DE envelope.

Every function that reads raises Refused for what is outside the schema.
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Literal, NamedTuple

from lxml import etree

from feeds.formats.xml_text import Refused, children, local, moment, namespace, text_of
from feeds.names import is_entity_id

_NAMESPACES = ("urn:oasis:names:tc:emergency:cap:1.1", "urn:oasis:names:tc:emergency:cap:1.2")
_OPEN = ("", "UNCLASSIFIED", "UNCLASSIFIED AND NOT SENSITIVE")
"""What an envelope's `combinedConfidentiality` says of what anybody may see."""

Status = Literal["actual", "exercise", "system", "test", "draft"]
_STATUS: dict[str, Status] = {
    "Actual": "actual",
    "Exercise": "exercise",
    "System": "system",
    "Test": "test",
    "Draft": "draft",
}
_SCOPE = {"Public": (), "Restricted": ("restricted",), "Private": ("private",)}
"""Labels nobody can be granted: what is not public stays with its own agency."""


def alert_id(identifier: str) -> str:
    """Return the id of what an alert becomes: its identifier, or where that is none of ours, its sum at the end."""
    if is_entity_id(identifier):
        return identifier
    plain = re.sub(r"[^!-~]", "_", identifier)[:111]
    return f"{plain}~{sha256(identifier.encode()).hexdigest()[:16]}"


class Envelope(NamedTuple):
    """What an EDXL-DE says of every alert inside it."""

    status: Status = "actual"
    restricted: bool = False


class Alert(NamedTuple):
    """What every alert says."""

    id: str
    sent: float
    status: Status
    labels: tuple[str, ...]
    ends: tuple[str, ...]
    """Ids of the alerts that end with it."""
    infos: list[etree._Element]
    """In the language that counts."""


def required(alert: etree._Element, name: str) -> str:
    """Return the text of a child that must be there."""
    text = text_of(alert, name)
    if not text:
        raise Refused(f"{name} missing", f"alert/{name}")
    return text


def _references(alert: etree._Element) -> tuple[str, ...]:
    ids: dict[str, None] = {}
    for reference in text_of(alert, "references").split():
        parts = reference.split(",")
        if len(parts) < 3 or not parts[-2]:
            raise Refused("references outside their grammar", "alert/references")
        ids[alert_id(parts[-2])] = None
    return tuple(ids)


def infos_of(alert: etree._Element) -> list[etree._Element]:
    """Return the alert's `info` of one language: English (CAP's own default), else that of the first."""
    infos = children(alert, "info")
    english = [info for info in infos if (text_of(info, "language") or "en").lower().startswith("en")]
    return english or [info for info in infos if text_of(info, "language") == text_of(infos[0], "language")]


def _is_clear(info: etree._Element) -> bool:
    kinds = [(kind.text or "").strip() for kind in children(info, "responseType")]
    return bool(kinds) and all(kind == "AllClear" for kind in kinds)


def read(alert: etree._Element, envelope: Envelope) -> Alert:
    """Return what the alert says. An Alert ends nothing, a Cancel says nothing but what it ends.

    What an Update says is clear is ended with its references, and not warned of again.
    """
    if local(alert) != "alert":
        raise Refused("not a CAP alert")
    if namespace(alert) not in _NAMESPACES:
        raise Refused("not CAP 1.1 or 1.2")
    identifier, _, sent = (required(alert, name) for name in ("identifier", "sender", "sent"))
    said, kind, scope = (required(alert, name) for name in ("status", "msgType", "scope"))
    if said not in _STATUS or scope not in _SCOPE:
        wrong = "status" if said not in _STATUS else "scope"
        raise Refused(f"{wrong} outside its list", f"alert/{wrong}")
    if kind not in ("Alert", "Update", "Cancel"):
        raise Refused("unsupported msgType", "alert/msgType")
    own, infos = alert_id(identifier), infos_of(alert)
    ends = tuple(id for id in _references(alert) if id != own) if kind != "Alert" else ()
    if kind == "Cancel" and not ends:
        raise Refused("references missing", "alert/references")
    if kind != "Cancel" and not infos:
        raise Refused("info missing", "alert/info")
    if kind == "Cancel":
        infos = []
    elif ends:
        infos = [info for info in infos if not _is_clear(info)]
    labels = _SCOPE[scope] or (("restricted",) if envelope.restricted else ())
    status = envelope.status if _STATUS[said] == "actual" else _STATUS[said]
    at = moment(sent, "sent", "alert/sent", utc=False)
    return Alert(own, at, status, labels, ends, infos)


def time_of(infos: list[etree._Element], name: str) -> float | None:
    """Return the latest `expires`, or the earliest of another time, of all `info`; None when one does not say."""
    texts = [text_of(info, name) for info in infos]
    if not all(texts):
        return None
    return (max if name == "expires" else min)(moment(t, name, f"alert/info/{name}", utc=False) for t in texts)


def alerts_of(tree: etree._Element) -> Iterator[tuple[etree._Element, Envelope]]:
    """Yield the alerts of a message, each with what its envelope says of it. Raises Refused when there is none."""
    if local(tree) == "alert":
        yield tree, Envelope()
        return
    if local(tree) != "EDXLDistribution":
        raise Refused("not a CAP alert")
    said = text_of(tree, "distributionStatus")
    if said not in _STATUS:
        raise Refused("distributionStatus outside its list", "EDXLDistribution/distributionStatus")
    envelope = Envelope(_STATUS[said], text_of(tree, "combinedConfidentiality").upper() not in _OPEN)
    inside = [child for holder in tree.iter("{*}embeddedXMLContent") for child in holder]
    if not inside:
        raise Refused("no alert inside", "EDXLDistribution/contentObject")
    yield from ((content, envelope) for content in inside)
