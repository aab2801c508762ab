"""What an alert says of itself."""

import pytest

from feeds.formats.cap_alert import Alert, Envelope, alert_id, alerts_of, infos_of, read, time_of
from feeds.formats.xml_text import Refused, parse, parser, text_of
from feeds.names import is_entity_id

PARTS = {
    "identifier": "A-2",
    "sender": "x@weather.example",
    "sent": "2026-05-04T14:00:00-05:00",
    "status": "Actual",
    "msgType": "Alert",
    "scope": "Public",
}
INFO = "<info><event>Storm</event></info>"


def alert(inside: str = INFO, version: str = "1.2", **parts: str):
    head = "".join(f"<{name}>{text}</{name}>" for name, text in (PARTS | parts).items() if text)
    return parse(f'<alert xmlns="urn:oasis:names:tc:emergency:cap:{version}">{head}{inside}</alert>'.encode(), parser())


def told(inside: str = INFO, envelope: Envelope = Envelope(), **parts: str) -> Alert:  # noqa: B008
    return read(alert(inside, **parts), envelope)


def test_an_identifier_is_the_id_or_carries_its_sum():
    assert alert_id("urn:oid:2.49.0.1") == "urn:oid:2.49.0.1"
    for odd in ("é 1", "é_1", "x" * 129, "\n" * 500):
        assert is_entity_id(alert_id(odd)), odd
    assert len({alert_id(x) for x in ("é 1", "é_1", "ä 1", "x" * 129, "x" * 130)}) == 5


def test_an_alert_says_when_for_whom_and_whether_it_is_real():
    said = told(status="Exercise", scope="Restricted")
    assert (said.id, said.sent, said.status, said.labels) == ("A-2", 1777921200.0, "exercise", ("restricted",))
    assert told(scope="Private").labels == ("private",) and told().labels == () and len(told().infos) == 1


@pytest.mark.parametrize("name", PARTS)
def test_what_the_schema_requires_must_be_there(name: str):
    with pytest.raises(Refused, match=f"^{name} missing$"):
        told(**{name: ""})


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"status": "actual"}, "status outside its list"),
        ({"scope": "public"}, "scope outside its list"),
        ({"msgType": "Ack"}, "unsupported msgType"),
        ({"msgType": "Error"}, "unsupported msgType"),
        ({"sent": "2026-05-04T14:00:00"}, "sent is not RFC 3339"),
        ({"inside": ""}, "info missing"),
        ({"msgType": "Cancel"}, "references missing"),
        ({"msgType": "Cancel", "references": "A-1"}, "references outside their grammar"),
    ],
)
def test_a_refusal_says_what_is_wrong(parts: dict[str, str], said: str):
    with pytest.raises(Refused, match=said):
        told(**parts)


def test_only_cap_1_1_and_1_2_are_spoken():
    assert read(alert(version="1.1"), Envelope()).id == "A-2"
    with pytest.raises(Refused, match=r"not CAP 1\.1 or 1\.2"):
        read(alert(version="1.0"), Envelope())


def test_a_cancel_and_an_update_end_what_they_name_and_an_alert_ends_nothing():
    references = "x@weather.example,A-0,2026-05-04T12:00:00-05:00\n x,A-1,2026 x,A-1,2027 x,A-2,2026"
    assert told(msgType="Update", references=references).ends == ("A-0", "A-1")
    cancel = told(msgType="Cancel", references=references)
    assert (cancel.ends, cancel.infos) == (("A-0", "A-1"), [])
    assert told(references=references).ends == ()


def test_what_an_update_says_is_clear_is_not_warned_of_again():
    clear = "<info><event>Storm</event><responseType>AllClear</responseType></info>"
    update = {"msgType": "Update", "references": "x,A-1,2026"}
    assert told(clear, **update).infos == [] and len(told(clear + INFO, **update).infos) == 1
    assert len(told(clear.replace("</info>", "<responseType>Monitor</responseType></info>"), **update).infos) == 1
    assert len(told(clear).infos) == 1


@pytest.mark.parametrize(
    ("languages", "taken"),
    [(("fr-CA", "en-CA", "EN"), ["en-CA", "EN"]), (("fr", "es", "fr"), ["fr", "fr"]), (("es", ""), [""])],
)
def test_english_counts_or_else_the_first_language(languages: tuple[str, ...], taken: list[str]):
    infos = infos_of(alert("".join(f"<info><language>{x}</language></info>" for x in languages)))
    assert [text_of(info, "language") for info in infos] == taken


def test_an_alert_begins_with_the_first_of_its_infos_and_ends_with_the_last():
    at = "2026-05-04T{}:00:00-05:00"
    infos = infos_of(
        alert("".join(f"<info><onset>{at.format(h)}</onset><expires>{at.format(h)}</expires></info>" for h in (15, 14)))
    )
    assert (time_of(infos, "onset"), time_of(infos, "expires")) == (1777921200.0, 1777924800.0)
    assert time_of(infos, "effective") is None
    with pytest.raises(Refused, match="onset is not RFC 3339"):
        time_of(infos_of(alert("<info><onset>noon</onset></info>")), "onset")


def enveloped(inside: str, status: str = "Actual", secrecy: str = "UNCLASSIFIED") -> list[tuple[str, Envelope]]:
    text = (
        f'<e:EDXLDistribution xmlns:e="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><e:distributionStatus>{status}'
        f"</e:distributionStatus><e:combinedConfidentiality>{secrecy}</e:combinedConfidentiality>{inside}"
        "</e:EDXLDistribution>"
    )
    return [(text_of(a, "identifier"), envelope) for a, envelope in alerts_of(parse(text.encode(), parser()))]


def held(*identifiers: str) -> str:
    inside = "".join(f"<alert><identifier>{i}</identifier></alert>" for i in identifiers)
    content = f"<e:xmlContent><e:embeddedXMLContent>{inside}</e:embeddedXMLContent></e:xmlContent>"
    return f"<e:contentObject>{content}</e:contentObject>"


def test_the_alerts_of_an_envelope_are_found_and_it_says_something_of_each():
    assert enveloped(held("A") + held("B", "C"), "Test") == [(i, Envelope("test", False)) for i in "ABC"]
    assert enveloped(held("A"), secrecy="SENSITIVE") == [("A", Envelope("actual", True))]
    for inside, status, said in (("", "Actual", "no alert inside"), (held("A"), "", "distributionStatus outside")):
        with pytest.raises(Refused, match=said):
            enveloped(inside, status)


def test_the_stricter_of_alert_and_envelope_counts():
    assert told(envelope=Envelope("test", True))[2:4] == ("test", ("restricted",))
    assert told(envelope=Envelope("test"), status="Exercise").status == "exercise"
    assert told(envelope=Envelope("actual", True), scope="Private").labels == ("private",)


def test_what_is_no_alert_is_refused():
    with pytest.raises(Refused, match="not a CAP alert"):
        list(alerts_of(parse(b"<html/>", parser())))
    with pytest.raises(Refused, match="not a CAP alert"):
        read(parse(b"<html/>", parser()), Envelope())
