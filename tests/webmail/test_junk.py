"""Settings > Junk mail, of a person and of a domain; senders blocked from a message."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import AuditEntry, Domain, Role, User
from filtering.models import LearnDue, SenderRule, SpamPolicy
from filtering.services import policies, senders, training
from filtering.services.senders import SendersRefused
from mailstore.models import Folder, Message
from tests.mail import letter, put
from tests.webmail.test_actions import do, take_back

PAGE, DOMAIN = "/settings/junk/", "/settings/domain/junk/"
LEFT = {"is_on": "", "threshold": "", "action": "", "junk_days": ""}


def test_a_person_decides_and_leaves_it_again(browser_client: Client, user: User) -> None:
    SpamPolicy.objects.create(domain=user.domain, threshold=8.0, junk_days=60)
    page = browser_client.get(PAGE).content.decode()
    assert "As the domain: Only what is surely junk (from 8 points)" in page
    assert "As the domain: After 60 days" in page
    for action in ("mark", "none"):
        said = {"is_on": "1", "threshold": "3.5", "action": action, "junk_days": "0"}
        assert browser_client.post(PAGE, said).status_code == 302
        found = policies.of([user])[user.pk]
        assert (found.threshold, found.action, found.junk_days) == (3.5, action, 0)
    assert browser_client.post(PAGE, LEFT).status_code == 302
    found = policies.of([user])[user.pk]
    assert (found.is_on, found.threshold, found.junk_days) == (True, 8.0, 60)
    lines = AuditEntry.objects.filter(action="junk-settings-changed")
    assert [one.subject for one in lines] == [user.pk] * 3
    assert browser_client.post(PAGE, {**LEFT, "threshold": "-1"}).status_code == 422


def test_senders_are_pasted_and_removed(browser_client: Client, user: User) -> None:
    pasted = "Ads <ADS@Shop.test>\n\nspam.test, @other.test\nads@shop.test"
    answer = browser_client.post(f"{PAGE}senders/", {"lines": pasted, "do": "block"}, follow=True)
    assert "3 senders are blocked." in answer.content.decode()
    assert [one.sender for one in senders.listed(user)] == [
        "@other.test", "@spam.test", "ads@shop.test",
    ]  # fmt: skip
    wrong = browser_client.post(f"{PAGE}senders/", {"lines": "no sender\na@x.test", "do": "allow"})
    assert wrong.status_code == 422
    page = wrong.content.decode()
    assert "Neither an address nor a domain: “no sender”." in page
    # What was typed is still there, and nothing of it was taken.
    assert "no sender\na@x.test" in page
    assert SenderRule.objects.count() == 3
    gone = browser_client.post(f"{PAGE}senders/remove/", {"sender": "ads@shop.test"}, follow=True)
    assert SenderRule.objects.count() == 2
    (note,) = gone.context["messages"]
    browser_client.post("/mail/undo/", {"token": note.extra_tags})
    assert not SenderRule.objects.get(sender="ads@shop.test").is_allowed


@pytest.mark.parametrize("line", ["ada@", "two words@x.test", "@x", "a@b@c.test", "<@>", "x" * 400])
def test_what_names_no_sender_is_refused(line: str) -> None:
    with pytest.raises(SendersRefused):
        senders.read(line)


def test_a_message_s_sender_is_blocked_and_allowed(
    browser_client: Client, user: User, inbox: Folder
) -> None:
    (message,) = put(inbox, letter(sender="Ads <Ads@shop.test>"))
    here = f"/message/{message.pk}/"
    answer = browser_client.post(f"{here}sender/block/", {"next": "/mail/"}, follow=True)
    assert not SenderRule.objects.get(user=user, sender="ads@shop.test").is_allowed
    (note,) = answer.context["messages"]
    browser_client.post(f"{here}sender/allow/", {"next": "/mail/"})
    assert SenderRule.objects.get(user=user).is_allowed
    browser_client.post("/mail/undo/", {"token": note.extra_tags})
    assert not SenderRule.objects.exists()
    assert browser_client.post(f"{here}sender/other/").status_code == 404


def test_moving_to_junk_teaches_and_undo_unteaches(
    browser_client: Client, user: User, inbox: Folder
) -> None:
    ids = [one.pk for one in put(inbox, letter("One"), letter("Two"))]
    done = do(browser_client, "junk", ids)
    due = {(one.message_id, one.is_spam) for one in LearnDue.objects.all()}
    assert due == {(pk, True) for pk in ids}
    page = browser_client.get(PAGE).content.decode()
    assert "2 more will be learned in a moment." in page
    take_back(browser_client, done)
    assert set(LearnDue.objects.values_list("is_spam")) == {(None,)}
    assert Message.objects.filter(folder=inbox).count() == 2
    do(browser_client, "archive", ids)
    assert set(LearnDue.objects.values_list("is_spam")) == {(None,)}


def test_what_was_learned_is_forgotten(browser_client: Client, user: User, inbox: Folder) -> None:
    ids = [one.pk for one in put(inbox, letter("One"))]
    do(browser_client, "junk", ids)
    due = LearnDue.objects.get()
    assert training.learn(now=due.asked_at) == 1
    assert "1 message was learned as junk" in browser_client.get(PAGE).content.decode()
    assert "What 1 message taught" in browser_client.get(f"{PAGE}forget/").content.decode()
    assert browser_client.post(f"{PAGE}forget/").status_code == 302
    assert "nothing to forget" in browser_client.get(f"{PAGE}forget/").content.decode()
    assert training.learned(user) == (0, 0)
    # What others of the domain profit from is the administrators' to forget.
    assert training.learned(user.domain) == (1, 0)


def test_a_domain_s_administrators_decide_for_it(
    user: User, client_for: Callable[[User], Client], inbox: Folder
) -> None:
    client = client_for(user)
    assert client.get(DOMAIN).status_code == 404
    User.objects.filter(pk=user.pk).update(role=Role.DOMAIN_ADMIN)
    assert client.get(DOMAIN).status_code == 200
    assert client.post(DOMAIN, {**LEFT, "is_on": "0"}).status_code == 302
    assert not policies.of([user])[user.pk].is_on
    client.post(f"{DOMAIN}senders/", {"lines": "@win.test", "do": "block"})
    assert SenderRule.objects.get().domain == user.domain
    actions = AuditEntry.objects.filter(domain=user.domain_id).values_list("action", flat=True)
    assert {"junk-settings-changed", "senders-changed"} <= set(actions)
    other = Domain.objects.create(name="other.test")
    assert client.get(f"/settings/system/domains/{other.pk}/junk/").status_code == 404
