"""A window sends once: after a lost answer, in two tabs, at the moment somebody else writes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from smtp_accounts.models import Draft, OutboxMessage, SmtpAccount
from smtp_accounts.services import drafts, making, outbox, waiting
from standin.smtp import SmtpServer
from tests.senders import key_of
from tests.webmail.writing import ClientFor, opened, send_due
from webmail.views import sending

SCRIPT = {"X-Part": "window"}


@pytest.fixture
def written(account: SmtpAccount, user: User, client_for: ClientFor) -> tuple[str, dict[str, str]]:
    """Where a window posts to that nobody has sent from yet, and what."""
    _page, fields, action = opened(client_for(user), "?to=bob@elsewhere.test&subject=Hi")
    return action, {**fields, "sender": key_of(account), "body": "Words."}


def test_a_repeated_send_is_one_message(
    user: User, client_for: ClientFor, written: tuple[str, dict[str, str]], open_server: SmtpServer
) -> None:
    """The answer was lost: once while the message waits, once after it is through."""
    browser, (action, fields) = client_for(user), written
    first = browser.post(action, fields, headers=SCRIPT)
    assert browser.post(action, fields, headers=SCRIPT).json() == first.json()
    send_due()
    assert not Draft.objects.exists()
    assert browser.post(action, fields, headers=SCRIPT).status_code == 410
    page = browser.post(action, fields)
    assert page.status_code == 410
    assert "has already been sent" in page.content.decode()
    assert "Words." in page.content.decode()
    assert browser.post(action.replace("/send/", "/save/"), fields).status_code == 410
    send_due()
    assert len(open_server.accepted) == 1
    assert not Draft.objects.exists()


def test_other_words_from_another_tab_are_not_said_to_be_sent(
    user: User, client_for: ClientFor, written: tuple[str, dict[str, str]]
) -> None:
    browser, (action, fields) = client_for(user), written
    browser.post(action, fields, headers=SCRIPT)
    other = {**fields, "body": "Other words."}
    assert browser.post(action, other, headers=SCRIPT).status_code == 410
    page = browser.post(action, other)
    assert "Other words." in page.content.decode()
    browser.post(action, {**other, "action": "both"})
    assert Draft.objects.open().get().body == "Other words."
    assert OutboxMessage.objects.count() == 1


def test_a_message_through_at_once_is_answered_all_the_same(
    user: User,
    client_for: ClientFor,
    written: tuple[str, dict[str, str]],
    open_server: SmtpServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def at_once(seconds: float = 0) -> None:
        send_due()

    User.objects.update(undo_send=0)
    monkeypatch.setattr(sending, "nudge", at_once)
    answer = client_for(user).post(written[0], written[1], headers=SCRIPT)
    assert (answer.status_code, len(open_server.accepted)) == (200, 1)


def test_what_was_taken_back_can_be_sent_from_its_window(
    user: User, client_for: ClientFor, written: tuple[str, dict[str, str]], open_server: SmtpServer
) -> None:
    browser, (action, fields) = client_for(user), written
    browser.post(action, fields, headers=SCRIPT)
    draft = waiting.cancel(message=OutboxMessage.objects.get(), now=timezone.now())
    assert draft is not None
    # Discarded and forgotten, it may still stand in an open window.
    drafts.discard(draft=draft, now=timezone.now())
    drafts.sweep(now=timezone.now() + timedelta(days=1))
    assert browser.post(action, fields, headers=SCRIPT).status_code == 200
    send_due()
    assert len(open_server.accepted) == 1


def test_a_change_while_the_message_is_made_is_not_lost(
    user: User,
    client_for: ClientFor,
    written: tuple[str, dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another tab saves between the reading of the draft and its handing over."""
    browser, (action, fields) = client_for(user), written
    browser.post(action.replace("/send/", "/save/"), fields)
    draft = Draft.objects.get()
    make = making.make

    def slow(**said: object) -> making.Made:
        made = make(**said)  # type: ignore[arg-type] # handed on as it came
        Draft.objects.update(body="Newer.", version=draft.version + 1)
        return made

    monkeypatch.setattr(making, "make", slow)
    with pytest.raises(drafts.ConflictError):
        outbox.submit(user=user, draft=draft, now=timezone.now())
    assert Draft.objects.open().get().body == "Newer."
    assert not OutboxMessage.objects.exists()
