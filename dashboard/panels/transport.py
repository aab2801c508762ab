"""What a player has: play and pause, speed, and the steps from event to event."""

from enum import StrEnum

from dash import html

from dashboard.config import Settings
from dashboard.panels import attributes


class Id(StrEnum):
    """Element ids of this panel."""

    ROOT = "transport"


STEPS = (("incident", "Incident"), ("camera", "Camera"), ("alarm", "Alarm"), ("log", "Log"))
"""What can be stepped to, and its word."""


def layout(settings: Settings) -> html.Section:
    """Return the controls; the ES module draws their signs."""
    return html.Section(
        [
            _button("play", "Play or pause (space)", "transport-play"),
            html.Div(
                [
                    _button("slower", "Slower"),
                    html.Span(
                        [html.B("1\u00d7", className="transport-speed"), html.Span(className="transport-pace")],
                        className="transport-speeds",
                    ),
                    _button("faster", "Faster"),
                ],
                className="transport-group",
                role="group",
                **attributes(aria_label="Speed"),
            ),
            html.Div(
                [
                    _button("before", "The one before (,)"),
                    html.Div(
                        [
                            html.Button(
                                word,
                                type="button",
                                className="segment",
                                **attributes(data_step=kind, aria_pressed="false"),
                            )
                            for kind, word in STEPS
                        ],
                        className="segments",
                    ),
                    _button("after", "The next (.)"),
                ],
                className="transport-group transport-steps",
                role="group",
                **attributes(aria_label="Step from event to event"),
            ),
        ],
        id=Id.ROOT,
        className="transport",
        **attributes(data_panel="transport"),
    )


def _button(act: str, says: str, more: str = "") -> html.Button:
    return html.Button(
        type="button",
        title=says,
        className=f"button transport-button {more}".strip(),
        **attributes(data_act=act, aria_label=says),
    )
