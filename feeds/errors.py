"""Every error the product raises on purpose, as one tree.

    JointOpsError
    ├── DecodeError        a frame is not what its dialect promises; the frame is lost, the feed goes on
    ├── BusDown            the bus did not take or give; nothing was acknowledged
    ├── FeedRefused        the door did not let a sender in; says what to do
    ├── FeedLost           a sender's line to the door is down; what was not answered is to be sent again
    ├── SpoolFull          a sender's spool takes no more; the reports are still the caller's
    ├── ArchiveDamaged     a file of the record is not as it was written; names it
    ├── UnderHold          a legal hold keeps what was to be deleted; names the cases
    ├── GrammarError       an id is outside its grammar
    └── ConfigError        the site's file cannot be used; names the path and says what to do

Messages say what was expected, what came and where (`$.lon`), never the payload: it may be restricted.
"""

from collections.abc import Iterable


class JointOpsError(Exception):
    """Root of the tree."""


class DecodeError(JointOpsError):
    """A frame, or one message in it, cannot be decoded.

    `reason` is text for the sender; `path` is where in the message (`$[2].lon`), `""` for all of it.
    """

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(f"{reason} - at {path}" if path else reason)
        self.reason = reason
        self.path = path


class BusDown(JointOpsError):
    """The bus is out of reach or refused; whatever was being appended is not acknowledged.

    `why` says in short, stable words why a bus that is reached takes nothing (`disk full`); `""`: not reached.
    """

    def __init__(self, reason: str, why: str = "") -> None:
        super().__init__(reason)
        self.why = why


class FeedRefused(JointOpsError):
    """The door does not take this sender: unknown source, wrong token. Trying again does not help."""


class FeedLost(JointOpsError):
    """The line to the door is down; what was not answered may or may not be journaled: send it again."""


class SpoolFull(JointOpsError):
    """A sender's spool takes no more: its bound is reached, or its disk is full. Nothing of the call was taken."""


class ArchiveDamaged(JointOpsError):
    """A file of the archive is missing, cannot be read, or is not what its manifest says; nothing of it is given."""

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"{path}: {reason}; `jointops verify` says what is damaged")
        self.words = f"{path}: {reason}"


class UnderHold(JointOpsError):
    """A legal hold stands on what was to be deleted from the record; nothing was."""

    def __init__(self, cases: Iterable[str]) -> None:
        super().__init__(f"held: case {', '.join(sorted(set(cases)))}")


class GrammarError(JointOpsError, ValueError):
    """An id does not fit its grammar."""


class ConfigError(JointOpsError):
    """A setting of the site cannot be used. `path` is where in the file (`source[2].agency`)."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.path = path
        self.reason = reason
