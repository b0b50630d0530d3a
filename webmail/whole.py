"""Doing something to every message of a place: piece by piece, so that nobody waits long.

Meant are the messages that are there when it is asked. Each piece tells what is left, signed, and
the browser asks for the next; where it stops, what was done stays done and can be undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.core import signing
from django.db.models import Count, Max, QuerySet

from accounts.models import User
from mailstore.models import Message
from mailstore.services import ways_back
from webmail import actions, find
from webmail.asked import NothingThere, Wish
from webmail.place import Place
from webmail.tree import Tree

PIECE: Final = 1000
_SALT: Final = "webmail.whole"
_LIFETIME: Final = 3600


@dataclass(frozen=True, slots=True)
class Way:
    """How far it is: of ``total`` messages up to the id ``upto``, ``done`` were done up to the id
    ``after``; ``ways`` are the rows that undo it. ``rest`` is signed, empty at the end."""

    upto: int
    total: int
    after: int = 0
    done: int = 0
    ways: tuple[int, ...] = ()

    @property
    def is_over(self) -> bool:
        return self.after >= self.upto

    def rest(self, user: User) -> str:
        """What asks for the next piece; only this user's, and for an hour."""
        if self.is_over:
            return ""
        told = [user.pk, self.upto, self.total, self.after, self.done, list(self.ways)]
        return signing.dumps(told, salt=_SALT, compress=True)


def begin(user: User, place: Place, tree: Tree) -> Way:
    """What there is to do in a place now."""
    found = _meant(user, place, tree).aggregate(top=Max("pk"), count=Count("pk"))
    return Way(upto=found["top"] or 0, total=found["count"])


def read(user: User, rest: str) -> Way | None:
    """The way that a browser was told; None where it is forged, foreign or too old."""
    try:
        owner, upto, total, after, done, ways = signing.loads(rest, salt=_SALT, max_age=_LIFETIME)
    except (signing.BadSignature, ValueError):
        return None
    return Way(upto, total, after, done, tuple(ways)) if owner == user.pk else None


def go_on(user: User, wish: Wish, place: Place, tree: Tree, way: Way) -> Way:
    """Do the next piece. Raises KeyError for an unknown action, TimeRefused."""
    left = _meant(user, place, tree).filter(pk__gt=way.after, pk__lte=way.upto)
    ids = list(left.order_by("pk").values_list("pk", flat=True)[:PIECE])
    try:
        count, steps = actions.perform(user, wish, ids)
    except NothingThere:
        count, steps = 0, []
    return Way(
        upto=way.upto,
        total=way.total,
        after=ids[-1] if len(ids) == PIECE else way.upto,
        done=way.done + count,
        ways=(*way.ways, ways_back.keep(user, steps)) if steps else way.ways,
    )


def _meant(user: User, place: Place, tree: Tree) -> QuerySet[Message]:
    return find.everything(user, place, tree).order_by()
