"""Who is connected to a port, without sockets."""

import pytest

from feeds.crowd import Crowd, place_of


def crowd(admitted: int = 3, silent: int = 2, place: int = 4) -> Crowd[str]:
    return Crowd(admitted_max=admitted, silent_max=silent, place_max=place)


def test_silent_guests_take_no_place_from_those_who_speak():
    port = crowd(admitted=2)
    assert all(port.enter(f"silent {n}", "10.0.0.1") for n in range(2))
    assert all(port.enter(f"speaks {n}", "10.0.0.2") and port.admit(f"speaks {n}") for n in range(2))
    assert port.too_silent() is None and len(port) == 4
    assert port.enter("late", "10.0.0.3") and not port.admit("late"), "the port is full"
    assert port.admit("speaks 1"), "who is in stays in"
    port.leave("speaks 0")
    assert port.admit("late")


def test_the_longest_silent_of_the_busiest_place_goes_first():
    port = crowd(silent=3)
    for guest, address in (("quiet", "10.0.0.2"), ("first", "10.0.0.1"), ("second", "10.0.0.1")):
        port.enter(guest, address)
    assert port.too_silent() is None
    port.enter("third", "10.0.0.1")
    assert port.too_silent() == "first"
    port.leave("first")
    assert port.too_silent() is None and list(port) == ["quiet", "second", "third"]
    assert not port.admit("first"), "who was sent away is not let in"


def test_one_place_has_a_share_of_the_port():
    port = crowd(admitted=9, silent=9, place=2)
    assert port.enter("a", "10.0.0.1") and port.admit("a") and port.enter("b", "10.0.0.1")
    assert not port.enter("c", "10.0.0.1") and port.enter("d", "10.0.0.2")
    port.leave("c")  # never came in
    assert not port.enter("c", "10.0.0.1")
    port.leave("a")
    port.leave("a")
    assert port.enter("c", "10.0.0.1") and len(port) == 3


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("", "somewhere", False),
    ],
)
def test_a_place_is_an_address_or_a_network_of_ipv6(one: str, other: str, same: bool):
    assert (place_of(one) == place_of(other)) is same
