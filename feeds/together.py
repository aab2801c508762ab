"""Several frames taken as one: what one read brought of one source costs the door one entry, not one a frame. Pure."""

from collections.abc import Sequence

from feeds.adapter import Decoded, Refusal
from feeds.report import AnyReport


def joined(parts: Sequence[Decoded]) -> Decoded:
    """Return what frames held as if it had come in one, in their order; every message keeps its own shape.

    Positions are those of the messages in the whole, a frame's refusals after its reports.
    """
    if len(parts) == 1:
        return parts[0]
    reports: list[AnyReport] = []
    indexes: list[int] = []
    refusals: list[Refusal] = []
    agencies: dict[int, str] = {}
    messages: dict[int, bytes] = {}
    at = 0
    for part in parts:
        for report, index in zip(part.reports, part.indexes, strict=True):
            reports.append(report)
            indexes.append(at)
            messages[at] = part.messages.get(index, part.frame)
            if index in part.agencies:
                agencies[at] = part.agencies[index]
            at += 1
        for refusal in part.refusals:
            refusals.append(refusal._replace(index=at))
            messages[at] = part.messages.get(refusal.index, part.frame)
            at += 1
    return Decoded(reports, indexes, refusals, agencies, messages)
