"""Which of an agency's systems says what: no dialect has words for everything, as in life. Pure.

- A modem or a phone says where a unit is; its call sign, crew, status and emergency come from the dispatcher's system.
- EIDO knows incidents and resources; zones, log entries, and the fields it has no place for come from the command post.
"""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import asdict, replace

from feeds.exercise.stage import Saying
from feeds.report import UNIT_GROUPS, AnyReport, Category, IncidentReport, UnitReport

POSITION_ONLY = frozenset({"taip", "owntracks"})
_POSITION = UNIT_GROUPS[Category.UNIT_POSITION]
_BESIDE_POSITION = tuple(f for c, fields in UNIT_GROUPS.items() if c is not Category.UNIT_POSITION for f in fields)
_NOT_IN_EIDO = ("origin", "hazards", "patients", "suspects_outstanding", "narrative")


def by_system(sayings: Iterable[Saying], dialects: dict[str, str]) -> Iterator[Saying]:
    """Yield each saying as its source's dialect can say it, and the rest of it by another system of its agency.

    `dialects`: source id -> dialect.
    """
    for saying in sayings:
        dialect, report = dialects.get(saying.source, ""), saying.report
        if dialect in POSITION_ONLY and isinstance(report, UnitReport):
            yield saying._replace(report=_without(report, _BESIDE_POSITION))
            if _says(report, _BESIDE_POSITION):
                yield Saying(saying.agency, f"{saying.agency}-cad", _without(report, _POSITION))
        elif dialect == "eido":
            yield from _eido(saying)
        else:
            yield saying


def _eido(saying: Saying) -> Iterator[Saying]:
    report, post = saying.report, f"{saying.agency}-ops"
    if isinstance(report, UnitReport):
        yield saying
        if report.emergency is not None:
            beside = UnitReport(
                observed_at=report.observed_at,
                status=report.status,
                unit_id=report.unit_id,
                emergency=report.emergency,
            )
            yield Saying(saying.agency, post, beside)
    elif isinstance(report, IncidentReport):
        yield saying
        if _says(report, _NOT_IN_EIDO):
            said = {name: value for name, value in asdict(report).items() if name in _NOT_IN_EIDO}
            known = {"incident_id": report.incident_id, "observed_at": report.observed_at, "status": report.status}
            yield Saying(saying.agency, post, msgspec.convert(known | said, IncidentReport, str_keys=True))
    else:
        yield Saying(saying.agency, post, report)


def _says(report: AnyReport, fields: Iterable[str]) -> bool:
    return any(getattr(report, name) is not None for name in fields)


def _without(report: UnitReport, fields: Iterable[str]) -> UnitReport:
    return replace(report, **dict.fromkeys(fields, None))
