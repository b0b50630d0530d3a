"""Template tags of the look: icons, initials, sizes."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

from django import template
from django.template.base import Node, Parser, TextNode, Token
from django.template.library import SimpleNode, parse_bits
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from lib import days
from lib.quick_tags import is_constant

register = template.Library()


@cache
def _sprite() -> str:
    """Where the icons lie. A list has hundreds of them, and the answer is always the same."""
    return static("icons.svg")


def icon(name: str, *classes: str, label: str = "") -> SafeString:
    """Draw a symbol of ``static/icons.svg``.

    ``classes``: "sm" and "lg" are sizes, anything else is added as it is. Without ``label`` the
    icon is decoration and hidden from assistive technology.
    """
    names = ["icon", *(f"icon--{one}" if one in {"sm", "lg"} else one for one in classes)]
    link = f"{_sprite()}#i-{name}"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>',
            " ".join(names),
            label,
            link,
        )
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}"/></svg>', " ".join(names), link
    )


@register.tag("icon")
def _icon(parser: Parser, token: Token) -> Node:
    """`icon` as a tag. One that is the same every time is drawn when the template is read."""
    parse: Any = parse_bits  # the types are those of another version
    bits = token.split_contents()[1:]
    args, kwargs = parse(parser, bits, ["name"], "classes", "label", None, [], None, False, "icon")
    if "label" not in kwargs and all(map(is_constant, args)):
        return TextNode(icon(*(str(one.var) for one in args)))
    return SimpleNode(icon, False, args, kwargs, None)


@register.filter
def initials(name: str) -> str:
    """One or two letters that stand for a person or an address in an avatar."""
    words = [word for word in name.replace("@", " ").split() if word[:1].isalnum()]
    if not words:
        return "?"
    if "@" in name or len(words) == 1:
        return words[0][:2].upper()
    return (words[0][0] + words[-1][0]).upper()


@register.filter
def tint(name: str) -> str:
    """The avatar tint class (``a1`` to ``a6``) of a name: the same name, the same tint."""
    return f"a{sum(name.lower().encode()) % 6 + 1}"


@register.filter
def bytes(count: int) -> str:
    """A size as people say it: 412 KB, 1.8 MB (1 KB is 1024 bytes)."""
    if count < 1024:
        return gettext("%d bytes") % count
    size = count / 1024
    for unit in ("KB", "MB"):
        if size < 1024:
            return f"{_figure(size)} {unit}"
        size /= 1024
    return f"{_figure(size)} GB"


def _figure(size: float) -> str:
    return formats.number_format(size, decimal_pos=1 if size < 10 else 0)


@register.filter
def moment(value: dt.datetime, today: dt.date) -> str:
    """A time in the reader's zone as an open message shows it."""
    return days.long_time(timezone.localtime(value), today)


@register.filter
def brief(value: dt.datetime, today: dt.date) -> str:
    """A time in the reader's zone as lists show it."""
    return days.short_time(timezone.localtime(value), today)
