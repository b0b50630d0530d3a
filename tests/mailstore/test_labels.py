from __future__ import annotations

import pytest

from accounts.models import User
from mailstore.models import Folder, Label, MessageLabel
from mailstore.services import labels
from mailstore.services.labels import LabelRefused
from tests.mail import letter, put


def test_names_are_one_whatever_their_letters(user: User, other_user: User) -> None:
    made = labels.create(user, " Ärger\n")
    assert made.name == "Ärger"
    for name in ("ärger", "ÄRGER", " "):
        with pytest.raises(LabelRefused):
            labels.create(user, name)
    labels.create(other_user, "Ärger")
    other = labels.create(user, "Bills", color=4)
    with pytest.raises(LabelRefused):
        labels.change(other, name="äRGER", color=1)
    labels.change(other, name="bills", color=9)
    assert [(one.name, one.color) for one in labels.everyone(user)][-1:] == [("Ärger", 1)]
    assert (other.name, other.color) == ("bills", 4)


def test_a_new_label_takes_the_colour_used_least(user: User) -> None:
    assert [labels.create(user, f"{number}").color for number in range(7)] == [1, 2, 3, 4, 5, 6, 1]


def test_there_is_an_end_to_labels(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "MOST", 1)
    labels.create(user, "one")
    with pytest.raises(LabelRefused):
        labels.create(user, "two")


def test_putting_on_and_taking_off(user: User, inbox: Folder) -> None:
    rows = put(inbox, letter("a"), letter("b"), letter("c"))
    ids = [row.pk for row in rows]
    work, home = labels.create(user, "work"), labels.create(user, "Home")
    inbox.refresh_from_db()
    before = inbox.modseq
    assert labels.put(user, work, ids[:2]) == ids[:2]
    assert labels.put(user, work, ids) == ids[2:]
    labels.put(user, home, ids[:1])
    inbox.refresh_from_db()
    assert inbox.modseq > before
    assert labels.of(user, ids[:2]) == {ids[0]: [home, work], ids[1]: [work]}
    assert list(work.marks.order_by("pk").values_list("sort_at", flat=True)) == [
        row.sort_at for row in rows
    ]
    assert labels.take(user, work, [*ids[:1], 0]) == ids[:1]
    assert labels.delete(work) == ids[1:]
    assert list(MessageLabel.objects.values_list("label__name", flat=True)) == ["Home"]


def test_labels_and_mail_of_others_stay_apart(user: User, other_user: User, inbox: Folder) -> None:
    (row,) = put(inbox, letter("mine"))
    mine, theirs = labels.create(user, "mine"), labels.create(other_user, "theirs")
    with pytest.raises(ValueError, match="someone else"):
        labels.put(user, theirs, [row.pk])
    assert labels.put(other_user, theirs, [row.pk]) == []
    labels.put(user, mine, [row.pk])
    assert labels.take(other_user, mine, [row.pk]) == []
    assert labels.of(other_user, [row.pk]) == {}
    assert Label.objects.count() == 2
