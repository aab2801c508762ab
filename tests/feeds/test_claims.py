from feeds.claims import Claims
from feeds.ledger import Ledger
from feeds.names import AgencyId
from tests.support.gateway import GUEST, ISP, source

FTF = AgencyId("ftf")


def test_the_longest_prefix_claims_then_the_address_then_the_catch_all():
    books = [
        Ledger(settings, sequenced=False)
        for settings in (
            source("isp", ISP, "cot", uid_prefixes=("ISP-",)),
            source("isp-air", ISP, "cot", uid_prefixes=("ISP-AIR-",)),
            source("ftf", FTF, "cot", peers=("10.1.2.3", "192.168.7.0/24", "2001:db8::/32")),
            source("rest", GUEST, "cot", catch_all=True),
        )
    ]
    claims = Claims(books)
    assert claims.by_id and not Claims(books[2:]).by_id

    def who(uid: str, peer: str) -> str:
        found = claims.source(uid, peer)
        return found.settings.id if found else ""

    assert who("ISP-AIR-1", "10.1.2.3") == "isp-air"
    assert who("ISP-1", "10.1.2.3") == "isp"
    assert (
        who("X", "10.1.2.3")
        == who("X", "192.168.7.200")
        == who("X", "::ffff:10.1.2.3")
        == who("X", "2001:db8::1")
        == "ftf"
    )
    assert who("X", "10.1.2.4") == who("X", "not an address") == who("", "") == "rest"
    assert Claims(books[:3]).source("X", "10.9.9.9") is None


def test_one_source_alone_on_a_port_of_its_own_takes_all_unless_it_says_what_it_claims():
    plain = Ledger(source("isp-avl", ISP, "taip", listen="udp:9001"), sequenced=False)
    picky = Ledger(source("isp-avl", ISP, "taip", listen="udp:9001", peers=("10.1.0.0/16",)), sequenced=False)
    shared = Ledger(source("isp-cot", ISP, "cot"), sequenced=False)
    assert Claims([plain]).source("anything", "192.0.2.1") is plain
    assert Claims([picky]).source("anything", "192.0.2.1") is None
    assert Claims([shared]).source("anything", "192.0.2.1") is None, "the site's CoT port is nobody's own"
