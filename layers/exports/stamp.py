"""What an export says of itself: who made it of what, and when. Pure."""

from msgspec import Struct

from layers.exports.rows import utc

GAP_S = 60.0
"""A silence longer than this parts a track unless an export says otherwise, seconds."""


class Stamp(Struct, frozen=True, kw_only=True):
    """Stands in every export, in the place that its format has for it. Times are Unix seconds."""

    agency: str
    """Whose viewer asked."""
    viewer: str
    actor: str = ""
    """Who made it, as named or as the machine knows; empty: the viewer."""
    case: str = ""
    """The case that it is for."""
    view: str
    """`known`, `truth` or `agency:ID`: what was shown."""
    since: float
    until: float
    """The range that was asked for."""
    sources: tuple[str, ...]
    """SHA-256 of the manifests of the segments that it was made of."""
    made_at: float
    version: str
    """Of the product."""
    record: str = ""
    """Whose record it was made of; empty: the viewer's own agency's, as far as may be seen of others."""
    policy: str = ""
    """SHA-256 of the shares by which it was judged."""
    missing: tuple[str, ...] = ()
    """What should have been in it: segments that were deleted, or damaged or lost and left out on demand, and what of
    the range was before the record or not sealed yet."""
    gap_s: float = GAP_S
    """Tracks are parted where a unit was silent for longer than this."""

    @property
    def title(self) -> str:
        """Return a name for the export, for people."""
        return f"JointOps, {self.view}, {utc(self.since)} to {utc(self.until)}"

    @property
    def said(self) -> dict[str, str]:
        """Return all of it as text by name: times in UTC, sources parted by blanks; what is empty is left out."""
        said = {
            "agency": self.agency,
            "viewer": self.viewer,
            "actor": self.actor,
            "case": self.case,
            "view": self.view,
            "since": utc(self.since),
            "until": utc(self.until),
            "sources": " ".join(self.sources),
            "record": self.record,
            "policy": self.policy,
            "missing": ", ".join(self.missing),
            "made_at": utc(self.made_at),
            "version": self.version,
            "gap_s": f"{self.gap_s:g}",
        }
        return {name: text for name, text in said.items() if text}
