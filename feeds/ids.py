"""The ids in reports of units: within their grammar or not, looked at for a whole frame at once.

The grammar is `feeds.names.is_entity_id`: 1 to 128 printable ASCII characters, no blank at either end. Every other
kind has it as a pattern in its type. Units come by the hundred: a pattern would take half of all the time that
decoding them takes, at the door and once more in the hub. Decoders see to the length, the door to the rest, here.
"""

from collections.abc import Sequence

from feeds.adapter import Decoded, Refusal
from feeds.names import is_entity_id
from feeds.report import AnyReport, UnitReport
from feeds.unit_columns import UnitReports

_VISIBLE = bytes(range(ord("!"), ord("~") + 1))


def misnamed(report: AnyReport) -> str:
    """Return the name of a unit's field whose id is outside the grammar; `""` when there is none."""
    if isinstance(report, UnitReport):
        if not is_entity_id(report.unit_id):
            return "unit_id"
        if report.incident_id is not None and not is_entity_id(report.incident_id):
            return "incident_id"
    return ""


def well_named(reports: Sequence[AnyReport]) -> bool:
    """Say whether these are units with every id in the grammar and no blank in any: the usual frame, told at once.

    False: `misnamed` has to look at each.
    """
    try:
        if isinstance(reports, UnitReports):
            ids = "".join(reports.columns.names())
        else:
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
    refusals = [
        Refusal(index, f"{field} outside its grammar", f"$.{field}", report.seq)
        for report, index, field in zip(decoded.reports, decoded.indexes, wrong, strict=True)
        if field
    ]
    return decoded._replace(
        reports=[decoded.reports[i] for i in kept],
        indexes=[decoded.indexes[i] for i in kept],
        refusals=[*decoded.refusals, *refusals],
    )
