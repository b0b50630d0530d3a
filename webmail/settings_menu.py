"""The menu of the settings: its groups, who sees which page, and the search in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from accounts.models import User
from webmail.settings_admin_pages import OF_DOMAIN, OF_SYSTEM
from webmail.settings_pages import MINE, Item


@dataclass(frozen=True, slots=True)
class Group:
    """Pages under one heading."""

    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """What a search found: a page of a group, or an entry of a page (``where``) at ``url``."""

    label: str
    where: str
    item: Item
    anchor: str = ""
    url: str = ""


_ALL = (*MINE, *OF_DOMAIN, *OF_SYSTEM)
PREFIXES = ("settings", *(prefix for item in _ALL for prefix in item.prefixes))


def groups(user: User) -> tuple[Group, ...]:
    """The menu as this person sees it."""
    found = [Group(_("My settings"), MINE)]
    if user.is_domain_admin:
        found.append(Group(user.domain.name, OF_DOMAIN))
    if user.is_system_admin:
        found.append(Group(_("System"), OF_SYSTEM))
    return tuple(found)


def page_of(name: str) -> str:
    """The page of the menu that an address, given by its name, belongs to; "" for none."""
    return next((item.url for item in _ALL if name.startswith(item.prefixes)), "")


def search(menu: Sequence[Group], query: str) -> list[Hit]:
    """Pages and their entries in which every word of the query begins a word."""
    wanted = query.casefold().split()
    found: list[Hit] = []
    pages = ((group.title, item) for group in menu for item in group.items)
    for title, item in pages:
        label = str(item.label)
        if _holds(label, wanted):
            found.append(Hit(label, title, item, url=item.url))
        found += [
            Hit(str(entry.label), label, item, entry.anchor, entry.url or item.url)
            for entry in item.entries
            if _holds(entry.words, wanted)
        ]
    return found


def narrowed(menu: Sequence[Group], hits: Sequence[Hit]) -> tuple[Group, ...]:
    """The menu with only the pages a search found something on."""
    urls = {hit.item.url for hit in hits}
    left = [
        replace(group, items=tuple(item for item in group.items if item.url in urls))
        for group in menu
    ]
    return tuple(group for group in left if group.items)


def _holds(text: str, wanted: Sequence[str]) -> bool:
    words = text.casefold().split()
    return bool(wanted) and all(any(word.startswith(one) for word in words) for one in wanted)
