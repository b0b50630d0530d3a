"""Settings > Filters: made, tried, applied, ordered, deleted and had again; without any script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, User
from filtering.actions import Action, Do
from filtering.conditions import Condition, Field, Op
from filtering.models import Filter, FilterRun
from filtering.services import filters, rounds
from filtering.services.filters import Wanted
from mailstore.models import Folder, Label, Message, Source
from mailstore.services import folders
from tests.webmail.samples import letter, put

pytestmark = pytest.mark.django_db


def typed(*conditions: tuple[str, ...], do: str = "star", **more: str) -> dict[str, Any]:
    """What a browser sends: (field, operator, value, name, last, unit) of each condition, and one
    action."""
    lines = [(*one, *[""] * (6 - len(one))) for one in conditions]
    columns = list(zip(*lines, strict=True)) or [()] * 6
    names = ("c_field", "c_op", "c_value", "c_name", "c_last", "c_unit")
    sent: dict[str, Any] = {key: list(some) for key, some in zip(names, columns, strict=True)}
    actions = {"a_do": [do], "a_folder": [""], "a_label": [""], "a_text": [""]}
    for key in actions:
        if key in more:
            actions[key] = [more.pop(key)]
    return {"name": "Bills", "match": "all", "is_on": "1", **sent, **actions, **more}


def made(user: User, name: str = "Bills", **more: Any) -> Filter:
    values: dict[str, Any] = {
        "conditions": [Condition(Field.FROM, Op.CONTAINS, "shop")],
        "actions": [Action(Do.STAR)],
        **more,
    }
    wanted = Wanted(name, **values)
    return filters.save(user, wanted, row=None, actor=user, now=timezone.now())


def arrived(inbox: Folder, subject: str, sender: str = "Shop <shop@shop.test>") -> Message:
    return put(inbox, letter(subject, sender=sender), at=timezone.now() - timedelta(minutes=5))


def test_a_filter_is_made_step_by_step_without_a_script(
    browser_client: Client, user: User, inbox: Folder
) -> None:
    bills = folders.ensure_path(user, ["Bills"])
    address = reverse("filters-new")
    first = browser_client.get(address)
    assert first.status_code == 200
    assert str(bills.pk) in {key for key, _words in first.context["folders"]}
    # A line more, with all that was typed.
    more = browser_client.post(
        address, typed(("subject", "contains", "Rechnung"), step="add-condition")
    )
    assert more.status_code == 200
    assert [one.value for one in more.context["form"].conditions] == ["Rechnung", ""]
    assert more.context["form"].name == "Bills"
    # Another field has other comparisons.
    other = browser_client.post(address, typed(("size", "contains", "x"), step="shape"))
    assert [one.op for one in other.context["form"].conditions] == ["over"]
    two = typed(("subject", "is", "a"), ("subject", "is", "b"), step="drop-condition-0")
    assert [one.value for one in browser_client.post(address, two).context["form"].conditions] == [
        "b"
    ]
    assert not Filter.objects.exists()
    saved = browser_client.post(
        address,
        typed(
            ("size", "over", "2,5", "", "", "MB"),
            ("date", "between", "2026-01-01", "", "2026-02-01"),
            ("from", "one-of", 'a@x.test, "Smith, Jo"'),
            do="move",
            a_folder=str(bills.pk),
        ),
    )
    assert saved.status_code == 302
    row = Filter.objects.get()
    assert row.conditions == [
        {"field": "size", "op": "over", "value": 2621440},
        {"field": "date", "op": "between", "value": ["2026-01-01", "2026-02-01"]},
        {"field": "from", "op": "one-of", "value": ["a@x.test", "Smith, Jo"]},
    ]
    assert row.actions == [{"do": "move", "to": bills.pk}]
    # And the form shows it as it was typed.
    shown = browser_client.get(reverse("filters-edit", args=[row.pk])).context["form"]
    assert [(one.value, one.last, one.unit) for one in shown.conditions] == [
        ("2560", "", "KB"),
        ("2026-01-01", "2026-02-01", "KB"),
        ('a@x.test, "Smith, Jo"', "", "KB"),
    ]
    assert shown.actions[0].folder == str(bills.pk)


def test_what_is_wrong_stands_where_it_is_wrong_and_nothing_is_lost(browser_client: Client) -> None:
    answer = browser_client.post(
        reverse("filters-new"),
        typed(
            ("subject", "matches", "(?=a)"),
            ("size", "over", "much", "", "", "KB"),
            do="forward",
            a_text="nobody",
            name="x" * 121,
        ),
    )
    assert answer.status_code == 422
    form = answer.context["form"]
    assert "regular expression" in form.conditions[0].error
    assert form.conditions[1].error == "Enter a number."
    assert "nobody" in form.actions[0].error
    assert form.errors["name"]
    page = answer.content.decode()
    assert "(?=a)" in page
    assert 'value="much"' in page
    assert 'value="nobody"' in page
    assert page.count('role="alert"') == 4


def test_without_a_name_it_is_called_by_what_it_looks_for(
    browser_client: Client, inbox: Folder
) -> None:
    arrived(inbox, "Order 1")
    asked = typed(("from", "contains", "shop"), ("subject", "is", "x"), name=" ", match="any")
    # Trying asks for no name either, and gives none.
    tried = browser_client.post(reverse("filters-new"), {**asked, "step": "try"})
    assert tried.context["trial"].tried.met == 1
    assert tried.context["form"].name == " "
    assert browser_client.post(reverse("filters-new"), asked).status_code == 302
    assert Filter.objects.get().name == "The sender contains “shop” …"
    for do, words in (("move", "Choose a folder."), ("label", "Choose a label.")):
        answer = browser_client.post(reverse("filters-new"), typed(("from", "is", "a"), do=do))
        assert answer.context["form"].actions[0].error == words
    nothing = browser_client.post(reverse("filters-new"), typed(name=""))
    assert nothing.status_code == 422
    # What is wrong with a list as a whole stands at it, and what mends it has the focus.
    page = nothing.content.decode()
    assert page.index('id="conditions"') < page.index("Add at least one condition.")
    assert 'id="add-condition" data-focus' in page


def test_the_list_says_what_each_does(browser_client: Client, user: User) -> None:
    assert "No filter yet" in browser_client.get(reverse("filters")).content.decode()
    label = Label.objects.create(user=user, name="Money")
    source = Source.objects.create(user=user, name="Gmail", address="m@gmail.test")
    bills = folders.ensure_path(user, ["Home", "Bills"])
    made(
        user,
        conditions=[
            Condition(Field.FROM, Op.CONTAINS, "shop"),
            Condition(Field.ACCOUNT, Op.IS, source.pk),
            Condition(Field.SIZE, Op.OVER, 2 << 20),
            Condition(Field.AUTH, Op.IS_NOT, "passes"),
            Condition(Field.DATE, Op.OLDER, 1),
        ],
        actions=[Action(Do.MOVE, bills.pk), Action(Do.LABEL, label.pk), Action(Do.STOP)],
    )
    (line,) = browser_client.get(reverse("filters")).context["rows"]
    assert line.words.replace("\xa0", " ") == (
        "If the sender contains “shop” and the account is “Gmail” and the message is larger than "
        "2.0 MB and the sender is not proven and the message is older than 1 day: "
        "move it to “Home / Bills”, label it “Money” and stop there."
    )
    bills.delete()
    page = browser_client.get(reverse("filters")).content.decode()
    assert "Its folder is gone" in page
    assert "a folder that is gone" in page


def test_filters_are_switched_ordered_copied_deleted_and_had_again(
    browser_client: Client, user: User
) -> None:
    first, second = made(user, "First"), made(user, "Second")

    def do(row: Filter, what: str) -> None:
        answer = browser_client.post(reverse("filters-do", args=[row.pk, what]))
        assert answer.status_code == 302

    def names() -> list[str]:
        return [one.name for one in Filter.objects.all().owned_by(user)]

    do(second, "up")
    assert names() == ["Second", "First"]
    do(second, "up")
    assert names() == ["Second", "First"]
    do(second, "down")
    assert names() == ["First", "Second"]
    sent = {"keys": f"{second.pk},{first.pk}"}
    assert browser_client.post(reverse("filters-order"), sent).status_code == 200
    assert names() == ["Second", "First"]
    do(first, "off")
    first.refresh_from_db()
    assert not first.is_on
    do(first, "copy")
    assert names() == ["Second", "First", "Copy of First"]
    do(second, "delete")
    assert names() == ["First", "Copy of First"]
    page = browser_client.get(reverse("filters"))
    (note,) = [one for one in page.context["messages"] if one.extra_tags]
    back = {"token": note.extra_tags, "next": reverse("filters")}
    assert browser_client.post(reverse("mail-undo"), back).status_code == 302
    assert names() == ["Second", "First", "Copy of First"]
    assert browser_client.post(reverse("filters-do", args=[first.pk, "eat"])).status_code == 404


def test_trying_tells_and_changes_nothing(
    browser_client: Client, user: User, inbox: Folder
) -> None:
    arrived(inbox, "Order 1"), arrived(folders.ensure_path(user, ["Old"]), "Order 2")
    arrived(inbox, "Hello", "Ada <ada@example.test>")
    before = list(Message.objects.values())
    answer = browser_client.post(
        reverse("filters-new"), typed(("from", "contains", "SHOP"), step="try")
    )
    assert answer.status_code == 200
    trial = answer.context["trial"]
    assert trial.words == "It meets 2 of the 3 messages there."
    assert {folder.label: count for folder, count in trial.tried.folders} == {"Inbox": 1, "Old": 1}
    page = answer.content.decode()
    assert "It would star it." in page
    assert "Order 1" in page
    assert "Hello" not in page
    only = typed(("from", "contains", "shop"), step="try", try_in=str(inbox.pk))
    assert browser_client.post(reverse("filters-new"), only).context["trial"].tried.met == 1
    assert list(Message.objects.values()) == before
    assert not Filter.objects.exists()
    wrong = browser_client.post(reverse("filters-new"), typed(("from", "is", ""), step="try"))
    assert wrong.status_code == 422


def test_a_filter_is_applied_watched_and_undone(
    browser_client: Client, user: User, inbox: Folder, other_user: User
) -> None:
    mail = arrived(inbox, "Order 1")
    row = made(user)
    address = reverse("filters-apply", args=[row.pk])
    assert "Bills" in browser_client.get(address).content.decode()
    theirs = folders.special(other_user, "inbox")
    assert browser_client.post(address, {"folder": theirs.pk}).status_code == 404
    assert browser_client.post(address, {"folder": inbox.pk}).status_code == 302
    run = FilterRun.objects.get()
    going = browser_client.get(reverse("filters-runs"), headers={"HX-Request": "true"})
    assert "Waiting for a worker" in going.content.decode()
    assert "every 2s" in going.content.decode()
    again = browser_client.post(address, {"folder": ""})
    assert again.status_code == 422
    assert "Another filter is being applied" in again.content.decode()
    while rounds.go_on(run.pk, clock=timezone.now):
        pass
    mail.refresh_from_db()
    assert mail.is_flagged
    page = browser_client.get(reverse("filters")).content.decode()
    assert "Done: 1 of 1 messages looked at, 1 changed." in page
    undo = reverse("filters-run-do", args=[run.pk, "undo"])
    assert browser_client.post(undo).status_code == 302
    while rounds.go_on(run.pk, clock=timezone.now):
        pass
    mail.refresh_from_db()
    assert not mail.is_flagged
    page = browser_client.get(reverse("filters")).content.decode()
    assert "Undone" in page
    assert "every 2s" not in page


@pytest.mark.parametrize("by", ["", "sender", "list", "subject"])
def test_messages_like_these_make_a_filter(
    browser_client: Client, user: User, inbox: Folder, by: str, other_user: User
) -> None:
    raw = letter("Re: Plans of the week").replace(
        b"\nTo:", b"\nList-Post: <mailto:dev@lists.test>\nTo:", 1
    )
    mail = put(inbox, raw, at=timezone.now())
    address = f"{reverse('filters-new')}?id={mail.pk}&by={by}"
    answer = browser_client.get(address)
    (line,) = answer.context["form"].conditions
    assert (line.field, line.op, line.value) == {
        "": ("list", "is", "dev@lists.test"),
        "list": ("list", "is", "dev@lists.test"),
        "sender": ("from", "is", "jonas@harbourline.test"),
        "subject": ("subject", "contains", "Plans of the week"),
    }[by]
    assert [one.by for one in answer.context["ways"]] == ["list", "sender", "subject"]
    # What is another's is nothing to go by.
    theirs = put(folders.special(other_user, "inbox"), raw, at=timezone.now())
    empty = browser_client.get(f"{reverse('filters-new')}?id={theirs.pk}")
    assert [one.value for one in empty.context["form"].conditions] == [""]


_WORDS = ("invoice", "receipt", "order confirmation")


@pytest.mark.parametrize(
    ("key", "typed_in", "conditions", "action"),
    [
        ("person", "ada@a.test", [("from", "is", "ada@a.test")], "move"),
        ("list", "dev@lists.test", [("list", "is", "dev@lists.test")], "move"),
        ("star", "ada@a.test", [("from", "is", "ada@a.test")], "star"),
        ("bills", "", [("subject", "contains", one) for one in _WORDS], "star"),
        ("newsletters", "", [("header", "exists", "")], "read"),
    ],
)
def test_a_template_is_filled_in_and_saved(
    browser_client: Client, user: User, key: str, typed_in: str, conditions: Any, action: str
) -> None:
    """As it stands, where it names neither a sender nor a folder."""
    address = f"{reverse('filters-new')}?template={key}"
    first = browser_client.get(address)
    assert [one.by for one in first.context["templates"] if one.is_current] == [key]
    form = first.context["form"]
    sent: dict[str, Any] = {"match": "any" if form.is_any else "all", "is_on": "1"}
    sent["name"] = form.name
    for part in ("field", "op", "value", "name", "last", "unit"):
        sent[f"c_{part}"] = [getattr(one, part) for one in form.conditions]
    for part in ("do", "folder", "label", "text"):
        sent[f"a_{part}"] = [getattr(one, part) for one in form.actions]
    if typed_in:
        refused = browser_client.post(address, sent)
        assert refused.status_code == 422
        assert refused.context["form"].conditions[0].error
        sent["c_value"] = [typed_in]
    if action == "move":
        sent["a_folder"] = [str(folders.ensure_path(user, ["Bills"]).pk)]
    assert browser_client.post(address, sent).status_code == 302
    wanted = filters.wanted_of(Filter.objects.get(user=user))
    assert [(one.field, one.op, one.value) for one in wanted.conditions] == conditions
    assert [str(one.do) for one in wanted.actions] == [action]
    assert wanted.is_any == (key == "bills")


def test_an_unknown_template_is_an_empty_form(browser_client: Client) -> None:
    answer = browser_client.get(f"{reverse('filters-new')}?template=nothing")
    assert [one.value for one in answer.context["form"].conditions] == [""]


def test_several_senders_are_one_condition(browser_client: Client, inbox: Folder) -> None:
    one, two = arrived(inbox, "A"), arrived(inbox, "B", "Ada <ada@example.test>")
    answer = browser_client.get(f"{reverse('filters-new')}?id={one.pk}&id={two.pk}")
    (line,) = answer.context["form"].conditions
    assert (line.op, sorted(line.value.split(", "))) == (
        "one-of",
        ["ada@example.test", "shop@shop.test"],
    )


def test_a_domain_has_filters_for_everybody(
    user: User, client_for: Callable[[User], Client]
) -> None:
    user.role = "domain-admin"
    user.save()
    browser = client_for(user)
    folder = folders.ensure_path(user, ["Mine"])
    form = browser.get(reverse("domain-filters-new"))
    assert "forward" not in {key for key, _words in form.context["does"]}
    assert "account" not in {key for key, _words in form.context["fields"]}
    ready = browser.get(f"{reverse('domain-filters-new')}?template=newsletters")
    assert [str(one.do) for one in ready.context["form"].actions] == ["read"]
    own = typed(("from", "ends", "@partner.test"), do="move", a_folder=str(folder.pk))
    refused = browser.post(reverse("domain-filters-new"), own)
    assert refused.status_code == 422  # nobody else has that folder
    wanted = typed(("from", "ends", "@partner.test"), do="label", a_text="Partner")
    assert browser.post(reverse("domain-filters-new"), wanted).status_code == 302
    row = Filter.objects.get()
    assert (row.domain, row.user, row.actions) == (
        user.domain,
        None,
        [{"do": "label", "to": "Partner"}],
    )
    page = browser.get(reverse("domain-filters")).content.decode()
    assert "If the sender ends with “@partner.test”: label it “Partner”." in page
    # It is not among one's own, and cannot be tried on anybody's mail.
    assert not browser.get(reverse("filters")).context["rows"]
    assert browser.get(reverse("filters-edit", args=[row.pk])).status_code == 404
    tried = browser.post(reverse("domain-filters-new"), {**wanted, "step": "try"})
    assert tried.status_code == 404
    browser.post(reverse("domain-filters-do", args=[row.pk, "delete"]))
    assert not Filter.objects.exists()
    (note,) = [
        one for one in browser.get(reverse("domain-filters")).context["messages"] if one.extra_tags
    ]
    back = {"token": note.extra_tags, "next": reverse("domain-filters")}
    user.role = "user"
    user.save()
    assert browser.post(reverse("mail-undo"), back).status_code == 404  # no administrator any more
    user.role = "domain-admin"
    user.save()
    assert browser.post(reverse("mail-undo"), back).status_code == 302
    assert Filter.objects.get().domain == user.domain
    told = list(AuditEntry.objects.filter(domain=user.domain_id).values_list("action", flat=True))
    assert told.count("filter-added") == 2
    assert told.count("filter-removed") == 1
