"""Who may be handed a stored chunk as it is: a chunk holds every row, column, name and label of its agency.

Pure, like the policy it asks.
"""

from feeds.names import AgencyId
from feeds.registry import SENSITIVE_LABELS
from layers.picture import Origin
from layers.policy import Rules, ViewerClass
from layers.track import EVERYTHING, UNKNOWN_LABEL

_WORST = frozenset(SENSITIVE_LABELS) | {UNKNOWN_LABEL}
"""Every label that a thing may carry, at once: labels deny, so whoever may see this may see all."""


def entitled(rules: Rules, viewer: ViewerClass, agency: AgencyId) -> bool:
    """Say whether the class may see all that the agency ever said, whatever its label, and so a chunk as it is stored.

    Fails closed: what goes wrong is a no, and counts among the rules' alarms. No share can name labels nobody knows, so
    for another agency this is no, however much it shares: for its classes chunks are made after policy.
    """
    try:
        if not agency:
            return False
        granted = [rules.granted(viewer, Origin(agency, labels)) for labels in (frozenset[str](), _WORST)]
        return all(one & EVERYTHING == EVERYTHING for one in granted)
    except Exception as error:
        rules.alarm("chunk", error)
        return False
