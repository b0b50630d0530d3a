"""Template tags for addresses of domains with other letters than those of DNS."""

from __future__ import annotations

from django import template
from django.utils.html import format_html

from protocols import readable as letters

register = template.Library()


@register.filter
def readable(address: str) -> str:
    """An address in the letters its domain was made of, where they cannot be taken for others."""
    return letters.readable(address)


@register.simple_tag
def address(value: str) -> str:
    """An address as people read it; where that is not how it is registered, that too."""
    shown = letters.readable(value)
    return value if shown == value else format_html('<span title="{}">{}</span>', value, shown)
