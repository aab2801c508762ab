import base64

import pytest

from feeds.admission import Admitted, Turned, admit
from feeds.ledger import Ledger
from feeds.names import SourceId
from feeds.source import SourceSettings
from tests.support.gateway import CPD, GUEST, source

LEDGERS = {
    "cpd-avl": Ledger(source("cpd-avl", CPD), sequenced=True),
    "guest-cot": Ledger(source("guest-cot", GUEST, "cot"), sequenced=False),
}
TOKEN = "Bearer token-cpd-avl"


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def test_a_source_with_its_token_is_let_in_with_its_run_and_unit():
    found = admit("/feed/cpd-avl?run=r1&unit=3A12", TOKEN, LEDGERS)
    assert found == Admitted(LEDGERS["cpd-avl"], "r1", "3A12")
    assert admit("/feed/cpd-avl", TOKEN, LEDGERS) == Admitted(LEDGERS["cpd-avl"], "", "")
    # A dialect without sequences has no runs to tell apart.
    assert admit("/feed/guest-cot?run=r1", "bearer token-guest-cot", LEDGERS) == Admitted(LEDGERS["guest-cot"], "", "")


@pytest.mark.parametrize("name", ["", "phone-7", "a:b"])
def test_a_program_that_knows_only_basic_gives_the_token_as_its_password(name: str):
    found = admit("/feed/cpd-avl", basic(name.replace(":", ""), "token-cpd-avl"), LEDGERS)
    assert isinstance(found, Admitted)


@pytest.mark.parametrize(
    ("path", "authorization", "status", "reason"),
    [
        ("/feed/nobody", TOKEN, 404, "unknown source"),
        ("/stream", TOKEN, 404, "unknown source"),
        ("/feed/cpd-avl", "", 401, "wrong token"),
        ("/feed/cpd-avl", "Bearer token-guest-cot", 401, "wrong token"),
        ("/feed/cpd-avl", "token-cpd-avl", 401, "wrong token"),
        ("/feed/cpd-avl", "Digest token-cpd-avl", 401, "wrong token"),
        ("/feed/cpd-avl", "Basic token-cpd-avl", 401, "wrong token"),
        ("/feed/cpd-avl", basic("token-cpd-avl", ""), 401, "wrong token"),
        ("/feed/cpd-avl?run=" + "r" * 65, TOKEN, 400, "bad run"),
        ("/feed/cpd-avl?unit=%20", TOKEN, 400, "bad unit"),
        ("/feed/cpd-avl?" + "&".join("a=1" for _ in range(30)), TOKEN, 400, "bad path"),
        ("//[", TOKEN, 400, "bad path"),
    ],
)
def test_who_is_turned_away_is_told_what_to_do(path: str, authorization: str, status: int, reason: str):
    found = admit(path, authorization, LEDGERS)
    assert isinstance(found, Turned)
    assert (found.status, found.reason) == (status, reason)
    assert len(found.text) > 20 and "token-" not in found.text


def test_a_source_without_a_token_lets_nobody_in():
    ledgers = {"x": Ledger(SourceSettings(id=SourceId("x"), agency=CPD, adapter="native"), sequenced=True)}
    for authorization in ("", "Bearer ", "Bearer -", "Bearer " + "-" * 64):
        assert isinstance(admit("/feed/x", authorization, ledgers), Turned)


def test_a_wrong_token_is_counted_where_its_source_is_and_is_no_message():
    book = Ledger(source("cpd-avl", CPD), sequenced=True)
    admit("/feed/cpd-avl", "Bearer no", {"cpd-avl": book})
    health = book.health()
    assert health.closed == {"wrong token": 1} and health.last_reason == "" and health.rejected == 0
