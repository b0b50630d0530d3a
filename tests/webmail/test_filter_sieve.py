"""Settings > Filters > Import and export: looked at first, then taken over; nothing is lost."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, User
from filtering.actions import Action, Do
from filtering.conditions import Condition, Field, Op
from filtering.models import Filter
from filtering.services import filters, sieve
from filtering.services.filters import Wanted
from mailstore.models import Folder, Label
from mailstore.services import folders, labels

pytestmark = pytest.mark.django_db

SCRIPT = """require ["fileinto", "imap4flags", "vacation", "regex"];
# rule:[Bills]
if allof (header :contains "Subject" "bill") { fileinto "INBOX.Bills.2026"; addflag "Money"; }
# rule:[Away]
if true { vacation "I am away."; }
# rule:[Spam]
if header :is "X-Spam-Flag" "YES" { fileinto "Spam"; stop; }
# rule:[Bad]
if header :regex "Subject" "a(?=b)" { keep; }
if size :over 1M { redirect "otto@example.test"; }
"""


def made(user: User, name: str, *actions: Action, **more: object) -> Filter:
    wanted = Wanted(name, [Condition(Field.SUBJECT, Op.CONTAINS, name)], actions, **more)  # type: ignore[arg-type] # keywords of Wanted
    return filters.save(user, wanted, row=None, actor=user, now=timezone.now())


def test_a_script_is_looked_at_then_taken_over(browser_client: Client, user: User) -> None:
    address = reverse("filters-sieve")
    assert b"no filter yet" in browser_client.get(address).content
    file = SimpleUploadedFile("my.sieve", SCRIPT.encode())
    seen = browser_client.post(address, {"file": file}).content.decode()
    assert "Add 3 filters" in seen
    assert "If the subject contains “bill”: move it to “Bills/2026” and label it “Money”." in seen
    assert "There is no equivalent of what it does: vacation." in seen
    assert "Looking ahead or back" in seen
    assert "Filter 4 of the script" in seen
    assert "which the script did not want" in seen
    assert "so it is added switched off" in seen
    assert not Filter.objects.exists()
    assert not Folder.objects.filter(name="Bills").exists()

    answer = browser_client.post(address, {"script": SCRIPT, "step": "add"}, follow=True)
    assert "3 filters are added." in answer.content.decode()
    bills, spam, large = Filter.objects.all().owned_by(user)
    place = Folder.objects.get(user=user, name="2026", parent__name="Bills", parent__parent=None)
    label = Label.objects.get(user=user, name="Money")
    assert bills.actions == [{"do": "move", "to": place.pk}, {"do": "label", "to": label.pk}]
    junk = folders.special(user, "junk")
    assert spam.actions == [{"do": "move", "to": junk.pk}, {"do": "stop"}]
    assert large.actions == [{"do": "forward", "to": "otto@example.test"}]
    # What sends mail on is switched on in the list, which asks who is there.
    assert [bills.is_on, spam.is_on, large.is_on] == [True, True, False]
    assert AuditEntry.objects.filter(action="filter-added").count() == 3


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("", "Choose a file, or paste a script."),
        ("hello <b>there</b>", "This is no Sieve script"),
        ("# nothing\n", "There is no filter in this script."),
        ("#" * 300_000, "256 KB at the most"),
    ],
)
def test_what_is_no_script_is_kept_and_said(
    browser_client: Client, script: str, words: str
) -> None:
    answer = browser_client.post(reverse("filters-sieve"), {"script": script})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert words in text
    assert "<b>there" not in text
    assert "hello &lt;b&gt;" in text or not script.startswith("hello")


def test_reading_that_ended_early_is_said(browser_client: Client) -> None:
    script = "if size :over 1K { keep; }\nif nonsense { keep; }"
    text = browser_client.post(reverse("filters-sieve"), {"script": script}).content.decode()
    assert "Reading ended before the end of the script: line 2" in text
    assert "Add 1 filter" in text


def test_too_many_change_nothing(browser_client: Client, user: User) -> None:
    for number in range(filters.MOST):
        Filter.objects.create(user=user, name=str(number), position=number)
    script = SCRIPT.replace("INBOX.Bills", "Elsewhere")
    answer = browser_client.post(reverse("filters-sieve"), {"script": script, "step": "add"})
    assert answer.status_code == 422
    assert "There are 200 filters already" in answer.content.decode()
    assert not Folder.objects.filter(name="Elsewhere").exists()


def test_an_export_comes_back_as_it_was(browser_client: Client, user: User) -> None:
    place = folders.ensure_path(user, ["Work", "A.B"])
    odd = folders.ensure_path(user, ["a/b"])
    label = labels.create(user, "Money")
    one = made(user, "One", Action(Do.MOVE, place.pk), Action(Do.LABEL, label.pk), is_on=False)
    two = made(user, "Two", Action(Do.DELETE), Action(Do.STOP))
    made(user, "Odd", Action(Do.MOVE, odd.pk))
    page = browser_client.get(reverse("filters-sieve")).content.decode()
    assert "One script with 2 filters" in page
    assert "has a name that no script can hold" in page

    answer = browser_client.get(reverse("filters-sieve-download"))
    assert answer["Content-Type"] == "application/sieve; charset=utf-8"
    assert "filters.sieve" in answer["Content-Disposition"]
    kept = [(row.name, row.is_on, row.conditions, row.actions) for row in (one, two)]
    Filter.objects.all().delete()
    found = sieve.look(user, answer.content)
    assert (found.folders, found.labels, found.left, found.refused) == ((), (), (), ())
    rows = sieve.take_over(user, found, actor=user, now=timezone.now())
    assert [(row.name, row.is_on, row.conditions, row.actions) for row in rows] == kept


def test_nobody_elses_folders_and_filters(
    browser_client: Client, other_user: User, user: User
) -> None:
    folders.ensure_path(other_user, ["Theirs"])
    made(other_user, "Secret", Action(Do.STAR))
    script = 'require "fileinto"; if size :over 1K { fileinto "Theirs"; }'
    found = sieve.look(user, script.encode())
    assert found.folders == ("Theirs",)
    assert b"Secret" not in browser_client.get(reverse("filters-sieve-download")).content
