"""Mail that brings its own colours, shown on a dark page: the hue stays, the lightness turns round.

Every colour becomes `light-dark(as it was, for the dark)`, so that one text serves both themes and
is in the light exactly what its writer saw. Pictures stay as they are. Lightness is that of Oklab,
in which equal steps look equal.
"""

from __future__ import annotations

import re

from mailstore.html_tree import Element

_HEX = re.compile(r"(?:[0-9a-f]{3}|[0-9a-f]{6})\Z", re.IGNORECASE)
_NAME = re.compile(r"#?[0-9a-z]{1,30}\Z", re.IGNORECASE)
# What is as white as the light page becomes the dark page (templates/webmail/frame.html).
_WHITE = 0.99
_PAGE = "rgb(23,27,30)"
# Attributes of HTML 3.2, and the property each stands for.
_ATTRIBUTES = {"bgcolor": "background-color", "color": "color"}


def repaint(name: str, colour: tuple[float, float, float, float]) -> str:
    """A colour of the property `name` for both themes. Numbers are 0 to 1, opacity last."""
    red, green, blue, alpha = (min(1.0, max(0.0, one)) for one in colour)
    lightness, a, b = _to_oklab(red, green, blue)
    if name.startswith("background") and lightness > _WHITE:
        return f"light-dark({_written((red, green, blue), alpha)},{_PAGE})"
    if name.startswith("background"):
        # What is dark already stays so; nothing is lighter than the middle.
        turned = 0.2 + 0.5 * min(lightness, 1 - lightness)
    elif name.startswith("border"):
        turned = 0.3 + 0.5 * min(lightness, 1 - lightness)
    else:
        turned = 0.65 + 0.6 * (max(lightness, 1 - lightness) - 0.5)
    new = _from_oklab(turned, a, b)
    return f"light-dark({_written((red, green, blue), alpha)},{_written(new, alpha)})"


def lift_colours(root: Element) -> None:
    """Colours given as attributes become style, where they can be told apart by theme."""
    for one in root.walk():
        for name, property_name in _ATTRIBUTES.items():
            value = one.attrs.pop(name, "").strip()
            if not _NAME.match(value):
                continue
            value = f"#{value}" if _HEX.match(value) else value
            # Before the element's own style, which is stronger.
            one.attrs["style"] = f"{property_name}:{value};{one.attrs.get('style', '')}"


def _written(rgb: tuple[float, float, float], alpha: float) -> str:
    numbers = ",".join(str(round(255 * one)) for one in rgb)
    return f"rgb({numbers})" if alpha >= 1 else f"rgba({numbers},{alpha:.3g})"


def _to_oklab(red: float, green: float, blue: float) -> tuple[float, float, float]:
    r, g, b = (_linear(one) for one in (red, green, blue))
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    middle = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _from_oklab(lightness: float, a: float, b: float) -> tuple[float, float, float]:
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _curved(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
        _curved(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
        _curved(-0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short),
    )


def _linear(one: float) -> float:
    return one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4


def _curved(one: float) -> float:
    """Back from linear light; what the screen cannot show becomes the nearest it can."""
    one = min(1.0, max(0.0, one))
    return 12.92 * one if one <= 0.0031308 else 1.055 * one ** (1 / 2.4) - 0.055
