"""Places as PIDF-LO."""

import contextlib
import time

import pytest

from feeds.errors import DecodeError
from feeds.formats.pidf_lo import CIRCLE_95, SPHERE_95, Place, place
from feeds.formats.xml_text import parser


def lo(inside: str, start: str = "") -> str:
    return (
        f'{start}<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" '
        'xmlns:gml="http://www.opengis.net/gml" xmlns:gs="http://www.opengis.net/pidflo/1.0" '
        'xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr" xmlns:con="urn:ietf:params:xml:ns:geopriv:conf" '
        'xmlns:dyn="urn:ietf:params:xml:ns:pidf:geopriv10:dynamic" entity="pres:a-person@example.com"><gp:geopriv>'
        f"<gp:location-info>{inside}</gp:location-info></gp:geopriv></presence>"
    )


def read(inside: str, start: str = "") -> Place:
    return place(lo(inside, start), parser())


def test_a_point_is_latitude_then_longitude():
    assert read("<gml:Point><gml:pos>41.9 -87.6</gml:pos></gml:Point>") == Place(lat=41.9, lon=-87.6)
    assert read("<gml:Point><gml:pos> 41.9\n-87.6 180.5 </gml:pos></gml:Point>").hae_m == 180.5


def test_a_width_of_95_percent_becomes_one_sigma():
    circle = (
        "<gs:Circle><gml:pos>41.9 -87.6</gml:pos><gs:radius uom='urn:ogc:def:uom:EPSG::9001'>{}</gs:radius></gs:Circle>"
    )
    assert read(circle.format(10 * CIRCLE_95)).h_err_m == pytest.approx(10)
    assert read(circle.format(10) + "<con:confidence pdf='normal'>39.346934</con:confidence>").h_err_m == pytest.approx(
        10
    )
    assert read(circle.format(10) + "<con:confidence pdf='unknown'>unknown</con:confidence>").h_err_m is None
    for useless in ("0", "100"):
        assert read(circle.format(10) + f"<con:confidence>{useless}</con:confidence>").h_err_m is None
    sphere = f"<gs:Sphere><gml:pos>41.9 -87.6 9</gml:pos><gs:radius>{10 * SPHERE_95}</gs:radius></gs:Sphere>"
    assert read(sphere).h_err_m == pytest.approx(10)
    ellipse = "<gs:Ellipse><gml:pos>1 2</gml:pos><gs:semiMajorAxis>24.477</gs:semiMajorAxis></gs:Ellipse>"
    assert read(ellipse).h_err_m == pytest.approx(10, abs=0.01)


def test_of_a_civic_address_the_street_and_town_are_taken_and_no_name():
    civic = (
        "<ca:civicAddress><ca:country>US</ca:country><ca:A1>IL</ca:A1><ca:A3>Chicago</ca:A3><ca:PRD>W</ca:PRD>"
        "<ca:RD>Lake</ca:RD><ca:STS>Street</ca:STS><ca:HNO>100</ca:HNO><ca:NAM>a person's flat</ca:NAM>"
        "</ca:civicAddress>"
    )
    assert read(civic) == Place(address="100 W Lake Street, Chicago")
    assert read("<ca:civicAddress><ca:country>US</ca:country></ca:civicAddress>") == Place()
    assert len(read(f"<ca:civicAddress><ca:RD>{'x' * 300}</ca:RD></ca:civicAddress>").address or "") == 200


def test_a_moving_things_speed_and_heading_and_how_its_place_was_found():
    moving = "<dyn:Dynamic><dyn:speed>12.5</dyn:speed><dyn:heading>-90 3</dyn:heading></dyn:Dynamic>"
    assert read(moving + "<gp:method>GPS</gp:method>") == Place(course_deg=270.0, speed_mps=12.5, fix_method="gps")
    assert read("<gp:method>Manual</gp:method>").fix_method == "manual"
    assert read("<gp:method>Wiremap</gp:method>").fix_method == "estimated"


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        ("<gml:Point/>", "pos missing"),
        ("<gml:Point><gml:pos>41.9</gml:pos></gml:Point>", "pos is not two or three numbers"),
        ("<gml:Point><gml:pos>91 0</gml:pos></gml:Point>", "lat out of range"),
        ("<gml:Point><gml:pos>-87.6 181</gml:pos></gml:Point>", "lon out of range"),
        ("<gml:Point><gml:pos>NaN 0</gml:pos></gml:Point>", "lat is not a finite number"),
        ("<gml:Point><gml:pos>1e999 0</gml:pos></gml:Point>", "lat is not a finite number"),
        ("<gml:Point><gml:pos>0 0 1e9</gml:pos></gml:Point>", "altitude out of range"),
        ("<gs:Circle><gml:pos>0 0</gml:pos><gs:radius>-1</gs:radius></gs:Circle>", "radius out of range"),
        ("<dyn:Dynamic><dyn:speed>fast</dyn:speed></dyn:Dynamic>", "speed is not a finite number"),
        ("<gml:Point>", "not XML"),
        ("&xxe;", "not XML"),
    ],
)
def test_what_is_wrong_is_named(inside: str, reason: str):
    with pytest.raises(DecodeError, match=reason):
        read(inside)


def test_nothing_of_a_dtd_is_ever_used():
    point = "<gml:Point><gml:pos>&b;</gml:pos></gml:Point>"
    for dtd in (
        '<!DOCTYPE presence [<!ENTITY a "1 1"><!ENTITY b "&a;">]>',
        '<!DOCTYPE presence [<!ENTITY b SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE presence SYSTEM "http://127.0.0.1:1/x.dtd">',
    ):
        with pytest.raises(DecodeError, match="DTD not allowed"):
            read(point, dtd)


def test_xml_bombs_are_refused_quickly():
    started = time.process_time()
    for text in ("<a>" * 20_000, "<gml:Point " * 5000, lo("<a>" * 15_000), lo("<b/>" * 15_000), "", "\x00"):
        with contextlib.suppress(DecodeError):
            assert place(text, parser()) == Place()
    assert time.process_time() - started < 5
