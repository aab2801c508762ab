import io

from lxml import etree

from layers.exports.xml_pieces import leaf, text


def test_what_xml_has_no_place_for_is_replaced_and_the_rest_stays() -> None:
    assert text("a\x00b\x0b\x1fc\ud800\ufffe\t\n\U0001f692é") == "a\ufffdb\ufffd\ufffdc\ufffd\ufffd\t\n\U0001f692é"


def test_an_element_takes_the_prefix_that_is_declared_above_it() -> None:
    file = io.BytesIO()
    with etree.xmlfile(file) as xml, xml.element("{urn:a}a", nsmap={None: "urn:a", "b": "urn:b"}):
        leaf(xml, "{urn:a}c", "\x02<&>", {"d": "e"})
        leaf(xml, "{urn:b}f")
    assert file.getvalue() == '<a xmlns="urn:a" xmlns:b="urn:b"><c d="e">\ufffd&lt;&amp;&gt;</c><b:f></b:f></a>'.encode(
        "ascii", "xmlcharrefreplace"
    )
