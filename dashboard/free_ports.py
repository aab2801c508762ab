"""Ports for doors that are to open soon, of which nobody named a number."""

import contextlib
import socket
from collections.abc import Sequence

LOOPBACK = "127.0.0.1"


def free_ports(count: int, bind: str = LOOPBACK) -> list[int]:
    """Return ports of this address, all different, that nobody listens on now."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with contextlib.ExitStack() as held:  # held together: a port let go is soon given again
        probes = [held.enter_context(socket.socket(family)) for _ in range(count)]
        for probe in probes:
            probe.bind((bind, 0))
        return [probe.getsockname()[1] for probe in probes]


def ports_of(choices: object, names: Sequence[str], bind: str = LOOPBACK) -> dict[str, int]:
    """Return a port for each name: the one that `choices` has under it, else one that is free."""
    free = zip(names, free_ports(len(names), bind), strict=True)
    return {name: getattr(choices, name, 0) or port for name, port in free}


def free_port(bind: str = LOOPBACK) -> int:
    """Return a port of this address that nobody listens on now."""
    return free_ports(1, bind)[0]
