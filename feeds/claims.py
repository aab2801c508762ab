"""Which source a frame belongs to, on a port that several sources share and that asks for no token. Pure."""

import contextlib
import ipaddress
from collections.abc import Sequence

from feeds.ledger import Ledger

UNCLAIMED = "no source claims this uid or address"

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Claims:
    """By the longest prefix of the frame's own id, else by the address it came from, else the one for the rest."""

    def __init__(self, ledgers: Sequence[Ledger]) -> None:
        """Take the sources of one port; one alone that claims nothing in particular takes all. Raises ValueError."""
        self._prefixes = sorted(
            ((prefix, ledger) for ledger in ledgers for prefix in ledger.settings.uid_prefixes),
            key=lambda claim: -len(claim[0]),
        )
        self._networks: list[tuple[_Network, Ledger]] = []
        for ledger in ledgers:
            for peer in ledger.settings.peers:
                self._networks.append((ipaddress.ip_network(peer, strict=False), ledger))
        self._rest = next((ledger for ledger in ledgers if ledger.settings.catch_all), None)
        only = ledgers[0].settings if len(ledgers) == 1 else None
        if only is not None and (only.listen or only.connect) and not (only.uid_prefixes or only.peers):
            self._rest = ledgers[0]

    @property
    def by_id(self) -> bool:
        """Whether a frame's own id can matter; if not, all that comes from an address is of one source, or of none."""
        return bool(self._prefixes)

    def source(self, uid: str, peer: str) -> Ledger | None:
        """Return the source that claims the frame, or None."""
        for prefix, ledger in self._prefixes:
            if uid.startswith(prefix):
                return ledger
        if not self._networks:
            return self._rest
        with contextlib.suppress(ValueError):
            address = ipaddress.ip_address(peer)
            mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
            for network, ledger in self._networks:
                if (mapped or address) in network:
                    return ledger
        return self._rest
