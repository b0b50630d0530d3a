"""Lines of the folder tree. A tag of its own, as a screen may have hundreds of them."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import NamedTuple

from django import template
from django.template import Context
from django.urls import get_script_prefix, reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from lib.templatetags.ui import icon
from webmail.tree import Node

register = template.Library()


class _Words(NamedTuple):
    """What is the same in every line; addresses in two halves around the id."""

    inside: str
    actions: str
    menu: str
    twist: str
    more: str
    folder: tuple[str, str]
    look: tuple[str, str]


@lru_cache(maxsize=32)
def _words(_language: str, _prefix: str) -> _Words:
    return _Words(
        inside=gettext("Folders in %(name)s"),
        actions=gettext("Actions for %(name)s"),
        menu=escape(gettext("Folder actions")),
        twist=icon("chevron-down", "sm"),
        more=icon("more-h", "sm"),
        folder=_halves("mail-folder"),
        look=_halves("folder-menu"),
    )


def _halves(name: str) -> tuple[str, str]:
    before, _nought, after = reverse(name, args=[0]).partition("/0/")
    return f"{before}/", f"/{after}"


@register.simple_tag(takes_context=True)
def tree_node(context: Context, node: Node, *, pinned: bool = False) -> SafeString:
    """One folder: its name, its number, its menu. ``pinned``: among the favourites."""
    place, words = context["place"], _words(get_language() or "", get_script_prefix())
    folder, pk, name = node.folder, str(node.folder.pk), str(node.name)
    own = f' data-own="{folder.parent_id or ""}"' if not folder.role and not pinned else ""
    here = ' aria-current="page"' if place.folder_id == folder.pk and not place.query else ""
    is_unread = bool(folder.unread and node.count and folder.role not in Node.PLAIN)
    unread = " tree__item--unread" if is_unread else ""
    source = folder.source if folder.source_id else None
    dot = (
        f'<span class="dot a{source.color}" title="{escape(source.name)}"></span>' if source else ""
    )
    twist = ""
    if node.has_children:
        inside = escape(words.inside % {"name": name})
        twist = (
            '<button type="button" class="tree__twist" data-twist aria-expanded="true"'
            f' aria-label="{inside}">{words.twist}</button>'
        )
    # Where a number is not of what is unread, it stays as it is drawn.
    plain = " data-plain" if folder.role in Node.PLAIN else ""
    menu = f"{words.look[0]}{pk}{words.look[1]}"
    actions = escape(words.actions % {"name": name})
    found = (
        f'<li class="tree__row {node.depth_class}" data-folder="{pk}"'
        f' data-depth="{node.depth}"{own}>'
        f'{twist}<a class="tree__item {node.colour_class}{unread}"'
        f' href="{words.folder[0]}{pk}{words.folder[1]}" data-place="{pk}"{here}>{icon(node.icon)}'
        f'<span dir="auto" title="{escape(node.path)}">{escape(name)}</span>{dot}'
        f'<span class="count{" count--strong" if is_unread else ""}" data-count="{pk}"{plain}'
        f"{'' if node.count else ' hidden'}>{node.count}</span></a>"
        f'<a class="icon-btn tree__menu" href="{menu}" hx-get="{menu}" hx-target="#dialog"'
        f' aria-label="{actions}" title="{words.menu}">{words.more}</a>'
        "</li>"
    )
    return mark_safe(found)  # noqa: S308 - names are escaped, all else is ours
