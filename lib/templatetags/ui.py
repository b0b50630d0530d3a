"""Template tags of the look: icons, initials, sizes."""

from __future__ import annotations

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str, *classes: str, label: str = "") -> SafeString:
    """Draw a symbol of ``static/icons.svg``.

    ``classes``: "sm" and "lg" are sizes, anything else is added as it is. Without ``label`` the
    icon is decoration and hidden from assistive technology.
    """
    names = ["icon", *(f"icon--{one}" if one in {"sm", "lg"} else one for one in classes)]
    link = f"{static('icons.svg')}#i-{name}"
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
