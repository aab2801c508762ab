import msgspec
import pytest

from feeds.errors import DecodeError
from feeds.report import Category
from feeds.source import SourceSettings
from layers.policy_record import decode_policy, encode_policy
from layers.roster import AgencyInfo, Roster
from tests.support.heard import ROSTER
from tests.support.pair import grant

GRANTS = (grant("cpd", "fire jcc", "unit.position", "unit.status", labels=("tactical",)), grant("*", "jcc", "zone"))


def test_shares_and_roster_come_back_as_they_were() -> None:
    grants, roster = decode_policy(encode_policy(GRANTS, ROSTER))
    assert grants == GRANTS
    assert roster.agencies == ROSTER.agencies
    states = (("cpd-avl", ()), ("fire-avl", ("OutofService",)), ("gone", ()))
    assert [roster.cadence(*s) for s in states] == [ROSTER.cadence(*s) for s in states] == [10.0, 300.0, 10.0]


def test_the_same_policy_is_the_same_bytes() -> None:
    assert encode_policy(GRANTS, ROSTER) == encode_policy(*decode_policy(encode_policy(GRANTS, ROSTER)))


def test_no_token_is_on_record() -> None:
    source = SourceSettings(id="s", agency="a", adapter="native", token_sha256="5ec4e7")  # type: ignore[arg-type]
    assert b"5ec4e7" not in encode_policy((), Roster([AgencyInfo("a", "A", "AA")], [source]))  # type: ignore[arg-type]


def test_a_category_that_there_is_no_more_is_granted_to_nobody() -> None:
    data = encode_policy((grant("a", "b", "zone"),), Roster([])).replace(b"zone", b"dome")
    assert decode_policy(data)[0][0].categories == frozenset()
    assert "dome" not in set(Category)


@pytest.mark.parametrize("data", [b"", b"junk", msgspec.msgpack.encode((2, (), (), ()))])
def test_what_is_no_policy_or_of_another_version_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_policy(data)
