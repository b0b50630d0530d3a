"""Why is it here? What decided about a message, in words, with a way to change it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from filtering.actions import Action, Do
from filtering.conditions import Condition, Field, Op
from filtering.models import Decision, ForwardDue, SpamPolicy
from filtering.screen import Screen
from filtering.services import filters
from filtering.services.deliver import Incoming, deliver
from filtering.services.filters import Wanted
from filtering.services.why import Told
from filtering.verdict import Reason
from filtering.whys import FilterHit, SenderHit, Why
from mailstore.models import Folder, Message
from mailstore.services import folders
from protocols.body import Body
from tests.webmail.samples import letter
from webmail import why_here
from webmail.why_here import Where

pytestmark = pytest.mark.django_db


def opened(browser: Client, message: Message) -> str:
    address = reverse("mail-message", args=[message.pk])
    return browser.get(address, headers={"X-Part": "letter"}).content.decode()


def arrived(inbox: Folder, subject: str) -> Message:
    body = Body.of(letter(subject, sender="Shop <shop@shop.test>"))
    return deliver([Incoming(body, inbox, screen=Screen.ALL)], now=timezone.now())[0]


def test_a_message_a_filter_sorted_names_it_and_leads_to_it(
    browser_client: Client, user: User, inbox: Folder
) -> None:
    bills = folders.ensure_path(user, ["Bills"])
    wanted = Wanted(
        "Shop <b>",
        [Condition(Field.FROM, Op.CONTAINS, "shop.test")],
        [Action(Do.MOVE, bills.pk)],
    )
    row = filters.save(user, wanted, row=None, actor=user, now=timezone.now())
    sorted_out = arrived(inbox, "Order")
    assert sorted_out.folder_id == bills.pk
    page = opened(browser_client, sorted_out)
    assert "Handled by the filter “Shop &lt;b&gt;”." in page
    assert page.count(reverse("filters-edit", args=[row.pk])) == 2
    filters.delete(row, actor=user, now=timezone.now())
    page = opened(browser_client, sorted_out)
    assert "which is deleted by now" in page
    assert "Change this" not in page


def test_of_what_nobody_decided_about_no_sentence_is_said(
    browser_client: Client, user: User, inbox: Folder
) -> None:
    """It is asked; see `test_why_undecided` for the answers."""
    body = Body.of(letter("Plain"))
    plain = deliver([Incoming(body, inbox)], now=timezone.now() - timedelta(1))[0]
    page = opened(browser_client, plain)
    assert why_here.context(user, plain)["here"] is None
    assert 'class="why-here' not in page
    assert page.count("Why is it here?") == 1


def test_a_score_is_told_with_its_reasons(
    browser_client: Client, user: User, inbox: Folder
) -> None:
    body = Body.of(letter("Cheap"))
    junk = folders.special(user, "junk")
    spam = deliver([Incoming(body, junk)], now=timezone.now())[0]
    found = Why(
        score=7.25,
        threshold=5.0,
        reasons=(Reason("learned", 6.5, "98"), Reason("proven", -0.5), Reason("new-one", 1.2)),
    )
    Decision.objects.create(message=spam, kind="spam", why=found.as_row)
    page = opened(browser_client, spam)
    assert "Judged as junk." in page
    assert "From 5.0 on it is junk." in page
    assert "98 % like junk" in page
    assert "+6.5" in page
    assert "\N{MINUS SIGN}0.5" in page
    assert "new-one" in page  # of a newer version: told as it is
    # Where it is changed is the very field.
    assert f'href="{reverse("settings-junk")}#id_threshold"' in page
    assert 'id="id_threshold"' in browser_client.get(reverse("settings-junk")).content.decode()
    assert 'value="not-junk"' in page
    # Out of Junk again: what the settings say about junk is said, as far as they want that.
    Message.objects.filter(pk=spam.pk).update(folder=inbox)
    assert "Judged as junk, and moved here since." in opened(browser_client, spam)
    policy = SpamPolicy.objects.create(user=user, action="mark")
    page = opened(browser_client, spam)
    assert "Judged as junk, and left here, as your settings say." in page
    assert "verdict__warn" in page
    assert f'href="{reverse("settings-junk")}#id_action"' in page
    policy.action = "none"
    policy.save()
    page = opened(browser_client, spam)
    assert "Judged as junk" not in page
    assert "From 5.0 on it is junk." in page


@pytest.mark.parametrize(
    ("kind", "found", "words"),
    [
        ("virus", Why(virus="Eicar"), "A virus was found in it: Eicar. Do not open"),
        ("person", Why(), "You decided about this message yourself."),
        ("sender", Why(sender=SenderHit(1, "@shop.test", False)), "You blocked mail from shop.te"),
        ("sender", Why(sender=SenderHit(1, "a@x.test", True, True)), "always let through here"),
        ("filter", Why(filters=(FilterHit(1, "A"), FilterHit(2, "B", True))), "“A” and “B”."),
        ("spam", Why(score=1.0, threshold=5.0), ""),
    ],
)
def test_every_kind_has_its_words(kind: str, found: Why, words: str) -> None:
    told = why_here.here(Told(kind, found), Where("inbox"))
    assert words in told.words
    assert bool(told.words) is bool(words)
    assert told.offer == ("junk" if kind == "spam" else "")


def test_what_lies_in_junk_for_another_reason_says_so() -> None:
    clean = Told("spam", Why(score=1.0, threshold=5.0))
    assert "was not judged as junk" in why_here.here(clean, Where("junk")).words
    virus = why_here.here(Told("virus", Why(virus="Eicar")), Where("junk"))
    assert virus.offer == ""  # one click would not do it justice


def test_a_domain_s_filter_leads_its_administrators_to_it() -> None:
    told = Told("filter", Why(filters=(FilterHit(7, "Partner", True),)))
    (mine,) = why_here.here(told, Where("inbox", is_admin=True)).details
    assert mine.url == reverse("domain-filters") + "#filter-7"
    (theirs,) = why_here.here(told, Where("inbox")).details
    assert theirs.url == ""
    assert "Its administrators can change it." in theirs.words


@pytest.mark.parametrize(
    ("cause", "words", "next_step"),
    [
        ("loop", "in a circle", "forward="),
        ("automatic", "A machine wrote it", "forward="),
        ("too-many", "as may be", "forward="),
        ("sender", "could not be used", "/identities/"),
        ("gone", "could not be read", ""),
        ("large", "larger than what you may send", ""),
        ("address", "Correct it in the filter", ""),
        ("broken", "again and again", "forward="),
    ],
)
def test_a_refused_forward_is_told_with_its_cause_and_a_next_step(
    browser_client: Client, user: User, inbox: Folder, cause: str, words: str, next_step: str
) -> None:
    conditions = [Condition(Field.FROM, Op.CONTAINS, "shop.test")]
    wanted = Wanted("On", conditions, [Action(Do.FORWARD, "ada@x.test")])
    filters.save(user, wanted, row=None, actor=user, now=timezone.now())
    message = arrived(inbox, "Order")
    assert "It will be forwarded to ada@x.test in a moment." in opened(browser_client, message)
    due = ForwardDue.objects.filter(message=message)
    due.update(state="sent")
    page = opened(browser_client, message)
    assert "It was forwarded to ada@x.test." in page
    assert "was not forwarded" not in page
    due.update(state="refused", cause=cause)
    page = opened(browser_client, message)
    line = page[page.index("why-here") :]
    # Seen before anything is unfolded, and once more with its cause.
    assert line.count("It was not forwarded to ada@x.test.") == 2
    assert words in line
    assert line.index("verdict__warn") < line.index("</summary>")
    told = why_here.context(user, message)["here"]
    (fate,) = [one for one in told.details if one.is_wrong]
    assert (next_step in fate.url) if next_step else not fate.url
    assert bool(fate.link) is bool(next_step)
