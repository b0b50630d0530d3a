"""Template tags of the reading pane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.template import Context

register = template.Library()


@register.simple_tag(takes_context=True)
def letter(context: Context, one: Mapping[str, Any]) -> str:
    """One message of a conversation. `one` holds what its templates know by name (see
    `webmail.opened`), so that they read the same wherever the message stands."""
    assert context.template is not None  # noqa: S101 - a tag is drawn by a template
    name = "webmail/_letter.html" if "letter" in one else "webmail/_letter_line.html"
    with context.push(**one):
        return context.template.engine.get_template(name).render(context)
