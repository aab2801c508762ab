"""The demo site as data: agencies and their sources, with dialect and cadence; the demo's file is made of them."""

from typing import Literal

from msgspec import Struct

from feeds import adapters
from feeds.exercise.cameras import CADENCE_S
from feeds.exercise.day import STANDING_S
from feeds.exercise.dispatch import RESTATE_S

COMMAND = "jocc"
"""The joint command centre: owns no feed."""
GUEST = "guest"
"""For anybody's own files and devices; no unit of the exercise."""
FEDERAL = "ftf"


class ExerciseAgency(Struct, frozen=True):
    """One agency of the demo site."""

    id: str
    name: str
    tag: str
    """Two to four capitals, drawn beside each unit."""
    family: Literal["police", "fire", "ems", "transit", "federal", "other"]


class ExerciseSource(Struct, frozen=True, kw_only=True):
    """One source of the demo site."""

    id: str
    agency: str
    adapter: str
    cadence_s: float
    own_port: Literal["", "tcp"] = ""
    """Whether it comes to a port of its own, because what it speaks can carry no token."""
    cadence_by_state: dict[str, float] = {}
    uid_prefixes: tuple[str, ...] = ()
    catch_all: bool = False


AGENCIES = (
    ExerciseAgency("cpd", "City Police", "CPD", "police"),
    ExerciseAgency("ccso", "County Sheriff", "CCSO", "police"),
    ExerciseAgency("isp", "State Police", "ISP", "police"),
    ExerciseAgency("cfd", "Fire and EMS", "CFD", "fire"),
    ExerciseAgency("tpd", "Transit Police", "TPD", "transit"),
    ExerciseAgency("ftf", "Federal Task Force", "FTF", "federal"),
    ExerciseAgency("guest", "Guest", "GST", "other"),
    ExerciseAgency("jocc", "Joint Command Centre", "JOCC", "other"),
)

# What a unit promises is its slowest cadence: one that stands is not stale because it does not move.
_AVL, _CAD, _CAM = STANDING_S, RESTATE_S, CADENCE_S["live"]


_LIVE = {"cot": 10.0, "native": 10.0, "owntracks": 30.0}
_FILES_S = 3600.0
"""Guests' devices keep a cadence; what comes as a file once is not stale for being silent after."""


def _guest(dialect: str) -> str:
    return f"guest-{dialect.replace('_', '-')}"


def _cameras(source: str, agency: str) -> ExerciseSource:
    return ExerciseSource(
        id=source, agency=agency, adapter="camera_webhook", cadence_s=_CAM, cadence_by_state=CADENCE_S
    )


SOURCES = (
    ExerciseSource(id="cpd-avl", agency="cpd", adapter="taip", cadence_s=_AVL, own_port="tcp"),
    ExerciseSource(id="cpd-cad", agency="cpd", adapter="native", cadence_s=_CAD),
    _cameras("cpd-cam", "cpd"),
    ExerciseSource(id="ccso-avl", agency="ccso", adapter="native", cadence_s=_AVL),
    ExerciseSource(id="ccso-cad", agency="ccso", adapter="native", cadence_s=_CAD),
    _cameras("ccso-cam", "ccso"),
    ExerciseSource(id="isp-cot", agency="isp", adapter="cot", cadence_s=_AVL, uid_prefixes=("ISP-",)),
    ExerciseSource(id="cfd-avl", agency="cfd", adapter="eido", cadence_s=_AVL),
    ExerciseSource(id="cfd-cad", agency="cfd", adapter="eido", cadence_s=_CAD),
    ExerciseSource(id="cfd-ops", agency="cfd", adapter="native", cadence_s=_CAD),
    ExerciseSource(id="tpd-avl", agency="tpd", adapter="owntracks", cadence_s=_AVL),
    ExerciseSource(id="tpd-cad", agency="tpd", adapter="native", cadence_s=_CAD),
    _cameras("tpd-cam", "tpd"),
    ExerciseSource(id="ftf-cot", agency="ftf", adapter="cot", cadence_s=_AVL, uid_prefixes=("FTF-",)),
    *(
        ExerciseSource(
            id=_guest(name), agency=GUEST, adapter=name, cadence_s=_LIVE.get(name, _FILES_S), catch_all=name == "cot"
        )
        for name in adapters.names()
    ),
)
"""Each agency in the dialect that its kind speaks, and for guests one source of every dialect."""
