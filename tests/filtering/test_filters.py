"""Filters saved, checked, ordered, removed; whose they are, and what they may name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accounts.models import AuditEntry, Domain, User
from connectivity.models import Notification
from filtering.actions import Action, Do
from filtering.conditions import Condition, Field, Op
from filtering.models import Filter, SenderRule
from filtering.services import filters, senders, trying
from filtering.services.filters import FilterRefused, Listed
from mailstore.models import Folder, Source
from mailstore.services import folders, labels
from tests.filtering.making import made, move, subject, wanted
from tests.mail import NOW, letter, put

STAR = Action(Do.STAR)


def errors(
    owner: User | Domain, asked: list[Condition], *does: Action, name: str = "x"
) -> set[str]:
    with pytest.raises(FilterRefused) as refused:
        filters.check(owner, wanted(name, asked, *does))
    assert all(refused.value.errors.values())
    return set(refused.value.errors)


def names(owner: User | Domain) -> list[str]:
    return [one.filter.name for one in filters.listed(owner)]


def test_each_mistake_is_named_in_its_place(user: User) -> None:
    good = subject("x")
    assert errors(user, [], name="") == {"name", "conditions", "actions"}
    bad = [
        Condition(Field.SUBJECT, Op.CONTAINS, " "),
        Condition(Field.SUBJECT, Op.MATCHES, "("),
        Condition(Field.HEADER, Op.EXISTS, name="X Y"),
        Condition(Field.SIZE, Op.OVER, -1),
        Condition(Field.DATE, Op.BETWEEN, ("2026-02-02", "2026-02-01")),
        Condition(Field.AUTH, Op.IS, "perhaps"),
        Condition(Field.ACCOUNT, Op.IS, 99),
        Condition(Field.SIZE, Op.CONTAINS, "x"),
    ]
    assert errors(user, [good, *bad], STAR) == {f"conditions.{at}" for at in range(1, 9)}
    drafts = folders.special(user, "drafts")
    does = [
        Action(Do.FORWARD, "nobody"), Action(Do.FORWARD, user.email), move(drafts.pk), move(99),
        Action(Do.LABEL, 99), Action(Do.DELETE),
    ]  # fmt: skip
    assert errors(user, [good], STAR, *does) == {f"actions.{at}" for at in range(1, 7)}


def test_only_what_is_its_owners_can_be_named(user: User, other_user: User) -> None:
    folder = folders.create(other_user, parent=None, name="Theirs")
    label = labels.create(other_user, "Theirs")
    source = Source.objects.create(user=other_user, name="Theirs")
    asked = [Condition(Field.ACCOUNT, Op.IS, source.pk)]
    does = [move(folder.pk), Action(Do.LABEL, label.pk), Action(Do.COPY, folder.pk)]
    assert errors(user, asked, *does) == {"conditions.0", "actions.0", "actions.1", "actions.2"}


def test_what_a_domain_may_not(user: User, domain: Domain) -> None:
    inbox = folders.special(user, "inbox")
    source = Source.objects.create(user=user, name="Work")
    asked = [Condition(Field.ACCOUNT, Op.IS, source.pk)]
    does = [Action(Do.FORWARD, "a@x.test"), move(inbox.pk), Action(Do.COPY, "drafts")]
    assert errors(domain, asked, *does) == {"conditions.0", "actions.0", "actions.1", "actions.2"}
    made(domain, "bill", move("archive"), Action(Do.LABEL, "Audit"))
    assert names(domain) == ["bill filter"]
    assert names(user) == []


def test_order_copy_delete_and_back(user: User) -> None:
    first, second, third = (made(user, word, STAR) for word in "abc")
    filters.reorder(user, [third.pk, 99, first.pk], actor=user, now=NOW)
    assert names(user) == ["c filter", "a filter", "b filter"]
    first.refresh_from_db()
    copy = filters.copy(first, actor=user, now=NOW)
    assert not copy.is_on
    assert names(user) == ["c filter", "a filter", copy.name, "b filter"]
    kept = filters.delete(first, actor=user, now=NOW)
    assert names(user) == ["c filter", copy.name, "b filter"]
    filters.restore(user, kept, actor=user, now=NOW)
    assert names(user) == ["c filter", "a filter", copy.name, "b filter"]
    filters.switch(second, is_on=False, actor=user, now=NOW)
    lines = list(AuditEntry.objects.values_list("action", "actor", "subject"))
    assert ("filter-removed", user.pk, user.pk) in lines
    assert len(lines) == 8


def test_the_log_says_what_it_does_and_not_what_it_looks_for(user: User) -> None:
    made(user, "divorce", Action(Do.FORWARD, "lawyer@x.test"))
    detail = AuditEntry.objects.get().detail
    assert detail["does"] == ["forward"]
    assert "divorce" not in str(detail)
    assert "lawyer" not in str(detail)


def test_whoever_forwards_is_told_where_to_once(user: User) -> None:
    def told() -> list[str]:
        rows = Notification.objects.filter(user=user, cause="filter-forwards").order_by("pk")
        return list(rows.values_list("label", flat=True))

    row = made(user, "a", Action(Do.FORWARD, "a@x.test"), is_on=False)
    assert told() == []
    filters.switch(row, is_on=True, actor=user, now=NOW)
    assert told() == ["a@x.test"]
    does = [Action(Do.FORWARD, "a@x.test"), Action(Do.FORWARD, "b@x.test")]
    filters.save(user, wanted("b", subject("b"), *does), row=row, actor=user, now=NOW)
    assert told() == ["a@x.test", "b@x.test"]


def test_changed_and_read_again(user: User) -> None:
    row = made(user, "a", STAR)
    asked = [subject("b"), Condition(Field.SIZE, Op.OVER, 5)]
    want = wanted("Other", asked, Action(Do.READ), is_any=True, is_on=False)
    filters.save(user, want, row=row, actor=user, now=NOW)
    row.refresh_from_db()
    assert filters.wanted_of(row) == replace(
        want, conditions=tuple(want.conditions), actions=tuple(want.actions)
    )
    assert Filter.objects.count() == 1


def test_there_is_an_end(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "MOST", 1)
    row = made(user, "a", STAR)
    with pytest.raises(FilterRefused):
        made(user, "b", STAR)
    with pytest.raises(FilterRefused):
        filters.copy(row, actor=user, now=NOW)


def test_what_is_gone_needs_attention(user: User) -> None:
    bills = folders.create(user, parent=folders.special(user, "archive"), name="Bills")
    label, source = labels.create(user, "Pay"), Source.objects.create(user=user, name="Work")
    asked = [Condition(Field.ACCOUNT, Op.IS, source.pk)]
    filters.save(
        user,
        wanted("x", asked, move(bills.pk), Action(Do.LABEL, label.pk)),
        row=None,
        actor=user,
        now=NOW,
    )

    def look() -> Listed:
        return filters.listed(user)[0]

    assert look().attention == ""
    assert look().names == {
        f"folder:{bills.pk}": "Archive / Bills",
        f"label:{label.pk}": "Pay",
        f"source:{source.pk}": "Work",
    }
    for gone, word in ((bills, "folder"), (label, "label"), (source, "account")):
        key = gone.pk
        gone.delete()
        assert word in look().attention
        gone.pk = key
        gone.save(force_insert=True)
    Filter.objects.update(conditions=[{"field": "from", "op": "nonsense"}])
    assert "cannot be read" in look().attention


def test_trying_changes_nothing(user: User, inbox: Folder) -> None:
    put(inbox, letter("Bill 1"), letter("Hello"), letter("Bill 2"))
    put(folders.special(user, "junk"), letter("Bill 3"))
    want = wanted("x", subject("bill"), Action(Do.DELETE))
    tried = trying.preview(user, want, folder=None, now=NOW)
    assert (tried.looked, tried.met, tried.is_all) == (3, 2, True)
    assert [one.subject for one in tried.examples] == ["Bill 2", "Bill 1"]
    few = trying.preview(user, want, folder=inbox, now=NOW, look=2)
    assert (few.looked, few.met, few.is_all) == (2, 1, False)
    inbox.refresh_from_db()
    assert inbox.total == 3
    with pytest.raises(FilterRefused):
        trying.preview(user, wanted("x", []), folder=None, now=NOW)


def test_what_no_database_keeps_is_refused(user: User) -> None:
    odd = [subject("a\0b"), Condition(Field.SUBJECT, Op.MATCHES, "a\0"), subject("\ud800")]
    assert errors(user, odd, STAR) == {"conditions.0", "conditions.1", "conditions.2"}
    assert errors(user, [subject("x")], Action(Do.FORWARD, "a\0@x.test")) == {"actions.0"}


def test_filters_are_not_made_to_cost_others(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    long = Condition(Field.SUBJECT, Op.ONE_OF, tuple("x" * 400 + str(n) for n in range(60)))
    assert errors(user, [long], STAR) == {"conditions"}
    monkeypatch.setattr(filters, "MAX_PATTERNS", 3)
    three = [Condition(Field.SUBJECT, Op.MATCHES, word) for word in "abc"]
    row = filters.save(user, wanted("x", three, STAR), row=None, actor=None, now=NOW)
    # Changed, they count once; a fourth anywhere is refused.
    filters.save(user, wanted("x", three, STAR), row=row, actor=None, now=NOW)
    with pytest.raises(FilterRefused):
        filters.save(user, wanted("y", three[:1], STAR), row=None, actor=None, now=NOW)


def test_a_forward_that_comes_back_is_told(user: User) -> None:
    kept = filters.delete(made(user, "a", Action(Do.FORWARD, "a@x.test")), actor=user, now=NOW)
    before = Notification.objects.filter(cause="filter-forwards").count()
    filters.restore(user, kept, actor=user, now=NOW)
    assert Notification.objects.filter(cause="filter-forwards").count() > before


def test_trying_ends_while_somebody_waits(
    user: User, inbox: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(inbox, letter("Bill 1"), letter("Bill 2"))
    monkeypatch.setattr(trying, "PATIENCE", -1.0)
    tried = trying.preview(user, wanted("x", subject("bill"), STAR), folder=inbox, now=NOW)
    assert (tried.looked, tried.met, tried.is_all) == (1, 1, False)


def test_a_sender_is_known_in_letters_of_its_own() -> None:
    rule = SenderRule(sender="@xn--bse-sna.test", is_allowed=False)
    book = senders.Book({rule.sender: rule})
    assert book.about("Eve@Böse.test") is rule
    assert book.about("eve@boese.test") is None
