"""From the line of a conversation to the messages it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from accounts.models import User
from mailstore.models import Message
from webmail import screen
from webmail.place import STARRED, Place

MAX_IDS: Final = 5000


def widen(user: User, ids: Sequence[int], place: Place) -> list[int]:
    """These messages and all others of their conversations that lie in the same place.

    Chips above the list do not count: who archives a conversation from the unread ones means all
    of it. Ids that are not the user's are left out.
    """
    mine = Message.objects.filter(user=user)
    named = set(mine.filter(pk__in=list(ids)).values_list("pk", "thread_id"))
    threads = {thread for _pk, thread in named if thread is not None}
    found = mine.filter(thread__in=threads)
    tree = screen.tree_of(user)
    if place.folder_id is not None:
        found = found.filter(folder_id=place.folder_id)
    elif place.label_id is not None:
        found = found.filter(marks__label=place.label_id).exclude(folder_id__in=tree.thrown)
    elif place.where == STARRED:
        found = found.filter(is_flagged=True).exclude(folder_id__in=tree.thrown)
    else:
        found = found.exclude(folder_id__in=tree.aside)
    wide = set(found.order_by("-pk").values_list("pk", flat=True)[:MAX_IDS])
    return sorted(wide | {pk for pk, _thread in named})
