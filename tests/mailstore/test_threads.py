"""Conversations are found as mail arrives, in whatever order, and afterwards by a worker."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from mailstore.models import Folder, FolderRole, Message, Thread, ThreadReference
from mailstore.services import folders, locks, messages, rethreading, threads
from mailstore.services.checking import check
from tests.mail import NOW, letter, put
from tests.mailstore.threads import naming, one, sets, settle, together

CHAIN = {
    "a": naming("a"),
    "b": naming("b", "a"),
    "c": naming("c", "a", "b"),
    "d": naming("d", reply_to="c"),
    "alone": naming("alone", subject="Else"),
}


def test_answers_are_together_across_folders(user: User, inbox: Folder) -> None:
    sent = folders.special(user, FolderRole.SENT)
    put(inbox, CHAIN["a"], CHAIN["alone"])
    put(sent, CHAIN["b"])
    put(inbox, CHAIN["c"], CHAIN["d"])
    assert together(user) == sets("abcd", ["alone"])
    assert Thread.objects.count() == 2


def test_copies_are_of_one_conversation(user: User, inbox: Folder) -> None:
    put(inbox, CHAIN["a"])
    put(folders.special(user, FolderRole.ARCHIVE), CHAIN["a"].replace(b"A few", b"Few"))
    assert Thread.objects.count() == 1


@pytest.mark.parametrize("order", list(permutations("abcd"))[::4], ids="".join)
@pytest.mark.parametrize("backfill", [False, True], ids=["arriving", "fetched"])
def test_the_order_of_arrival_does_not_matter(
    user: User, inbox: Folder, order: tuple[str, ...], backfill: bool
) -> None:
    for name in order:
        put(inbox, CHAIN[name], backfill=backfill)
    if backfill:
        assert not Message.objects.filter(thread__isnull=False).exists()
        settle()
    assert together(user) == sets("abcd")
    assert check().is_sound


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_and_any_way_in_gives_the_same_conversations(
    make_user: Callable[..., User], data: st.DataObject
) -> None:
    """Some arrive, some are fetched, a worker comes when it comes, some are never here."""
    user = make_user(f"mara{User.objects.count()}@example.test")
    inbox = folders.special(user, FolderRole.INBOX)
    ids = "abcdefgh"
    named = {own: data.draw(st.lists(st.sampled_from(ids), max_size=2), label=own) for own in ids}
    raws = {own: naming(own, *refs) for own, refs in named.items()}
    here = data.draw(st.lists(st.sampled_from(ids), unique=True, min_size=1), label="here")
    for own in here:
        put(inbox, raws[own], backfill=data.draw(st.booleans()))
        if data.draw(st.booleans()):
            threads.thread_batch(2)
    settle()
    assert together(user) == _expected({own: named[own] for own in here})
    assert not list(rethreading.wrong())


def _expected(named: dict[str, list[str]]) -> set[frozenset[str]]:
    groups = [{own, *refs} for own, refs in named.items()]
    for _ in groups:
        for at, first in enumerate(groups):
            for second in groups[at + 1 :]:
                if first & second:
                    first.update(second)
                    second.update(first)
    return {frozenset(group & named.keys()) for group in groups}


def test_a_late_message_joins_two_conversations_into_the_older(user: User, inbox: Folder) -> None:
    first, second = one(inbox, naming("a")), one(inbox, naming("c", "b"))
    assert first.thread_id != second.thread_id
    late = one(inbox, naming("b", "a"))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (
        first.thread_id
        == second.thread_id
        == late.thread_id
        == min(Thread.objects.values_list("pk", flat=True))
    )
    assert Thread.objects.count() == 1
    assert ThreadReference.objects.count() == 3


def test_what_is_joined_stays_muted(user: User, inbox: Folder) -> None:
    put(inbox, naming("a"))
    second = one(inbox, naming("c", "b"))
    Thread.objects.filter(messages=second).update(muted_at=NOW)
    late = one(inbox, naming("b", "a"))
    assert late.thread is not None
    assert late.thread.muted_at == NOW


def test_naming_a_muted_conversation_silences_no_other(user: User, inbox: Folder) -> None:
    """Who knows both by their ids cannot send what others write past the Inbox."""
    put(inbox, naming("list"))
    Thread.objects.update(muted_at=NOW)
    several = "Mara Lind <mara@example.test>, Bo <bo@example.test>"
    put(inbox, naming("a", to=several), naming("b", "a", to=several))
    forged = one(inbox, naming("x", "list", "b", to=several))
    assert Thread.objects.get().muted_at is None
    assert (forged.folder, one(inbox, naming("c", "b", to=several)).folder) == (inbox, inbox)


def test_other_peoples_mail_is_never_in_it(user: User, other_user: User, inbox: Folder) -> None:
    mine = one(inbox, CHAIN["a"])
    theirs = one(folders.special(other_user, FolderRole.INBOX), CHAIN["b"])
    assert mine.thread_id != theirs.thread_id
    assert theirs.thread is not None
    assert theirs.thread.user == other_user


def test_hostile_names_tie_only_what_they_name(user: User, inbox: Folder) -> None:
    put(inbox, CHAIN["a"], CHAIN["alone"])
    many = "References: " + " ".join(f"<{number}@x>" for number in range(10_000))
    put(inbox, letter("Many", extra=f"{many}\n"), letter("No id"), letter("No id either"))
    put(inbox, letter("Odd", extra="Message-ID: <>\nIn-Reply-To: ada@example.test said\n"))
    put(inbox, letter("Itself", extra="Message-ID: <i@x>\nReferences: <i@x> <i@x>\n"))
    assert Thread.objects.count() == 7
    assert ThreadReference.objects.count() < 60
    assert check().is_sound


def test_a_pull_of_old_mail_asks_for_no_conversation(user: User, inbox: Folder) -> None:
    def statements(*, backfill: bool, number: int) -> list[str]:
        raws = [naming(f"{number}-{at}", f"{number}-{at - 1}") for at in range(50)]
        with CaptureQueriesContext(
            connection,
        ) as seen:
            put(inbox, *raws, backfill=backfill)
        return [one["sql"] for one in seen if "thread" in str(one["sql"]).partition("(")[0].lower()]

    assert statements(backfill=True, number=1) == []
    assert len(statements(backfill=False, number=2)) == 3


def test_the_worker_takes_the_newest_first(user: User, inbox: Folder) -> None:
    rows = put(inbox, *(naming(f"{number}") for number in range(5)), backfill=True)
    assert threads.thread_batch(2) == 2
    waiting = Message.objects.filter(thread=None).order_by("pk")
    assert [row.pk for row in waiting] == [row.pk for row in rows[:3]]
    assert threads.thread_waiting(seconds=5) == 3
    assert threads.thread_waiting(seconds=5) == 0


def test_lists_hear_of_messages_that_came_together(user: User, inbox: Folder) -> None:
    put(inbox, naming("a"), naming("b", "a"), backfill=True)
    before = Folder.objects.get(pk=inbox.pk).modseq
    settle()
    assert Folder.objects.get(pk=inbox.pk).modseq > before


def test_removed_messages_leave_their_names(user: User, inbox: Folder) -> None:
    row = one(inbox, CHAIN["a"])
    messages.remove(user, [row.pk])
    put(inbox, CHAIN["b"])
    put(inbox, CHAIN["c"])
    assert together(user) == sets("bc")


def test_what_was_taken_apart_is_seen_and_mended(user: User, inbox: Folder) -> None:
    put(inbox, *CHAIN.values())
    astray = Message.objects.get(message_id="<b@x>")
    astray.thread = Thread.objects.create(user=user)
    astray.save()
    found = check()
    assert not found.is_sound
    assert found.conversations == [
        f"message {astray.pk}: what it names belongs to another conversation"
    ]
    assert check(repair=True).is_sound
    settle()
    assert together(user) == sets("abcd", ["alone"])
    assert check().is_sound


def test_all_conversations_can_be_found_again(user: User, inbox: Folder) -> None:
    put(inbox, *CHAIN.values())
    muted = one(inbox, naming("m"))
    Thread.objects.filter(messages=muted).update(muted_at=NOW)
    Message.objects.exclude(pk=muted.pk).update(thread=muted.thread)
    ThreadReference.objects.exclude(thread=muted.thread).delete()
    Message.objects.exclude(pk=muted.pk).update(thread=Thread.objects.create(user=user))
    assert rethreading.rethread() == 5
    assert together(user) == sets("abcd", ["alone"], "m")
    assert Message.objects.get(pk=muted.pk).thread_id == muted.thread_id
    assert check().is_sound


def test_conversations_without_messages_are_swept(user: User, inbox: Folder) -> None:
    kept, gone, muted = (one(inbox, naming(own)) for own in "abc")
    Thread.objects.filter(messages=muted).update(muted_at=NOW)
    messages.remove(user, [gone.pk, muted.pk])
    assert rethreading.sweep(before=NOW) == 0
    assert rethreading.sweep(before=timezone.now()) == 1
    assert set(Thread.objects.values_list("pk", flat=True)) == {kept.thread_id, muted.thread_id}
    assert ThreadReference.objects.count() == 2


def test_two_workers_at_once_do_it_once(user: User, inbox: Folder) -> None:
    put(inbox, *CHAIN.values(), backfill=True)
    held = locks.hold

    def other_first(*user_ids: int) -> None:
        threads.locks.hold = held  # type: ignore[attr-defined] # put back before it is used again
        settle()
        held(*user_ids)

    threads.locks.hold = other_first  # type: ignore[attr-defined] # the moment between two workers
    try:
        assert threads.thread_batch() == 5
    finally:
        threads.locks.hold = held  # type: ignore[attr-defined] # put back whatever happens
    assert Thread.objects.count() == 2
    assert together(user) == sets("abcd", ["alone"])
