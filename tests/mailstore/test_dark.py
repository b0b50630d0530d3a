"""Colours of mail for dark pages: readable there, and the writer's own in the light."""

from __future__ import annotations

import re

import pytest
from tinycss2 import color3

from mailstore import sanitise
from tests.mail import pages, vectors
from tests.mailstore.test_sanitise import judged

_PAIR = re.compile(r"light-dark\((rgba?\([^)]*\)),(rgba?\([^)]*\))\)")


def painted(html: str) -> list[tuple[str, str]]:
    return _PAIR.findall(sanitise.clean(html, for_dark=True).html)


def luminance(text: str) -> float:
    """WCAG 2.2, relative luminance."""
    colour = color3.parse_color(text)
    channels = [
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in colour[:3]
    ]
    return float(0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2])


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("#000", "#fff"), ("#333", "#f4f4f4"), ("#fff", "#0a5d7c"), ("#fff", "#000"),
        ("#111", "#ffd400"), ("#fff", "#d93025"), ("#1a0dab", "#ffffff"), ("#666", "#ffffff"),
        ("#fff", "#34a853"), ("navy", "white"), ("#202124", "#e8f0fe"),
    ],
)  # fmt: skip
def test_what_could_be_read_can_be_read(text: str, ground: str) -> None:
    found = painted(f'<p style="color:{text};background-color:{ground}">x')
    (light_text, dark_text), (light_ground, dark_ground) = found
    assert luminance(light_text) == pytest.approx(luminance(text), abs=0.001)
    assert luminance(light_ground) == pytest.approx(luminance(ground), abs=0.001)
    assert contrast(dark_text, dark_ground) >= 4.5
    assert luminance(dark_ground) < 0.2
    # Beside the page itself as well.
    assert contrast(dark_text, "#171b1e") >= 4.5


def test_every_way_to_give_a_colour() -> None:
    html = (
        "<style>.a{color:#123456;border:1px solid red}</style><table bgcolor=eeeeee>"
        '<tr><td bgcolor="#fff" style="background:white"><font color=navy>x</font>'
        "</table>"
    )
    result = sanitise.clean(html, for_dark=True)
    assert len(_PAIR.findall(result.html)) == 6
    assert "bgcolor" not in result.html
    assert "<font" in result.html
    assert result.own_colours


def test_names_of_fonts_are_no_colours() -> None:
    html = '<p style="font-family:Orange,serif;color:inherit;background:transparent">x'
    result = sanitise.clean(html, for_dark=True)
    assert "font-family:Orange,serif" in result.html
    assert "light-dark" not in result.html
    assert not result.own_colours


@pytest.mark.parametrize(
    ("html", "brings"),
    [
        ("<p>the colour of money</p>", False), ('<p style="margin:0">x', False),
        ('<p style="color:red">x', True), ("<table bgcolor=white><tr><td>x", True),
        ("<style>p{background:#eee}</style><p>x", True), ('<img src="https://t.test/x">', True),
        ("<font color=red>x</font>", True),
    ],
)  # fmt: skip
def test_who_brings_colours(html: str, *, brings: bool) -> None:
    assert sanitise.clean(html).own_colours is brings


def test_half_of_a_dark_design_is_not_taken() -> None:
    html = "<style>@media (prefers-color-scheme: dark){p{color:#fff}}p{color:#000}</style><p>x"
    assert "#fff" not in sanitise.clean(html).html


def test_the_scheme_of_a_page_is_ours_to_choose() -> None:
    html = "<style>:root{color-scheme:dark;color:#000}</style><p style='color-scheme:dark'>x"
    assert "color-scheme" not in sanitise.clean(html).html


def test_a_letter_keeps_the_fonts_of_its_body() -> None:
    html = "<html><body class=a style='font-family:Arial;color:#333'><p>x</p></body></html>"
    kept = sanitise.clean(html, edits=[lambda root: None]).html
    assert '<div class="a" style="font-family:Arial;color:#333"><p>x</p></div>' in kept
    assert sanitise.clean("<body class=a><p>x", edits=[lambda root: None]).html == "<p>x</p>"


def test_nothing_gets_through_by_its_colour() -> None:
    for name, html in [*pages(), *vectors()[::3]]:
        result = sanitise.clean(html, for_dark=True)
        assert not judged(result.html).wrong, name


@pytest.mark.parametrize("unit", ["vh", "dvh", "lvh", "svh", "vmin", "VMAX", "vb"])
def test_nothing_is_as_tall_as_its_own_frame(unit: str) -> None:
    assert "height" not in sanitise.clean(f'<p style="min-height:100{unit}">x').html
    assert "width:50vw" in sanitise.clean('<p style="width:50vw">x').html
