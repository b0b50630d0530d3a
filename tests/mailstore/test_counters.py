"""Whatever is done to a mailbox in whatever order: its counters are what is there."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from mailstore.models import Folder, FolderRole, Message, MessageLabel, Snooze
from mailstore.services import clearing, folders, labels, messages, reminding, returning, snoozing
from mailstore.services.checking import check
from tests.mail import letter, put

SOME = st.integers(1, 4)
ROLES = st.sampled_from([role for role in FolderRole if role != FolderRole.SNOOZED])


class Mailbox(RuleBasedStateMachine):
    """One person's mail. Steps take the newest messages, so that they meet each other."""

    user: User
    own = Bundle("own")

    def __init__(self) -> None:
        super().__init__()
        self.mark = transaction.savepoint()
        self.now: datetime = timezone.now()
        self.label = labels.create(self.user, "label")
        self.made = 0

    def teardown(self) -> None:
        try:
            found = check()
            assert found.is_sound, found
        finally:
            transaction.savepoint_rollback(self.mark)

    def some(self, count: int) -> list[int]:
        mine = Message.objects.filter(user=self.user).order_by(F("modseq").desc(), "pk")
        return list(mine.values_list("pk", flat=True)[:count])

    @rule(target=own, under=st.none() | own)
    def make_folder(self, under: int | None) -> int:
        self.made += 1
        parent = Folder.objects.filter(pk=under).first() if under else None
        return folders.create(self.user, parent=parent, name=f"own {self.made}").pk

    @rule(role=ROLES, count=SOME, seen=st.booleans())
    def enter(self, role: FolderRole, count: int, seen: bool) -> None:
        flags = frozenset({"\\Seen"} if seen else ())
        put(folders.special(self.user, role), *[letter("m")] * count, flags=flags)

    @rule(pk=own, count=SOME)
    def enter_own(self, pk: int, count: int) -> None:
        folder = Folder.objects.filter(pk=pk).first()
        if folder:
            put(folder, *[letter("m")] * count)

    @rule(count=SOME, seen=st.none() | st.booleans(), flagged=st.none() | st.booleans())
    def flag(self, count: int, seen: bool | None, flagged: bool | None) -> None:
        messages.set_flags(self.user, self.some(count), seen=seen, flagged=flagged)

    @rule(count=SOME, role=ROLES)
    def move(self, count: int, role: FolderRole) -> None:
        messages.move(self.user, self.some(count), folders.special(self.user, role))

    @rule(count=SOME, is_on=st.booleans())
    def put_label(self, count: int, is_on: bool) -> None:
        (labels.put if is_on else labels.take)(self.user, self.label, self.some(count))

    @rule(count=SOME, hours=st.integers(1, 9))
    def snooze(self, count: int, hours: int) -> None:
        until = self.now + timedelta(hours=hours)
        snoozing.snooze(self.user, self.some(count), until, now=self.now)

    @rule(count=SOME)
    def unsnooze(self, count: int) -> None:
        snoozing.unsnooze(self.user, self.some(count))

    @rule(count=SOME, hours=st.integers(1, 9))
    def remind(self, count: int, hours: int) -> None:
        at = self.now + timedelta(hours=hours)
        some = self.some(count)
        reminding.remind(self.user, some, at, only_unanswered=hours % 2 == 0, now=self.now)

    @rule(count=SOME)
    def cancel(self, count: int) -> None:
        reminding.cancel(self.user, self.some(count))

    @rule(hours=st.integers(1, 9))
    def time_goes_by(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        snoozing.wake_due(now=self.now)
        reminding.ring_due(now=self.now)

    @rule(count=SOME)
    def trash(self, count: int) -> None:
        messages.trash(self.user, self.some(count))

    @rule(count=SOME)
    def there_and_back(self, count: int) -> None:
        some = self.some(count)
        told = returning.remembered(self.user, some)
        homes = dict(Message.objects.filter(pk__in=some).values_list("pk", "folder_id"))
        messages.move(self.user, some, folders.special(self.user, FolderRole.ARCHIVE))
        for pk, home in homes.items():
            messages.move(self.user, [pk], Folder.objects.get(pk=home))
        returning.restore(self.user, told)

    @rule(role=st.sampled_from([FolderRole.TRASH, FolderRole.JUNK]))
    def empty(self, role: FolderRole) -> None:
        folder = folders.special(self.user, role)
        clearing.empty(folder, upto=clearing.newest(folder), batches=1)

    @rule(role=ROLES)
    def mark_all_read(self, role: FolderRole) -> None:
        clearing.mark_all_read(folders.special(self.user, role))

    @rule(target=own, pk=consumes(own), again=st.booleans())
    def delete_folder(self, pk: int, again: bool) -> object:
        folder = Folder.objects.filter(pk=pk).first()
        if folder is None:
            return multiple()
        gone = clearing.delete(folder)
        made = clearing.restore(self.user, gone) if again else {}
        return multiple(*(one.pk for one in made.values()))

    @invariant()
    def counters_are_true(self) -> None:
        counted = Folder.objects.annotate(
            there=Count("messages"),
            new=Count("messages", filter=Q(messages__is_seen=False)),
            bytes=Coalesce(Sum("messages__size"), 0),
        )
        wrong = counted.exclude(total=F("there"), unread=F("new"), size=F("bytes"))
        assert not list(wrong.values("name", "total", "there", "unread", "new"))

    @invariant()
    def what_is_snoozed_lies_in_snoozed(self) -> None:
        waiting = set(Snooze.objects.filter(came_at=None).values_list("message_id", flat=True))
        there = Message.objects.filter(user=self.user, folder__role=FolderRole.SNOOZED)
        assert waiting == set(there.values_list("pk", flat=True))

    @invariant()
    def labels_stand_where_their_messages_do(self) -> None:
        assert not MessageLabel.objects.exclude(sort_at=F("message__sort_at")).exists()


@pytest.mark.django_db
def test_counters_hold_through_anything(user: User) -> None:
    machine = type("MailboxOf", (Mailbox,), {"user": user})
    # Without shortening what failed, which takes minutes; do that by hand where it is needed.
    few = settings(max_examples=20, stateful_step_count=25, phases=[Phase.generate])
    run_state_machine_as_test(machine, settings=few)
