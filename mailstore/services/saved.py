"""Searches a person gave a name, to come back to."""

from __future__ import annotations

from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from mailstore.models import SavedSearch
from mailstore.services import locks
from mailstore.text import one_line

MAX_NAME: Final = 60
MAX_QUERY: Final = 500
MAX_SAVED: Final = 100


class SearchRefused(Exception):
    """A search cannot be saved so; the words say why."""


def of(user: User) -> list[SavedSearch]:
    """Somebody's searches by name."""
    return sorted(SavedSearch.objects.filter(user=user), key=lambda one: one.name.casefold())


def save(user: User, *, name: str, query: str) -> SavedSearch:
    """Keep a search. Raises SearchRefused for no words, a name that is taken, or too many."""
    query = one_line(query, MAX_QUERY)
    if not query:
        raise SearchRefused(_("There is nothing to look for yet."))
    if SavedSearch.objects.filter(user=user).count() >= MAX_SAVED:
        said = _("You have %(limit)d saved searches. Delete one of them first.")
        raise SearchRefused(said % {"limit": MAX_SAVED})
    return _written(SavedSearch(user=user, query=query), name)


def rename(saved: SavedSearch, name: str) -> SavedSearch:
    """Give a search another name. Raises SearchRefused for none, or one that is taken."""
    return _written(saved, name)


def _written(saved: SavedSearch, name: str) -> SavedSearch:
    saved.name = one_line(name, MAX_NAME)
    if not saved.name:
        raise SearchRefused(_("Give it a name."))
    try:
        with transaction.atomic():
            locks.hold(saved.user_id)
            saved.save()
            locks.touch(saved.user_id)
    except IntegrityError:
        raise SearchRefused(_("You have a saved search of this name.")) from None
    return saved


def delete(saved: SavedSearch) -> None:
    """Forget a search."""
    with transaction.atomic():
        locks.hold(saved.user_id)
        saved.delete()
        locks.touch(saved.user_id)


def restore(user: User, *, name: str, query: str) -> SavedSearch:
    """A search that was deleted; where its name was taken meanwhile, the one that has it."""
    with transaction.atomic():
        locks.hold(user.pk)
        found, _made = SavedSearch.objects.get_or_create(
            user=user, name=name[:MAX_NAME], defaults={"query": query[:MAX_QUERY]}
        )
        locks.touch(user.pk)
    return found
