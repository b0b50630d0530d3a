"""Compose as a browser without scripts, and as the script, meets it."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import default
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.models import User
from connectivity.models import Feature, FeatureSwitch
from mailstore.models import Message
from smtp_accounts.models import Draft, OutboxMessage, SmtpAccount
from standin.smtp import SmtpServer
from tests.senders import key_of, local_key
from tests.webmail.writing import (
    ClientFor,
    fields_of,
    opened,
    send_due,
)


@pytest.mark.accept("A16", "A35")
def test_send_from_lists_every_account_and_a_reply_chooses_the_right_one(
    user: User,
    account: SmtpAccount,
    letter: Message,
    client_for: ClientFor,
    open_server: SmtpServer,
) -> None:
    browser = client_for(user)
    page, fields, action = opened(browser, f"?reply={letter.pk}")
    assert "Send From" in page
    senders = page.partition("</select>")[0]
    assert re.findall(r'<option value="(\d+)"', senders) == [local_key(user), key_of(account)]
    assert fields["sender"] == key_of(account)
    assert "because it was sent there" in page
    assert fields["to"] == '"Ekdahl, Jonas" <jonas@harbourline.test>'
    assert fields["cc"] == ""
    assert fields["subject"] == "Re: Lease <script>alert(1)</script>"
    assert "<script>alert(1)" not in page
    assert fields["body"].endswith("Ekdahl, Jonas wrote:\n> The meter readings are missing.\n")
    answer = browser.post(action, {**fields, "body": "Here.\r\n" + fields["body"]})
    assert answer["Location"] == reverse("outbox")
    send_due()
    (taken,) = open_server.accepted
    assert taken.sender == "mara@provider.test"
    said = message_from_bytes(taken.raw, policy=default)
    assert said["From"] == "Mara at work <mara@provider.test>"
    assert said["References"] == "<lease-1@harbourline.test> <lease-4@harbourline.test>"
    letter.refresh_from_db()
    assert letter.is_answered


def test_a_reply_to_all_leaves_every_own_address_out(
    user: User, account: SmtpAccount, letter: Message, client_for: ClientFor
) -> None:
    _page, fields, _action = opened(client_for(user), f"?reply_all={letter.pk}")
    assert fields["to"] == '"Ekdahl, Jonas" <jonas@harbourline.test>'
    assert fields["cc"] == "Anneke <anneke@harbourline.test>"


def test_a_forward_takes_the_files_along(
    user: User,
    account: SmtpAccount,
    letter: Message,
    client_for: ClientFor,
    open_server: SmtpServer,
) -> None:
    browser = client_for(user)
    page, fields, action = opened(browser, f"?forward={letter.pk}")
    (keep,) = re.findall(r'name="keep" value="(\d+)" checked', page)
    assert "---------- Forwarded message ----------\nFrom: Ekdahl, Jonas" in fields["body"]
    assert fields["to"] == ""
    browser.post(action, {**fields, "keep": keep, "to": "bob@elsewhere.test"})
    send_due()
    said = message_from_bytes(open_server.accepted[0].raw, policy=default)
    (part,) = said.iter_attachments()
    assert (part.get_filename(), part.get_content()) == ("plan.pdf", b"%PDF-1.4\n")
    assert said["In-Reply-To"] is None
    letter.refresh_from_db()
    assert (letter.is_forwarded, letter.is_answered) == (True, False)


def test_bcc_reaches_its_recipient_and_nobody_learns_of_it(
    user: User, account: SmtpAccount, client_for: ClientFor, open_server: SmtpServer
) -> None:
    browser = client_for(user)
    _page, fields, action = opened(browser, "?to=bob@elsewhere.test&subject=Hi")
    browser.post(action, {**fields, "sender": key_of(account), "bcc": "secret@elsewhere.test"})
    send_due()
    (taken,) = open_server.accepted
    assert taken.recipients == ("bob@elsewhere.test", "secret@elsewhere.test")
    assert b"secret" not in taken.raw
    assert b"bcc" not in taken.raw.lower()


@pytest.mark.parametrize("field", ["to", "cc", "bcc", "subject"])
@pytest.mark.parametrize(
    "payload", ["\r\nBcc: x@evil.test", "\nX-Evil: 1", "\x00", "\u2028X-Evil: 1"]
)
def test_nothing_typed_becomes_a_header_or_a_recipient(
    user: User,
    account: SmtpAccount,
    client_for: ClientFor,
    open_server: SmtpServer,
    field: str,
    payload: str,
) -> None:
    browser = client_for(user)
    _page, fields, action = opened(browser)
    fields |= {"to": "bob@elsewhere.test", "subject": "Hi", "sender": key_of(account)}
    browser.post(action, {**fields, field: fields[field] + payload})
    send_due()
    for taken in open_server.accepted:
        assert "x@evil.test" not in taken.recipients
        head = taken.raw.partition(b"\r\n\r\n")[0]
        names = {line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] not in b" \t"}
        assert not names & {b"Bcc", b"X-Evil"}


def test_slips_are_told_at_their_field_and_nothing_is_lost(
    user: User, account: SmtpAccount, client_for: ClientFor
) -> None:
    browser = client_for(user)
    _page, fields, action = opened(browser)
    typed = {**fields, "to": "bob@exmaple", "cc": "c@x", "body": "Long thoughts", "subject": "S"}
    answer = browser.post(action, {**typed, "sender": key_of(account)})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "“bob@exmaple” is not a mail address." in page
    assert "“c@x” is not a mail address." in page
    kept = fields_of(page)
    assert {name: kept[name] for name in ("to", "cc", "body", "subject")} == {
        "to": "bob@exmaple",
        "cc": "c@x",
        "body": "Long thoughts",
        "subject": "S",
    }
    assert not OutboxMessage.objects.exists()
    assert Draft.objects.open().get().body == "Long thoughts"


def test_what_may_be_forgotten_is_asked_about_once(
    user: User, account: SmtpAccount, client_for: ClientFor
) -> None:
    browser = client_for(user)
    _page, fields, action = opened(browser, "?to=bob@elsewhere.test&body=The plan is attached.")
    fields["sender"] = key_of(account)
    first = browser.post(action, fields)
    assert "There is no subject." in first.content.decode()
    fields = fields_of(first.content.decode())
    second = browser.post(action, {**fields, "sure": "subject"})
    assert "You wrote about an attachment, but none is here." in second.content.decode()
    fields = fields_of(second.content.decode())
    assert browser.post(action, {**fields, "sure": ["subject", "attachment"]}).status_code == 302
    assert OutboxMessage.objects.count() == 1


def test_a_broken_account_is_listed_with_its_reason_and_nothing_steps_in(
    user: User, account: SmtpAccount, letter: Message, client_for: ClientFor
) -> None:
    SmtpAccount.objects.update(cause="login-refused")
    browser = client_for(user)
    page, fields, action = opened(browser, f"?reply={letter.pk}")
    assert re.search(rf'<option value="{key_of(account)}" selected disabled>', page)
    assert "Cannot send: Sign-in was refused" in page
    assert fields["sender"] == key_of(account)
    # Neither what the page posts nor an empty choice sends it from somewhere else.
    for sender in ("", key_of(account)):
        answer = browser.post(action, {**fields, "sender": sender})
        assert answer.status_code == 422
    assert not OutboxMessage.objects.exists()
    # What was written is kept, with the sender it was written for.
    assert Draft.objects.get().identity.account == account


def test_a_draft_keeps_its_sender_where_accounts_are_switched_off(
    user: User, account: SmtpAccount, client_for: ClientFor
) -> None:
    browser = client_for(user)
    key = uuid4()
    fields = {"sender": key_of(account), "subject": "Hi", "to": "bob@elsewhere.test"}
    browser.post(reverse("draft-save", args=[key]), fields)
    FeatureSwitch.objects.create(domain=user.domain, feature=Feature.SMTP_ACCOUNTS, enabled=False)
    page = browser.get(reverse("compose-draft", args=[key])).content.decode()
    posted = fields_of(page)
    assert posted["sender"] == key_of(account)
    assert "switched off for your domain" in page
    answer = browser.post(reverse("compose-send", args=[key]), posted)
    assert answer.status_code == 422
    assert "This address can no longer be used. Choose another." in answer.content.decode()
    assert not OutboxMessage.objects.exists()


def test_without_a_relay_the_own_address_says_so_before_sending(
    user: User, account: SmtpAccount, client_for: ClientFor
) -> None:
    browser = client_for(user)
    _page, fields, action = opened(browser, "?to=bob@elsewhere.test&subject=Hi")
    assert fields["sender"] == local_key(user)
    page = browser.post(action, fields).content.decode()
    assert "no relay is set up" in page
    assert not OutboxMessage.objects.exists()


def test_a_double_click_sends_once(
    user: User, account: SmtpAccount, client_for: ClientFor, open_server: SmtpServer
) -> None:
    browser = client_for(user)
    _page, fields, action = opened(browser, "?to=bob@elsewhere.test&subject=Hi")
    fields["sender"] = key_of(account)
    assert browser.post(action, fields)["Location"] == reverse("outbox")
    assert browser.post(action, fields)["Location"] == reverse("outbox")
    send_due()
    assert len(open_server.accepted) == 1
