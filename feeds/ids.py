"""The ids in reports: within their grammar or not, looked at for a whole frame at once.

The grammar is `feeds.names.is_entity_id`: 1 to 128 printable ASCII characters, no blank at either end. The decoders
of the vocabulary see to the lengths; the rest is looked at here, once, at the door. A pattern in the vocabulary's
types would do the same in every decoder, at half of all the time that decoding takes, and once more in the hub.
"""

import typing
from collections.abc import Iterator, Sequence

from feeds.adapter import Decoded, Refusal
from feeds.names import is_entity_id
from feeds.report import CATEGORIES, AnyReport, Id, Report

_VISIBLE = bytes(range(ord("!"), ord("~") + 1))


def _id_fields(kind: type[Report]) -> tuple[str, ...]:
    hints = typing.get_type_hints(kind, include_extras=True)
    return tuple(name for name, hint in hints.items() if _holds_ids(hint))


def _holds_ids(hint: object) -> bool:
    return hint == Id or any(map(_holds_ids, typing.get_args(hint)))


ID_FIELDS: dict[type[Report], tuple[str, ...]] = {kind: _id_fields(kind) for kind in CATEGORIES}
"""The fields of every kind that hold ids, one or several."""


def misnamed(report: AnyReport) -> str:
    """Return the name of the first field with an id outside the grammar; `""` when there is none."""
    for field in ID_FIELDS[type(report)]:
        value = getattr(report, field)
        ids: tuple[str, ...] = value if isinstance(value, tuple) else () if value is None else (value,)
        if not all(map(is_entity_id, ids)):
            return field
    return ""


def well_named(reports: Sequence[AnyReport]) -> bool:
    """Say whether every id in these reports is within the grammar; False: `misnamed` has to look at each.

    Units whose ids have no blanks, the usual frame, are told all together.
    """
    try:
        ids = "".join([r.unit_id if r.incident_id is None else r.unit_id + r.incident_id for r in reports])  # type: ignore[union-attr]
    except AttributeError:  # not units alone
        return False
    return ids.isascii() and not ids.encode().translate(None, _VISIBLE)


def named(decoded: Decoded) -> Decoded:
    """Return what a frame held, with every misnamed report turned into a refusal."""
    if well_named(decoded.reports):
        return decoded
    wrong = [misnamed(report) for report in decoded.reports]
    if not any(wrong):
        return decoded
    kept = [i for i, field in enumerate(wrong) if not field]
    return decoded._replace(
        reports=[decoded.reports[i] for i in kept],
        indexes=[decoded.indexes[i] for i in kept],
        refusals=[*decoded.refusals, *_refusals(decoded, wrong)],
    )


def _refusals(decoded: Decoded, wrong: list[str]) -> Iterator[Refusal]:
    for report, index, field in zip(decoded.reports, decoded.indexes, wrong, strict=True):
        if field:
            yield Refusal(index, f"{field} outside its grammar", f"$.{field}", report.seq)
