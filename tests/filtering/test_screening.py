"""What becomes of mail that comes in: filters, senders and spam, in their order."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Domain, User
from filtering.actions import Action, Do
from filtering.conditions import Condition, Field, Op
from filtering.models import Decision, Filter, ForwardDue, SenderRule, SpamPolicy
from filtering.screen import Screen
from filtering.services import active, deliver, screening, why
from filtering.services.deliver import Incoming
from filtering.services.senders import Book
from mailstore.models import Folder, Label, Message, MessageLabel, Source
from mailstore.services import folders, labels
from mailstore.services.checking import check
from protocols.body import Body
from tests.filtering.making import made, move
from tests.mail import NOW, letter, put

SPAM = letter("Prize", extra="X-Spam-Flag: YES\n")
ADA = "ada@example.test"


@pytest.fixture
def junk(user: User) -> Folder:
    return folders.special(user, "junk")


@pytest.fixture
def bills(user: User) -> Folder:
    return folders.create(user, parent=None, name="Bills")


def came(inbox: Folder, *raws: bytes, screen: Screen = Screen.ALL, **more: Any) -> list[Message]:
    return put(inbox, *(raws or (letter("Bill 7"),)), screen=screen, **more)


@pytest.mark.accept("A197")
def test_a_filter_does_all_it_says(user: User, inbox: Folder, bills: Folder) -> None:
    label = labels.create(user, "Pay")
    keep = folders.create(user, parent=bills, name="Copies")
    does = [move(bills.pk), Action(Do.COPY, keep.pk), Action(Do.LABEL, label.pk)]
    row = made(
        user, "bill", *does, Action(Do.STAR), Action(Do.READ), Action(Do.FORWARD, "a@x.test")
    )
    bill, other = came(inbox, letter("Bill 7"), letter("Hello"))
    bill.refresh_from_db()
    assert (bill.folder, bill.is_seen, bill.is_flagged) == (bills, True, True)
    assert (other.folder, other.is_seen) == (inbox, False)
    (copy,) = Message.objects.filter(folder=keep)
    assert (copy.blob, copy.is_flagged) == (bill.blob, True)
    reason = why.of(copy)
    assert reason is not None
    assert [one.name for one in reason.why.filters] == [row.name]
    assert MessageLabel.objects.get().message == bill
    due = ForwardDue.objects.get()
    assert (due.message, due.to, due.filter_name) == (bill, "a@x.test", row.name)
    told = why.of(bill)
    assert told is not None
    assert (told.kind, [one.name for one in told.why.filters]) == ("filter", [row.name])
    assert told.filters_left == {row.pk}
    assert [(one.to, one.state) for one in told.forwards] == [("a@x.test", "waiting")]
    assert check().is_sound


def test_only_mail_that_is_to_be_screened(user: User, inbox: Folder, bills: Folder) -> None:
    made(user, "bill", move(bills.pk))
    (off,) = came(inbox, screen=Screen.NOTHING)
    (old,) = came(inbox, backfill=True)
    (content,) = came(inbox, screen=Screen.CONTENT)
    assert (off.folder, old.folder, content.folder) == (inbox, inbox, bills)
    assert [one.message_id for one in Decision.objects.all()] == [content.pk]
    # Content alone says nothing about spam or senders.
    SenderRule.objects.create(user=user, sender=ADA, is_allowed=False)
    (marked,) = came(inbox, SPAM, screen=Screen.CONTENT)
    assert marked.folder == inbox


def test_domain_filters_come_first(
    user: User, domain: Domain, inbox: Folder, bills: Folder, other_user: User
) -> None:
    made(user, "bill", move(bills.pk), Action(Do.STAR))
    stop = [move("archive"), Action(Do.LABEL, "Audit")]
    made(domain, "bill", *stop)
    (mine,) = came(inbox)
    assert mine.folder.role == "archive"
    assert mine.is_flagged
    (theirs,) = came(folders.special(other_user, "inbox"))
    assert (theirs.folder.role, theirs.is_flagged) == ("archive", False)
    assert set(Label.objects.values_list("user", "name")) == {
        (user.pk, "Audit"),
        (other_user.pk, "Audit"),
    }
    Filter.objects.filter(domain=domain).update(
        actions=[one.as_row for one in [*stop, Action(Do.STOP)]]
    )
    (stopped,) = came(inbox)
    assert not stopped.is_flagged


def test_a_persons_word_about_the_place_beats_spam(
    user: User, inbox: Folder, bills: Folder, junk: Folder
) -> None:
    (plain,) = came(inbox, SPAM)
    row = made(user, "prize", Action(Do.STAR))
    (starred,) = came(inbox, SPAM)
    assert (plain.folder, starred.folder, starred.is_flagged) == (junk, junk, True)
    for action, place in [
        (Action(Do.KEEP), inbox), (Action(Do.NEVER_JUNK), inbox), (move(bills.pk), bills),
    ]:  # fmt: skip
        Filter.objects.filter(pk=row.pk).update(actions=[action.as_row])
        (kept,) = came(inbox, SPAM)
        assert kept.folder == place
    told = why.of(plain)
    assert told is not None
    assert told.kind == "spam"
    assert told.why.score is not None
    assert told.why.reasons


def test_a_blocked_sender_goes_to_junk_whatever_filters_say(
    user: User, inbox: Folder, bills: Folder, junk: Folder
) -> None:
    made(user, "bill", move(bills.pk), Action(Do.FORWARD, "a@x.test"))
    SenderRule.objects.create(user=user, sender="@example.test", is_allowed=False)
    (row,) = came(inbox)
    assert row.folder == junk
    told = why.of(row)
    assert told is not None
    assert told.why.sender is not None
    assert (told.kind, told.why.sender.sender) == ("sender", "@example.test")
    assert not ForwardDue.objects.exists()


def test_spam_is_no_matter_of_whoever_switched_it_off(user: User, inbox: Folder) -> None:
    SpamPolicy.objects.create(user=user, is_on=False)
    (row,) = came(inbox, SPAM)
    assert row.folder == inbox
    assert not Decision.objects.exists()


def test_what_is_gone_is_passed_over(user: User, inbox: Folder, bills: Folder) -> None:
    label = labels.create(user, "Pay")
    made(user, "bill", move(bills.pk))
    made(user, "bill", Action(Do.LABEL, label.pk))
    made(user, "bill", Action(Do.STAR))
    bills.delete()
    label.delete()
    (row,) = came(inbox)
    assert (row.folder, row.is_flagged) == (inbox, True)


def test_nobody_can_name_what_is_somebody_elses(
    user: User, other_user: User, inbox: Folder
) -> None:
    theirs = folders.special(other_user, "inbox")
    # As if it had come past the form.
    Filter.objects.create(
        user=user,
        name="x",
        conditions=[Condition(Field.FROM, Op.CONTAINS, "ada").as_row],
        actions=[move(theirs.pk).as_row],
    )
    (row,) = came(inbox)
    assert row.folder == inbox
    assert not Message.objects.filter(user=other_user).exists()


def test_a_folder_deleted_on_the_way(user: User, inbox: Folder, bills: Folder) -> None:
    made(user, "bill", move(bills.pk), Action(Do.STAR))
    prepared = deliver.prepare(
        [Incoming(Body.of(letter("Bill")), inbox, screen=Screen.ALL)], now=NOW
    )
    bills.delete()
    (row,) = deliver.file(prepared)
    assert (row.folder, row.is_flagged) == (inbox, True)
    assert check().is_sound


def test_whatever_goes_wrong_mail_comes_in(
    user: User, inbox: Folder, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(user, "bill", Action(Do.STAR))
    # Damaged rows are passed over, a failure of ours is too.
    Filter.objects.create(user=user, name="broken", conditions=[{"field": 1}], actions="nonsense")
    (row,) = came(inbox)
    assert row.is_flagged

    def fails(*_args: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(active, "of", fails)
    (row,) = came(inbox, letter("Bill about the secret"))
    assert (row.folder, row.is_flagged) == (inbox, False)
    assert "filters could not be read" in caplog.text
    assert "secret" not in caplog.text


def test_the_account_it_came_through(user: User, inbox: Folder) -> None:
    work, home = (Source.objects.create(user=user, name=name) for name in ("Work", "Home"))
    row = made(user, "bill", Action(Do.STAR))
    Filter.objects.filter(pk=row.pk).update(
        conditions=[Condition(Field.ACCOUNT, Op.IS, work.pk).as_row]
    )
    (mine,) = came(inbox, source=work)
    (other,) = came(inbox, source=home)
    assert (mine.is_flagged, other.is_flagged) == (True, False)


def test_a_batch_costs_few_queries(
    user: User, inbox: Folder, bills: Folder, django_assert_max_num_queries: object
) -> None:
    made(user, "bill", move(bills.pk))
    many = [Incoming(Body.of(letter(f"Bill {n}")), inbox, screen=Screen.CONTENT) for n in range(30)]
    with django_assert_max_num_queries(7):  # type: ignore[operator] # pytest-django's
        deliver.prepare(many, now=NOW)


def test_no_filter_of_a_domain_forwards(domain: Domain, inbox: Folder) -> None:
    """Whatever way it came into the row: an administrator would read a person's mail."""
    row = made(domain, "bill", Action(Do.STAR))
    does = [Action(Do.STAR).as_row, Action(Do.FORWARD, "admin@x.test").as_row]
    Filter.objects.filter(pk=row.pk).update(actions=does)
    (mine,) = came(inbox)
    assert not ForwardDue.objects.exists()
    assert not mine.is_flagged


