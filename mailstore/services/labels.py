"""Labels of a user: made, changed, and put on messages, whatever folder they lie in."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from lib import bulk
from lib.prepared import Prepared, among
from mailstore.models import Label, Message, MessageLabel
from mailstore.services import locks
from mailstore.text import one_line

MAX_NAME = 60
MOST = 500
COLOURS = 6


class LabelRefused(Exception):
    """A label cannot be made or changed as asked; `str()` may be shown to the user."""


def everyone(user: User) -> list[Label]:
    """All labels of a user, by name; one query."""
    return sorted(Label.objects.filter(user=user), key=lambda one: (one.name.casefold(), one.pk))


def of(user: User, message_ids: Iterable[int]) -> dict[int, list[Label]]:
    """The labels of messages, by name; one query. Messages without any are left out."""
    found: dict[int, list[Label]] = defaultdict(list)
    for row in _BORNE.objects(MessageLabel, user.pk, list(message_ids)):
        found[row.message_id].append(row.label)
    for some in found.values():
        some.sort(key=lambda one: (one.name.casefold(), one.pk))
    return dict(found)


def _borne(user: int, ids: list[int]) -> QuerySet[MessageLabel, Any]:
    rows = MessageLabel.objects.filter(among(MessageLabel, "message_id", ids), label__user=user)
    return rows.select_related("label")


_BORNE: Final = Prepared(_borne, int, list)


def create(user: User, name: str, *, color: int = 0) -> Label:
    """A new label; 0 chooses the colour used least. Raises LabelRefused."""
    with transaction.atomic():
        locks.hold(user.pk)
        there = everyone(user)
        if len(there) >= MOST:
            raise LabelRefused(_("There are %d labels already. Delete one first.") % MOST)
        name = _named(name, there)
        used = [one.color for one in there]
        color = color if 0 < color <= COLOURS else min(range(1, COLOURS + 1), key=used.count)
        locks.touch(user.pk)
        return Label.objects.create(user=user, name=name, color=color)


def change(label: Label, *, name: str, color: int) -> None:
    """Give a label another name or colour. Raises LabelRefused."""
    with transaction.atomic():
        locks.hold(label.user_id)
        others = [one for one in everyone(label.user) if one.pk != label.pk]
        label.name = _named(name, others)
        label.color = color if 0 < color <= COLOURS else label.color
        label.save(update_fields=["name", "color"])
        locks.touch(label.user_id)


def _named(name: str, others: Iterable[Label]) -> str:
    name = one_line(name, MAX_NAME)
    if not name:
        raise LabelRefused(_("Please give the label a name."))
    taken = next((one.name for one in others if one.name.casefold() == name.casefold()), "")
    if taken:
        raise LabelRefused(_("There is already a label “%s”.") % taken)
    return name


def delete(label: Label) -> list[int]:
    """Remove a label; the messages that bore it, which are as they were otherwise."""
    with transaction.atomic():
        locks.hold(label.user_id)
        bearers = sorted(label.marks.values_list("message_id", flat=True))
        _changed(Message.objects.filter(marks__label=label).values_list("folder_id", flat=True))
        label.delete()
        locks.touch(label.user_id)
    return bearers


def put(user: User, label: Label, ids: Iterable[int]) -> list[int]:
    """Put a label on messages of its owner; those that did not bear it before."""
    if label.user_id != user.pk:
        raise ValueError("the label belongs to someone else")
    with transaction.atomic():
        locks.hold(user.pk)
        mine = Message.objects.filter(user=user, pk__in=list(ids)).exclude(marks__label=label)
        rows = list(mine.values_list("pk", "folder_id", "sort_at"))
        bulk.insert(
            MessageLabel,
            ("label_id", "message_id", "sort_at"),
            [(label.pk, pk, sort_at) for pk, _folder, sort_at in rows],
            ignore_conflicts=True,
        )
        _changed(folder_id for _pk, folder_id, _at in rows)
    return [pk for pk, _folder, _at in rows]


def take(user: User, label: Label, ids: Iterable[int]) -> list[int]:
    """Take a label off messages; those that bore it."""
    with transaction.atomic():
        locks.hold(user.pk)
        marks = MessageLabel.objects.filter(label=label, message__in=list(ids), message__user=user)
        rows = list(marks.values_list("pk", "message_id", "message__folder_id"))
        MessageLabel.objects.filter(pk__in=[pk for pk, _message, _folder in rows]).delete()
        _changed(folder_id for _pk, _message, folder_id in rows)
    return [message for _pk, message, _folder in rows]


def _changed(folder_ids: Iterable[int]) -> None:
    """Whoever looks at these folders sees that something is different."""
    for folder_id in sorted(set(folder_ids)):
        locks.count(folder_id)
