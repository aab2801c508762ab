from feeds.adapter import Decoded, Refusal
from feeds.report import UnitReport
from feeds.together import joined

A, B, C = (UnitReport(observed_at=1.0, unit_id=name) for name in "ABC")


def test_one_frame_stays_as_it_is():
    part = Decoded([A], [3], [Refusal(0, "bad")], frame=b"f")
    assert joined([part]) is part


def test_frames_become_one_and_every_message_keeps_its_place_its_agency_and_its_shape():
    first = Decoded([A, B], [0, 2], [Refusal(1, "bad", "$.x", 7)], {2: "isp"}, {1: b"piece"}, b"first")
    nothing = Decoded([], [], [], frame=b"ping")
    last = Decoded([C], [0], [], frame=b"last")
    whole = joined([first, nothing, last])
    assert (whole.reports, whole.indexes) == ([A, B, C], [0, 1, 3])
    assert whole.refusals == [Refusal(2, "bad", "$.x", 7)]
    assert whole.agencies == {1: "isp"}
    assert whole.messages == {0: b"first", 1: b"first", 2: b"piece", 3: b"last"}