@pytest.mark.parametrize(
    ("action", "place", "kind", "goes_on"),
    [("junk", "junk", "spam", 0), ("mark", "inbox", "spam", 0), ("none", "inbox", "filter", 1)],
)
def test_what_is_done_about_spam(
    user: User, inbox: Folder, action: str, place: str, kind: str, goes_on: int
) -> None:
    """What is only marked stays where it is, says why, and still is sent on to nobody."""
    keep = folders.create(user, parent=None, name="Copies")
    made(user, "prize", Action(Do.STAR), Action(Do.COPY, keep.pk), Action(Do.FORWARD, "a@x.test"))
    SpamPolicy.objects.create(user=user, action=action)
    spam, ham = came(inbox, SPAM, letter("Prize of a kind"))
    assert (spam.folder.role, spam.is_flagged, ham.folder) == (place, True, inbox)
    told = why.of(spam)
    assert told is not None
    assert (told.kind, told.why.threshold) == (kind, 5.0)
    assert told.why.score is not None
    assert told.why.score >= 5
    # Of ham one each, of spam where nothing is to be done about it.
    assert ForwardDue.objects.count() == Message.objects.filter(folder=keep).count() == 1 + goes_on
    assert check().is_sound


def test_one_message_made_to_break_it_breaks_nobody_elses(
    user: User, inbox: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(user, "bill", Action(Do.STAR))
    about = Book.about

    def breaks(book: Book, address: str) -> SenderRule | None:
        if address.startswith("eve"):
            raise RecursionError
        return about(book, address)

    monkeypatch.setattr(Book, "about", breaks)
    poison = letter("Bill 2", sender="eve@example.test")
    rows = came(inbox, letter("Bill 1"), poison, letter("Bill 3"))
    assert [(row.subject, row.is_flagged) for row in rows] == [
        ("Bill 1", True), ("Bill 2", False), ("Bill 3", True),
    ]  # fmt: skip


def test_filters_that_take_too_long_hold_nothing_up(
    user: User, inbox: Folder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made(user, "bill", Action(Do.STAR))
    monkeypatch.setattr(screening, "BUDGET", 0.0)
    rows = came(inbox, *(letter(f"Bill {n}") for n in range(3)))
    assert [row.is_flagged for row in rows] == [True, False, False]
    assert caplog.text.count("take too long") == 1


def test_copies_are_made_within_the_space(user: User, inbox: Folder) -> None:
    keep = folders.create(user, parent=None, name="Copies")
    made(user, "bill", Action(Do.COPY, keep.pk))
    raw = letter("Bill 1")
    user.quota = 4 * len(raw)
    user.save()
    came(inbox, raw, letter("Bill 2"), letter("Bill 3"))
    # Mail is kept in any case, copies as long as there is room.
    assert Message.objects.filter(folder=inbox).count() == 3
    assert [one.subject for one in Message.objects.filter(folder=keep)] == ["Bill 1"]
    # What is copied and deleted is not deleted alone.
    made(user, "letter", Action(Do.COPY, keep.pk), Action(Do.DELETE))
    (gone,) = came(inbox, letter("Letter"))
    assert gone.folder.role == "trash"
    assert Message.objects.filter(folder=keep, subject="Letter").exists()
    assert check().is_sound
