"""Snooze, reminders, labels and mute as a list and the reading pane ask for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from mailstore.models import Folder, Label, Message, Reminder, Snooze, Thread
from mailstore.services import folders, labels, reminding, snoozing
from tests.webmail.samples import letter, put
from tests.webmail.test_actions import ACTION, do, take_back, truth, where
from tests.webmail.test_folders import token_of

HTMX = {"HX-Request": "true"}


@pytest.fixture
def three(inbox: Folder) -> list[Message]:
    return [put(inbox, letter(f"Nr {number}"), at=timezone.now()) for number in range(3)]


def tomorrow() -> str:
    return (timezone.localtime() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")


def test_snoozing_and_undoing(browser_client: Client, user: User, three: list[Message]) -> None:
    ids = [one.pk for one in three]
    done = do(browser_client, "snooze", ids, until=tomorrow())
    assert done["text"].startswith("3 messages snoozed until ")
    assert where(three) == ["snoozed"] * 3
    page = browser_client.get(f"/message/{ids[0]}/", headers={"X-Part": "read"})
    assert "Snoozed until" in page.content.decode()
    take_back(browser_client, done)
    assert where(three) == ["inbox"] * 3
    assert not Snooze.objects.exists()
    truth(user)


def test_putting_it_off_further_and_undoing_keeps_the_first_time(
    browser_client: Client, user: User, three: list[Message]
) -> None:
    one = three[:1]
    do(browser_client, "snooze", [one[0].pk], until=tomorrow())
    first = Snooze.objects.get().until
    far = (timezone.now() + timedelta(days=9)).isoformat()
    done = do(browser_client, "snooze", [one[0].pk], until=far)
    assert Snooze.objects.get().until > first
    take_back(browser_client, done)
    assert (Snooze.objects.get().until, where(one)) == (first, ["snoozed"])
    done = do(browser_client, "unsnooze", [one[0].pk])
    assert (done["text"], where(one)) == ("Back from Snoozed", ["inbox"])
    take_back(browser_client, done)
    assert (Snooze.objects.get().until, where(one)) == (first, ["snoozed"])
    # What is archived is snoozed no more, unless that is taken back.
    done = do(browser_client, "archive", [one[0].pk])
    assert not Snooze.objects.exists()
    take_back(browser_client, done)
    assert (Snooze.objects.get().until, where(one)) == (first, ["snoozed"])
    truth(user)


def test_what_came_back_is_on_top_again_after_undoing(
    browser_client: Client, user: User, three: list[Message]
) -> None:
    pk, now = three[0].pk, timezone.now()
    snoozing.snooze(user, [pk], now + timedelta(hours=1), now=now)
    back = now + timedelta(hours=1)
    snoozing.wake_due(now=back)
    take_back(browser_client, do(browser_client, "trash", [pk]))
    assert Message.objects.get(pk=pk).sort_at == back
    # Opened, it says when it arrived.
    page = browser_client.get(f"/message/{pk}/", headers={"X-Part": "read"}).content.decode()
    assert f'<time datetime="{back:%Y-%m-%dT%H:%M}' not in page
    assert f'<time datetime="{three[0].sort_at:%Y-%m-%dT%H:%M}' in page


@pytest.mark.parametrize("until", ["2001-01-01T08:00", "9999-12-31T23:00"])
def test_times_that_make_no_sense_are_refused_in_words(
    browser_client: Client, three: list[Message], until: str
) -> None:
    values = {"do": "snooze", "id": [three[0].pk], "until": until}
    answer = browser_client.post(ACTION, values, headers={"X-Part": "json"})
    assert answer.status_code == 422
    assert "Please choose" in answer.json()["text"]
    page = browser_client.post(ACTION, {**values, "next": "/starred/"}, follow=True)
    assert page.redirect_chain == [("/starred/", 302)]
    assert "Please choose" in page.content.decode()
    for nothing in ("", "soon", "2026-99-99T08:00"):
        assert browser_client.post(ACTION, {**values, "until": nothing}).status_code == 404
    assert where(three) == ["inbox"] * 3


def test_times_are_those_of_the_person(
    browser_client: Client, user: User, three: list[Message]
) -> None:
    User.objects.filter(pk=user.pk).update(time_zone="America/New_York")
    year = timezone.now().year + 1
    do(browser_client, "snooze", [three[0].pk], until=f"{year}-07-01T08:00")
    assert Snooze.objects.get().until.isoformat() == f"{year}-07-01T12:00:00+00:00"
    do(browser_client, "snooze", [three[0].pk], until=f"{year}-01-15T08:00:00+01:00")
    assert Snooze.objects.get().until.isoformat() == f"{year}-01-15T07:00:00+00:00"


def test_the_snooze_dialog(browser_client: Client, three: list[Message]) -> None:
    query = f"id={three[0].pk}&id={three[1].pk}&total=70&next=/starred/"
    page = browser_client.get(f"/mail/snooze/?{query}", headers=HTMX).content.decode()
    assert page.startswith("<dialog")
    assert "Snooze 70 messages until" in page
    for said in ("Tomorrow", 'name="until"', f'name="id" value="{three[1].pk}"', "/starred/"):
        assert said in page
    assert "Bring back now" not in page
    do(browser_client, "snooze", [three[0].pk], until=tomorrow())
    page = browser_client.get("/mail/snooze/", {"id": three[0].pk}).content.decode()
    assert "Bring back now" in page


def test_labels_are_put_on_made_and_taken_off(
    browser_client: Client, user: User, three: list[Message]
) -> None:
    ids = [one.pk for one in three]
    work = labels.create(user, "100 % work")
    done = do(browser_client, f"label:{work.pk}", ids[:2])
    assert done["text"] == "Label “100 % work” added to 2 messages"
    page = browser_client.get("/mail/label/", {"id": ids}).content.decode()
    assert f'value="label:{work.pk}" data-name="100 % work" aria-pressed="mixed"' in page
    again = do(browser_client, f"label:{work.pk}", ids)
    page = browser_client.get("/mail/label/", {"id": ids}).content.decode()
    assert f'value="unlabel:{work.pk}" data-name="100 % work" aria-pressed="true"' in page
    # Only what was changed is taken back.
    take_back(browser_client, again)
    assert set(labels.of(user, ids)) == set(ids[:2])
    done = do(browser_client, f"unlabel:{work.pk}", ids[:1])
    assert done["text"] == "Label “100 % work” removed"
    take_back(browser_client, done)
    assert set(labels.of(user, ids)) == set(ids[:2])
    do(browser_client, "label", ids[:1], name="New")
    do(browser_client, "label", ids[1:2], name="nEW")
    made = Label.objects.get(name="New")
    assert set(made.marks.values_list("message_id", flat=True)) == set(ids[:2])
    values = {"do": f"label:{made.pk}", "id": ids[2]}
    assert browser_client.post(ACTION, values).status_code == 302
    assert made.marks.count() == 3


def test_reminders(browser_client: Client, user: User, three: list[Message]) -> None:
    sent = put(folders.special(user, "sent"), letter("Asked"), at=timezone.now())
    page = browser_client.get("/mail/remind/", {"id": three[0].pk}).content.decode()
    assert "Remind me of this" in page
    assert 'name="unanswered"' not in page
    page = browser_client.get("/mail/remind/", {"id": sent.pk}).content.decode()
    assert 'name="unanswered" value="1" checked' in page
    done = do(browser_client, "remind", [sent.pk], at="", own=tomorrow(), unanswered="1")
    assert done["text"].startswith("You will be reminded on ")
    assert Reminder.objects.get().only_unanswered
    page = browser_client.get("/mail/reminders/").content.decode()
    assert "Asked" in page
    take_back(browser_client, done)
    assert not Reminder.objects.exists()
    assert "No reminders" in browser_client.get("/mail/reminders/").content.decode()
    do(browser_client, "remind", [sent.pk], at=tomorrow(), unanswered="1")
    reminding.ring_due(now=timezone.now() + timedelta(days=2))
    assert where([sent]) == ["inbox"]
    done = do(browser_client, "unremind", [sent.pk])
    assert where([sent]) == ["sent"]
    take_back(browser_client, done)
    assert where([sent]) == ["inbox"]
    pane = browser_client.get(f"/message/{sent.pk}/", headers={"X-Part": "read"})
    assert "No answer since" in pane.content.decode()
    assert reminding.notes(user, [sent.pk])[sent.pk].startswith("No answer since ")
    truth(user)


def test_muting(browser_client: Client, user: User, three: list[Message]) -> None:
    thread = Thread.objects.create(user=user)
    Message.objects.filter(pk__in=[one.pk for one in three[:2]]).update(thread=thread)
    done = do(browser_client, "mute", [three[0].pk])
    assert done["text"] == "Conversation muted: its new mail goes to the Archive"
    thread.refresh_from_db()
    assert thread.muted_at
    take_back(browser_client, done)
    thread.refresh_from_db()
    assert thread.muted_at is None
    do(browser_client, "mute", [three[1].pk])
    take_back(browser_client, do(browser_client, "unmute", [three[0].pk]))
    thread.refresh_from_db()
    assert thread.muted_at


def test_what_belongs_to_others_is_not_there(
    browser_client: Client,
    user: User,
    other_user: User,
    three: list[Message],
    client_for: Callable[[User], Client],
) -> None:
    theirs = put(folders.special(other_user, "inbox"), letter("Theirs"), at=timezone.now())
    label = labels.create(other_user, "Secret")
    labels.put(other_user, label, [theirs.pk])
    mine = labels.create(user, "Mine")
    for what in (f"label:{mine.pk}", "snooze", "unsnooze", "mute", "remind", "unremind"):
        values = {"do": what, "id": [theirs.pk], "until": tomorrow(), "at": tomorrow()}
        assert browser_client.post(ACTION, values).status_code == 404
    for what in (f"label:{label.pk}", f"unlabel:{label.pk}", "label:x", "label"):
        values = {"do": what, "id": [three[0].pk], "name": ""}
        assert browser_client.post(ACTION, values).status_code == 404
    for address in (f"/label/{label.pk}/", f"/label/{label.pk}/edit/"):
        assert browser_client.get(address).status_code == 404
    for address in ("edit", "delete"):
        answer = browser_client.post(f"/label/{label.pk}/{address}/", {"name": "x"})
        assert answer.status_code == 404
    for address in ("label", "snooze", "remind", "reminders"):
        page = browser_client.get(f"/mail/{address}/", {"id": theirs.pk}).content.decode()
        assert "Secret" not in page
        assert "Theirs" not in page
    done = do(browser_client, f"label:{mine.pk}", [three[0].pk])
    answer = client_for(other_user).post("/mail/undo/", {"token": done["undo"]})
    assert answer.status_code == 404
    assert Label.objects.get(pk=label.pk).name == "Secret"


def test_labels_are_made_changed_and_deleted(
    browser_client: Client, user: User, three: list[Message]
) -> None:
    answer = browser_client.post("/label/new/", {"name": "Bills", "color": "3"})
    made = Label.objects.get()
    assert answer["Location"] == f"/label/{made.pk}/"
    assert (made.name, made.color) == ("Bills", 3)
    labels.put(user, made, [three[0].pk])
    answer = browser_client.post("/label/new/", {"name": "bills"}, headers=HTMX)
    assert answer.status_code == 422
    assert "already a label" in answer.content.decode()
    page = browser_client.get(f"/label/{made.pk}/edit/").content.decode()
    assert 'value="3" checked' in page
    browser_client.post(f"/label/{made.pk}/edit/", {"name": "Papers", "color": "5"})
    made.refresh_from_db()
    assert (made.name, made.color) == ("Papers", 5)
    pane = browser_client.get(f"/message/{three[0].pk}/", headers={"X-Part": "read"})
    assert f'value="unlabel:{made.pk}"' in pane.content.decode()
    page = browser_client.get(f"/label/{made.pk}/").content.decode()
    assert "Nr 0" in page
    assert f'data-place="label-{made.pk}" aria-current="page"' in page
    page = browser_client.post(f"/label/{made.pk}/delete/", follow=True).content.decode()
    assert "Label “Papers” was deleted." in page
    assert not Label.objects.exists()
    browser_client.post("/mail/undo/", {"token": token_of(page)})
    assert labels.of(user, [three[0].pk])[three[0].pk][0].name == "Papers"
