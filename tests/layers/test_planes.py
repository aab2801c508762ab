import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.planes import UNKNOWN, coarsest, differences, grown, pack_delta, pack_plain, scaled, starts, unpack_plain

TYPES = {"u1": np.uint8, "u2": np.uint16, "u4": np.uint32, "i4": np.int32}
columns = st.sampled_from(sorted(TYPES)).flatmap(
    lambda dtype: st.tuples(
        st.just(dtype),
        st.lists(
            st.integers(int(np.iinfo(TYPES[dtype]).min), int(np.iinfo(TYPES[dtype]).max))
            | st.integers(0, 2).map(lambda n: n * 100)
            | st.just(max(0, UNKNOWN[dtype])),
            max_size=30,
        ),
    )
)


@given(columns)
def test_what_is_packed_is_unpacked(column: tuple[str, list[int]]) -> None:
    dtype, values = column
    array = np.array(values, TYPES[dtype])
    assert unpack_plain(pack_plain("x", dtype, array)).astype(TYPES[dtype]).tolist() == values


@given(columns, st.lists(st.integers(0, 5), min_size=1, max_size=8), st.integers(-(2**31), 2**31 - 1))
def test_differences_to_what_stood_give_every_row_back(
    column: tuple[str, list[int]], counts: list[int], key: int
) -> None:
    dtype, some = column
    n = sum(counts)
    values = np.resize(np.array(some or [0], TYPES[dtype]), n)
    stood = np.array([key] * len(counts)).astype(TYPES[dtype])
    packed = pack_delta("x", dtype, values, stood, np.array(counts))
    steps = differences(packed)
    begun = scaled(stood, dtype, packed.scale)
    rows = [
        begun[unit] + np.cumsum(steps[start : start + count], dtype=np.int32)
        for unit, (start, count) in enumerate(zip(starts(np.array(counts)), counts, strict=True))
    ]
    read = grown(np.concatenate(rows).astype(np.int32), dtype, packed.scale)
    assert read.astype(TYPES[dtype]).tolist() == values.tolist()


@pytest.mark.parametrize(
    ("values", "scale"),
    [([0, 0], 1), ([10, 20], 10), ([450, 2147483647, 50], 50), ([-1000, 3000], 1000), ([7, 10], 1), ([], 1)],
)
def test_the_scale_is_the_coarsest_that_loses_nothing_and_the_unknown_has_none(values: list[int], scale: int) -> None:
    assert coarsest(np.array(values, np.int32), "i4") == scale


def test_what_goes_on_in_equal_steps_has_no_planes() -> None:
    packed = pack_delta("observed", "i4", np.arange(1, 61) * 1000, np.array([0]), np.array([60]))
    assert (packed.step * packed.scale, packed.data.shape) == (1000, (0, 60))
