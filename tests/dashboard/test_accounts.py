"""Local log-ins."""

import pytest
from argon2 import PasswordHasher, extract_parameters

from dashboard.accounts import Accounts, TooManyTries, Tries
from tests.support.pages import HASH, PASSWORD, settings


async def test_the_right_password_gives_the_viewer_of_the_account() -> None:
    viewer = await Accounts(settings()).check("wall", PASSWORD, "10.0.0.1", 0.0)
    assert viewer is not None
    assert (viewer.name, viewer.agency, viewer.kind, viewer.api) == ("wall", "cpd", "wall", False)


@pytest.mark.parametrize(
    ("name", "password"), [("wall", "wrong"), ("nobody", PASSWORD), ("", ""), ("wall", "x" * 5000)]
)
async def test_a_wrong_name_or_password_lets_nobody_in(name: str, password: str) -> None:
    assert await Accounts(settings()).check(name, password, "10.0.0.1", 0.0) is None


async def test_tries_are_refused_before_hashing_and_allowed_again_later() -> None:
    accounts = Accounts(settings())
    for _ in range(8):
        assert await accounts.check("wall", "wrong", "10.0.0.1", 0.0) is None
    with pytest.raises(TooManyTries) as refused:
        await accounts.check("wall", PASSWORD, "10.0.0.1", 1.0)
    assert refused.value.wait_s == pytest.approx(299.0)
    assert await accounts.check("wall", PASSWORD, "10.0.0.1", 301.0) is not None


async def test_a_flood_from_one_place_does_not_lock_the_account_elsewhere() -> None:
    accounts = Accounts(settings())
    for _ in range(8):
        await accounts.check("wall", "wrong", "10.0.0.1", 0.0)
    assert await accounts.check("wall", PASSWORD, "10.0.0.2", 0.0) is not None


async def test_one_place_cannot_try_many_names() -> None:
    accounts = Accounts(settings())
    for n in range(40):
        await accounts.check(f"name{n}", "wrong", "10.0.0.1", 0.0)
    with pytest.raises(TooManyTries):
        await accounts.check("wall", PASSWORD, "10.0.0.1", 0.0)


async def test_an_unknown_name_costs_the_same_hash_as_a_known_one() -> None:
    nobody = Accounts(settings())._nobody
    assert extract_parameters(nobody) == extract_parameters(HASH)
    assert extract_parameters(nobody) != extract_parameters(PasswordHasher().hash("x"))


def test_tries_keep_a_bounded_number_of_keys() -> None:
    tries = Tries(2)
    for n in range(10_000):
        tries.count(f"key{n}", float(n))
    assert len(tries._seen) == 4096
    assert tries.wait("key9999", 9999.0) == 0.0


async def test_who_logs_in_right_counts_nothing_against_the_place() -> None:
    accounts = Accounts(settings())
    for n in range(60):
        assert await accounts.check("wall", "wrong" if n % 2 else PASSWORD, "10.0.0.1", float(n)) is not None or n % 2
    assert await accounts.check("wall", PASSWORD, "10.0.0.1", 60.0) is not None


async def test_a_good_account_buys_no_guesses_at_others() -> None:
    accounts = Accounts(settings())
    for n in range(40):
        await accounts.check(f"name{n}", "wrong", "10.0.0.1", float(n))
        if n < 39:
            assert await accounts.check("wall", PASSWORD, "10.0.0.1", float(n) + 0.5) is not None
    with pytest.raises(TooManyTries):
        await accounts.check("wall", PASSWORD, "10.0.0.1", 40.0)
