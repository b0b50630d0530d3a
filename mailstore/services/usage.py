"""How much space a person's mail takes, from what the folders count of themselves."""

from __future__ import annotations

from django.db.models import Sum

from accounts.models import User
from mailstore.models import Folder


def used(user: User) -> int:
    """Bytes of all mail of this person, as received; with one statement over their folders.

    Folders count their mail in the transaction that changes it (`mailstore.services.locks`), so
    that no message is looked at. A body that lies in two folders is counted in both, as it is
    told in lists.
    """
    return Folder.objects.filter(user=user).aggregate(sum=Sum("size"))["sum"] or 0
