"""Programs in words: what a browser, a mail program or a phone says of itself, made readable.

The usual ones are told apart here. The others among browsers are looked up in the collection of
ua-parser, which takes a second to load and is therefore loaded when the first of them comes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from django.utils.module_loading import import_string

#: Characters at most, of what is read and of what is told.
READ, TOLD = 400, 120

# In this order: most name others they want to be taken for. The first group is the version.
_PROGRAMS: Final = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"Thunderbird/(\d+)", "Thunderbird"),
        (r"^Outlook-(?:iOS|Android)", "Outlook"),
        (r"MacOutlook/(\d+)", "Outlook"),
        (r"Microsoft Outlook(?: (\d+))?", "Outlook"),
        (r"^DAVx5/(\d+)", "DAVx5"),
        (r"^K-9 Mail[ /](\d+)", "K-9 Mail"),
        (r"^Apple-i(?:Phone|Pad|Pod)", "Apple Mail"),
        (r"\b(?:dataaccessd|accountsd|remindd|exchangesyncd|CalendarAgent|AddressBook)", "Apple"),
        (r"^(?:Android-)?SAMSUNG-", "Samsung Email"),
        (r"^Android-Mail/", "Gmail"),
        (r"\bEdg(?:A|iOS)?/(\d+)", "Edge"),
        (r"\bOPR/(\d+)", "Opera"),
        (r"\bVivaldi/(\d+)", "Vivaldi"),
        (r"\bSamsungBrowser/(\d+)", "Samsung Internet"),
        (r"\bFxiOS/(\d+)", "Firefox"),
        (r"\bCriOS/(\d+)", "Chrome"),
        (r"Gecko/\S+ Firefox/(\d+)[\d.]*$", "Firefox"),
        (r"\bChrome/(\d+)[\d.]* (?:Mobile )?Safari/[\d.]+$", "Chrome"),
        (r"\bVersion/(\d+)[\d.]* (?:Mobile/\w+ )?Safari/[\d.]+$", "Safari"),
    )
)
_SYSTEMS: Final = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"iPhone|iPod", "iPhone"),
        (r"iPad", "iPad"),
        (r"\biOS\b", "iOS"),
        (r"Android|SAMSUNG", "Android"),
        (r"Windows", "Windows"),
        (r"CrOS", "ChromeOS"),
        (r"Mac ?OS|Macintosh|MacOutlook", "macOS"),
        (r"Linux|X11", "Linux"),
    )
)
# What a program that is none of these usually begins with (RFC 9110 10.1.5).
_PRODUCT: Final = re.compile(r"([A-Za-z][A-Za-z0-9 .+_-]{0,39})[/ ]v?(\d+(?:\.\d+)?)")
_ODD: Final = re.compile(r"[^\x20-\x7e]+")
_VERSION: Final = re.compile(r" \d[\d.]*")


def describe(user_agent: str) -> str:
    """The program and system in a few words, such as "Firefox 140, Linux"; "" for nothing.

    One line of printable ASCII, `TOLD` characters at most, whatever was sent.
    """
    return _describe(user_agent[:READ])


def kind(client: str) -> str:
    """The same words without versions, which change every few weeks."""
    return _VERSION.sub("", client)


@lru_cache(maxsize=512)
def _describe(text: str) -> str:
    said = " ".join(_ODD.sub(" ", text).split())
    system = next((name for pattern, name in _SYSTEMS if pattern.search(said)), "")
    return ", ".join(one for one in (_program(said), system) if one)[:TOLD]


def _program(said: str) -> str:
    for pattern, name in _PROGRAMS:
        if found := pattern.search(said):
            version = found[1] if pattern.groups else ""
            return f"{name} {version}" if version else name
    if not said.startswith("Mozilla/"):
        product = _PRODUCT.match(said)
        return f"{product[1].strip()} {product[2]}" if product else said[:40].strip()
    return _looked_up(said)


def _looked_up(said: str) -> str:
    found = import_string("ua_parser.parse_user_agent")(said)
    if found is None:
        return ""
    family = " ".join(_ODD.sub(" ", found.family).split())[:40]
    major = found.major or ""
    return f"{family} {major}" if major.isdecimal() and len(major) < 8 else family
