"""Learning from what people move into Junk and out of it, and Junk that is emptied."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from filtering.models import (
    BayesScope,
    BayesToken,
    Decision,
    LearnDue,
    Learned,
    SenderRule,
    SpamPolicy,
)
from filtering.screen import Screen
from filtering.services import emptying, personal, stored, tables, training
from mailstore.models import Folder, Message
from mailstore.services import folders, messages
from tests.mail import NOW, letter, put

WIN = "Claim your prize of $900 at http://win.test/ now"
TEA = "Shall we meet at the harbour for tea on Friday?"


@pytest.fixture
def junk(user: User) -> Folder:
    return folders.special(user, "junk")


def spams(inbox: Folder, many: int = 3) -> list[Message]:
    return put(
        inbox, *(letter(f"WIN {n}!!!", sender=f"x{n}@win.test", text=WIN) for n in range(many))
    )


def teas(inbox: Folder, many: int = 3) -> list[Message]:
    return put(inbox, *(letter(f"Tea {n}", text=f"{TEA} {n}") for n in range(many)))


def move(user: User, some: list[Message], to: Folder) -> list[int]:
    ids = [one.pk for one in some]
    with transaction.atomic():
        judged = personal.moving(user, ids, to=to, now=timezone.now())
        messages.move(user, ids, to)
    return judged


def learn() -> None:
    while training.learn(now=timezone.now()):
        pass


def kept() -> tuple[list[tuple[int, int, int]], list[tuple[int, int]]]:
    """All that was learned."""
    rows = BayesToken.objects.order_by("scope", "token").values_list("token", "spam", "ham")
    return list(rows), list(BayesScope.objects.order_by("pk").values_list("spam", "ham"))


def test_moving_teaches_and_undoing_unteaches(user: User, inbox: Folder, junk: Folder) -> None:
    bad, good = spams(inbox), teas(junk)
    assert len(move(user, bad, junk)) == 3
    assert len(move(user, good, inbox)) == 3
    learn()
    assert training.learned(user) == training.learned(user.domain) == (3, 3)
    assert not LearnDue.objects.exists()
    before = kept()
    # Said again, whatever is repeated is counted once.
    move(user, bad, inbox)
    move(user, bad, junk)
    learn()
    assert kept() == before
    personal.taken_back(user, [one.pk for one in (*bad, *good)], now=timezone.now())
    learn()
    assert kept() == ([], [(0, 0), (0, 0)])


def test_a_word_replaces_the_one_before(user: User, inbox: Folder, junk: Folder) -> None:
    some = spams(inbox)
    move(user, some, junk)
    learn()
    move(user, some, inbox)
    learn()
    assert training.learned(user) == (0, 3)
    assert not BayesToken.objects.filter(spam__gt=0).exists()


def test_only_junk_is_a_word_about_junk(user: User, inbox: Folder, junk: Folder) -> None:
    sent, other = folders.special(user, "sent"), folders.create(user, parent=None, name="Other")
    (bad,) = spams(junk, 1)
    assert move(user, [bad], folders.special(user, "trash")) == []
    assert move(user, teas(inbox), other) == []
    # Nothing is learned from one's own writing.
    before = LearnDue.objects.count()
    own = teas(sent)
    assert len(move(user, own, junk)) == 3
    assert LearnDue.objects.count() == before
    # But it stays as long as any junk, and all of that can be taken back.
    Message.objects.filter(pk__in=[one.pk for one in own]).update(stored_at=NOW)
    assert emptying.empty_due(now=timezone.now()) == 0
    personal.taken_back(user, [one.pk for one in own], now=timezone.now())
    assert not Decision.objects.exists()
    assert len(move(user, spams(junk, 2), other)) == 2


def test_a_worker_that_dies_counts_nothing_twice(
    user: User, inbox: Folder, junk: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(user, spams(inbox), junk)
    add, calls = tables.add, []

    def dying(*args: object, **named: object) -> None:
        add(*args, **named)  # type: ignore[arg-type] # as it was called
        calls.append(1)
        if len(calls) == 4:
            # In the middle of the second message: the domain has it, the person has not.
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tables, "add", dying)
        with pytest.raises(KeyboardInterrupt):
            learn()
    assert training.learned(user) == training.learned(user.domain) == (1, 0)
    learn()
    learn()
    assert training.learned(user) == training.learned(user.domain) == (3, 0)
    assert BayesToken.objects.order_by("-spam").first().spam == 3  # type: ignore[union-attr] # there are some


@pytest.mark.accept("A74")
def test_what_was_learned_decides(user: User, inbox: Folder, junk: Folder) -> None:
    move(user, spams(inbox, 22), junk)
    move(user, teas(junk, 22), inbox)
    for _ in range(2):
        learn()
    new = letter("WIN 77!!!", sender="x77@win.test", text=WIN)
    bad, good, off = put(
        inbox, new, letter("Tea 77", text=TEA), screen=Screen.ALL
    ) + put(inbox, new + b"\r\n", screen=Screen.NOTHING)  # fmt: skip
    assert (bad.folder, good.folder, off.folder) == (junk, inbox, inbox)
    told = Decision.objects.get(message=bad)
    assert told.kind == "spam"
    assert told.why["score"] >= 5
    assert told.why["reasons"][0]["name"] == "learned"
    # Moved out by its reader it is the reader's decision; undone, it is the filter's again.
    judged = move(user, [bad], inbox)
    assert Decision.objects.get(message=bad).kind == "person"
    personal.taken_back(user, judged, now=timezone.now())
    assert Decision.objects.get(message=bad).kind == "spam"
    # What was learned is forgotten: nothing is said any more.
    assert training.forget(user, actor=user, now=NOW)
    assert training.forget(user.domain, actor=user, now=NOW)
    (again,) = put(inbox, new + b"\r\n\r\n", screen=Screen.ALL)
    assert again.folder == inbox
    assert not Learned.objects.exists()


def test_a_blocked_sender_and_a_policy(user: User, inbox: Folder, junk: Folder) -> None:
    SenderRule.objects.create(user=user, sender="@win.test", is_allowed=False)
    (bad,) = put(inbox, letter(sender="x@win.test"), screen=Screen.ALL)
    assert bad.folder == junk
    SpamPolicy.objects.create(user=user, is_on=False)
    (kept_here,) = put(inbox, letter(extra="X-Spam-Flag: YES\n"), screen=Screen.ALL)
    assert kept_here.folder == inbox


def test_tables_are_bounded(
    user: User, inbox: Folder, junk: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(user, spams(inbox), junk)
    learn()
    often = BayesToken.objects.filter(spam=3, scope__user=user).count()
    monkeypatch.setattr(tables, "MOST_TOKENS", often + 2)
    monkeypatch.setattr(tables, "LEFT", often)
    monkeypatch.setattr(tables, "MOST_LEARNED", 2)
    assert tables.prune() > 0
    for scope in BayesScope.objects.all():
        assert scope.tokens.count() == often
        # What was seen once goes first.
        assert scope.tokens.filter(spam=3).count() == often
        assert scope.learned.count() == 2


def test_tables_stay_bounded_while_much_is_learned(
    user: User, inbox: Folder, junk: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("MOST_TOKENS", 40), ("LEFT", 30)):
        monkeypatch.setattr(tables, name, value)
    monkeypatch.setattr(training, "OFTEN", 2)
    move(user, spams(inbox, 4), junk)
    learn()
    assert training.learned(user) == (4, 0)
    assert {scope.tokens.count() for scope in BayesScope.objects.all()} == {30}


def test_junk_is_emptied_of_what_lay_there_long(user: User, inbox: Folder, junk: Folder) -> None:
    old, moved_later = put(junk, letter("Old"), letter("Moved"))
    (young,) = put(junk, letter("Young"))
    (elsewhere,) = put(inbox, letter("Elsewhere"))
    Message.objects.exclude(pk=young.pk).update(stored_at=NOW - timedelta(days=40))
    Message.objects.filter(pk=young.pk).update(stored_at=NOW - timedelta(days=29))
    Decision.objects.create(message=moved_later, kind="person", made_at=NOW - timedelta(days=3))
    Decision.objects.create(message=old, kind="spam", made_at=NOW - timedelta(days=40))
    assert emptying.empty_due(now=NOW) == 1
    left = set(Message.objects.values_list("pk", flat=True))
    assert left == {moved_later.pk, young.pk, elsewhere.pk}
    assert Folder.objects.get(pk=junk.pk).total == 2
    SpamPolicy.objects.create(user=user, junk_days=0)
    assert emptying.empty_due(now=NOW + timedelta(days=900)) == 0


def test_what_was_read_and_kept_is_learned_beside_junk(
    user: User, inbox: Folder, junk: Folder
) -> None:
    """Who never has to take anything out of Junk is not left without a filter."""
    seen = frozenset(["\\Seen"])
    kept_here = put(inbox, *(letter(f"Tea {n}", text=f"{TEA} {n}") for n in range(4)), flags=seen)
    teas(inbox)
    put(folders.special(user, "sent"), letter("Mine"), flags=seen)
    put(inbox, letter("Mine too", sender=user.email), flags=seen)
    (suspect,) = put(inbox, letter("Suspect"), flags=seen)
    why = {"v": 1, "score": 6.0, "threshold": 5.0}
    Decision.objects.create(message=suspect, kind="spam", why=why)
    (young,) = put(inbox, letter("Young"), flags=seen)
    Message.objects.filter(pk=young.pk).update(sort_at=timezone.now() - timedelta(days=2))
    bad = spams(inbox)
    move(user, bad[:2], junk)
    learn()
    # Beside junk, and never more than there is of it by much.
    assert training.learned(user) == (2, 2)
    move(user, bad[2:], junk)
    learn()
    assert training.learned(user) == training.learned(user.domain) == (3, 4)
    learned = {bytes(one) for one in Learned.objects.values_list("sha256", flat=True)}
    assert learned == {bytes(one.blob.sha256) for one in (*kept_here, *bad)}
    # Whoever says so is right.
    move(user, kept_here[:1], junk)
    learn()
    assert training.learned(user) == training.learned(user.domain) == (4, 3)


def test_a_store_that_is_away_costs_nobodys_word(
    user: User, inbox: Folder, junk: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(user, spams(inbox), junk)

    def away(_message: Message) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(stored, "read", away)
        assert training.learn(now=timezone.now()) == 0
    assert LearnDue.objects.count() == 3
    learn()
    assert training.learned(user) == (3, 0)


def test_nobody_decides_alone_what_is_junk_to_others(
    user: User, other_user: User, inbox: Folder, junk: Folder
) -> None:
    """Whoever shares a domain may teach it that the mail of another is junk."""
    theirs, their_junk = (folders.special(other_user, one) for one in ("inbox", "junk"))
    boss = "The minutes of the board meeting, as agreed with the bank."
    raws = [letter(f"Board {n}", sender="boss@bank.test", text=boss) for n in range(25)]
    move(other_user, put(theirs, *raws), their_junk)
    move(other_user, teas(their_junk, 25), theirs)
    learn()
    learn()
    (mine,) = put(inbox, letter("Board 99", sender="boss@bank.test", text=boss), screen=Screen.ALL)
    assert mine.folder == inbox
    (reason,) = Decision.objects.get(message=mine).why["reasons"]
    assert (reason["name"], reason["points"]) == ("learned-here", 4.0)
    # With something else that speaks against it, it is.
    marked = letter("Board 98", sender="boss@bank.test", text=boss, extra="X-Spam-Flag: YES\n")
    (bad,) = put(inbox, marked, screen=Screen.ALL)
    assert bad.folder == junk
