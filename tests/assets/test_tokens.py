"""The colours: same names in every theme, contrast enough, told apart by people who see colours differently."""

import itertools
import re

import numpy as np
import pytest
from numpy.typing import NDArray

from dashboard.app import assets_folder

CSS = (assets_folder() / "00-tokens.css").read_text(encoding="utf-8")
THEMES = ("dark", "light", "night")
GROUNDS = ("--ground", "--surface", "--raised")
UNITS = ("--unit-avl", "--unit-enr", "--unit-ons", "--unit-cmt", "--unit-oos", "--unit-emg")
INCIDENTS = ("--incident-p1", "--incident-p2", "--incident-p3", "--incident-p4")
Vector = NDArray[np.float64]

# Machado, Oliveira and Fernandes 2009, severity 1.0; rows act on linear RGB.
VISIONS = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def theme(name: str) -> dict[str, str]:
    block = re.search(rf':root\[data-theme="{name}"\] \{{([^}}]*)\}}', CSS)
    assert block, name
    return dict(re.findall(r"(--[a-z0-9-]+):\s*(#[0-9A-Fa-f]{6});", block[1]))


def linear(colour: str) -> Vector:
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    light, dark = sorted((float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(colour: str, vision: str) -> Vector:
    rgb = np.clip(VISIONS[vision] @ linear(colour), 0, 1)
    xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
    )
    f = xyz @ rgb / np.array([0.95047, 1.0, 1.08883])
    f = np.where(f > 216 / 24389, np.cbrt(f), (24389 / 27 * f + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def ciede2000(one: Vector, two: Vector) -> float:
    (l1, a1, b1), (l2, a2, b2) = one, two
    c_mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(c_mean**7 / (c_mean**7 + 25**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    dl, dc, dh = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)
    lm, cm = (l1 + l2) / 2, (c1 + c2) / 2
    hm = (h1 + turn / 2) % 360 if c1 * c2 else h1 + h2
    t = (
        1
        - 0.17 * np.cos(np.radians(hm - 30))
        + 0.24 * np.cos(np.radians(2 * hm))
        + 0.32 * np.cos(np.radians(3 * hm + 6))
        - 0.2 * np.cos(np.radians(4 * hm - 63))
    )
    sl = 1 + 0.015 * (lm - 50) ** 2 / np.sqrt(20 + (lm - 50) ** 2)
    sc, sh = 1 + 0.045 * cm, 1 + 0.015 * cm * t
    rt = -2 * np.sqrt(cm**7 / (cm**7 + 25**7)) * np.sin(np.radians(60 * np.exp(-(((hm - 275) / 25) ** 2))))
    return float(np.sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rt * dc / sc * dh / sh))


def test_the_measure_of_difference_is_the_published_one() -> None:
    # Sharma, Wu and Dalal 2005, pairs 1 and 25.
    assert ciede2000(np.array([50, 2.6772, -79.7751]), np.array([50, 0, -82.7485])) == pytest.approx(2.0425, abs=1e-4)
    assert ciede2000(np.array([60.2574, -34.0099, 36.2677]), np.array([60.4626, -34.1751, 39.4387])) == pytest.approx(
        1.2644, abs=1e-4
    )


def test_all_themes_declare_the_same_tokens() -> None:
    assert set(theme("dark")) == set(theme("light")) == set(theme("night"))


@pytest.mark.parametrize("name", THEMES)
def test_text_can_be_read_on_every_ground(name: str) -> None:
    t = theme(name)
    for ink, ground in itertools.product(("--ink", "--ink-2"), GROUNDS):
        assert contrast(t[ink], t[ground]) >= 7.0, (ink, ground)
    assert contrast(t["--alarm-ink"], t["--alarm-ground"]) >= 7.0
    assert contrast(t["--caution-ink"], t["--caution-ground"]) >= 7.0
    assert contrast(t["--ink"], t["--ground"]) >= 7.0


@pytest.mark.parametrize("name", THEMES)
def test_symbols_can_be_seen_on_every_ground(name: str) -> None:
    t = theme(name)
    symbols = [n for n in t if n.startswith(("--unit-", "--incident-"))]
    symbols += ["--camera", "--zone", "--stale", "--ok", "--alarm", "--caution", "--focus"]
    for symbol, ground in itertools.product(symbols, GROUNDS):
        assert contrast(t[symbol], t[ground]) >= 3.0, (symbol, ground)
    for filled in ("--incident-p1", "--incident-p2", "--unit-emg", "--unit-ons"):
        assert contrast(t["--on-mark"], t[filled]) >= 3.0, filled


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("name", ["dark", "light"])
@pytest.mark.parametrize("family", [UNITS, INCIDENTS], ids=["units", "incidents"])
def test_states_are_told_apart_by_every_eye(name: str, vision: str, family: tuple[str, ...]) -> None:
    t = theme(name)
    for a, b in itertools.combinations(family, 2):
        assert ciede2000(lab(t[a], vision), lab(t[b], vision)) >= 15.0, (a, b)


@pytest.mark.parametrize("vision", VISIONS)
def test_the_four_roles_of_the_night_are_told_apart_by_every_eye(vision: str) -> None:
    t = theme("night")
    for a, b in itertools.combinations(("--unit-oos", "--unit-avl", "--unit-cmt", "--unit-emg"), 2):
        assert ciede2000(lab(t[a], vision), lab(t[b], vision)) >= 15.0, (a, b)


@pytest.mark.parametrize("name", THEMES)
def test_the_colour_of_a_replay_can_be_read_and_is_quiet(name: str) -> None:
    t = theme(name)
    for ground in (*GROUNDS, "--replay-ground"):
        assert contrast(t["--replay"], t[ground]) >= 4.5, ground
    assert contrast(t["--ground"], t["--replay"]) >= 4.5
    red, _, blue = (int(t["--replay"][i : i + 2], 16) for i in (1, 3, 5))
    assert (red - blue) / red <= 0.5


@pytest.mark.parametrize("name", ["dark", "light"])
def test_the_colour_of_a_replay_is_none_of_the_live_ones(name: str) -> None:
    t = theme(name)
    for live in (*UNITS, *INCIDENTS, "--alarm", "--caution", "--ok", "--focus"):
        assert ciede2000(lab(t["--replay"], "normal"), lab(t[live], "normal")) >= 15.0, live


def test_no_colour_is_written_outside_the_tokens() -> None:
    for path in assets_folder().rglob("*"):
        if path.suffix in {".css", ".js", ".mjs"} and path.name != "00-tokens.css":
            text = re.sub(r"#(?:react-entry-point|map-graph|jointops-config)", "", path.read_text(encoding="utf-8"))
            assert not re.search(r"""[:\s"'(]#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\b""", text), path.name


def test_every_token_that_is_used_is_declared() -> None:
    declared = set(re.findall(r"(--[a-z0-9-]+):", CSS))
    for path in assets_folder().glob("*.css"):
        text = path.read_text(encoding="utf-8")
        declared |= set(re.findall(r"(--[a-z0-9-]+):", text))
    for path in assets_folder().glob("*.css"):
        used = set(re.findall(r"var\((--[a-z0-9-]+)", path.read_text(encoding="utf-8")))
        assert used <= declared, (path.name, used - declared)
