"""Every double comes back, and a decimal is read as what was said."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from feeds.recording.exact import beside, join, split

ANY = st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), max_size=20)


@given(ANY, st.integers(0, 9), st.integers(5, 18))
def test_every_double_comes_back_to_the_last_bit(values: list[float], scale: int, digits: int):
    given_ = np.array(values, np.float64)
    decimals, ulps = split(given_, scale, digits)
    assert join(decimals, ulps, scale).tobytes() == given_.tobytes()
    assert (np.abs(decimals) < 10**digits).all()


@given(st.lists(st.integers(-(10**12), 10**12), max_size=20), st.integers(0, 7))
def test_a_decimal_that_was_said_is_itself_and_nothing_lies_beside_it(numbers: list[int], scale: int):
    said = np.array([float(f"{n}e-{scale}") for n in numbers])
    decimals, ulps = split(said, scale)
    assert decimals.tolist() == numbers and not ulps.any()


def test_beside_counts_doubles_to_the_value():
    assert beside(np.array([np.nextafter(1.0, 2), 1.0, np.nextafter(1.0, 0)]), np.array([10, 10, 10]), 1).tolist() == [
        1,
        0,
        -1,
    ]
