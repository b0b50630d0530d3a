"""Drafts that are kept, and the outbox as its owner and others meet it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from mailstore.models import FolderRole, Message
from mailstore.services import blobs, folders
from smtp_accounts.models import Draft, OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.services import waiting
from tests.senders import key_of, local_key
from tests.webmail.writing import (
    ClientFor,
    fields_of,
    opened,
)


def test_saving_tells_of_another_window(
    user: User, account: SmtpAccount, client_for: ClientFor
) -> None:
    browser = client_for(user)
    save = reverse("draft-save", args=[uuid4()])
    fields = {"sender": local_key(user), "subject": "One", "version": "0"}
    first = browser.post(save, fields).json()
    assert first["version"] == 1
    # The answer to the first save was lost: the same again is no conflict.
    assert browser.post(save, fields).json()["version"] == 1
    assert browser.post(save, {**fields, "subject": "Two", "version": 1}).json()["version"] == 2
    late = browser.post(save, {**fields, "subject": "Three", "version": 1})
    assert (late.status_code, late.json()["version"]) == (409, 2)
    assert late.json()["values"]["subject"] == "Two"
    assert Draft.objects.get().subject == "Two"
    page = browser.post(save.replace("save", "send"), {**fields, "subject": "Three", "version": 1})
    assert page.status_code == 409
    assert "changed in another window" in page.content.decode()
    assert fields_of(page.content.decode())["subject"] == "Three"


def test_files_are_put_in_and_taken_out(
    user: User, account: SmtpAccount, client_for: ClientFor, settings: Settings
) -> None:
    browser = client_for(user)
    _page, fields, action = opened(browser)
    upload = SimpleUploadedFile("../a\u202e.txt", b"abc", "text/html")
    browser.post(action, {**fields, "action": "attach", "files": [upload]})
    draft = Draft.objects.get()
    stored = draft.attachments.get()
    assert stored.filename == "a.txt"
    address = reverse("draft-file", args=[draft.key, stored.pk])
    shown = browser.get(reverse("compose-draft", args=[draft.key])).content.decode()
    assert f'<a href="{address}" download>a.txt</a>' in shown
    got = browser.get(address)
    assert b"".join(got.streaming_content) == b"abc"  # type: ignore[attr-defined]  # it streams
    assert got["Content-Type"] == "application/octet-stream"
    assert got["Content-Disposition"].startswith("attachment")
    settings.MAX_SEND_SIZE = 2000
    big = SimpleUploadedFile("big.bin", b"x" * 3000)
    again = {**fields, "version": str(draft.version), "action": "attach", "files": [big]}
    refused = browser.post(action, again)
    assert refused.status_code == 422
    assert "This one was not added." in refused.content.decode()
    assert draft.attachments.count() == 1
    browser.post(reverse("draft-detach", args=[draft.key, stored.pk]))
    assert not draft.attachments.exists()


def test_discarding_can_be_undone(user: User, account: SmtpAccount, client_for: ClientFor) -> None:
    browser = client_for(user)
    key = uuid4()
    browser.post(reverse("draft-save", args=[key]), {"sender": local_key(user), "subject": "Keep"})
    undo = browser.post(reverse("draft-discard", args=[key])).json()["undo"]
    assert not Draft.objects.open().exists()
    assert browser.post(undo).json()["open"] == reverse("compose-draft", args=[key])
    assert Draft.objects.open().get().subject == "Keep"


def test_drafts_are_listed_in_their_folder(
    user: User, account: SmtpAccount, client_for: ClientFor
) -> None:
    browser = client_for(user)
    key = uuid4()
    fields = {"sender": local_key(user), "subject": "<b>Unfinished</b>", "to": "bob@elsewhere.test"}
    browser.post(reverse("draft-save", args=[key]), fields)
    folder = folders.special(user, FolderRole.DRAFTS)
    page = browser.get(reverse("mail-folder", args=[folder.pk])).content.decode()
    assert "&lt;b&gt;Unfinished&lt;/b&gt;" in page
    assert reverse("compose-draft", args=[key]) in page


@pytest.fixture
def sent(user: User, account: SmtpAccount, client_for: ClientFor) -> OutboxMessage:
    """A message that was handed to the outbox."""
    browser = client_for(user)
    _page, fields, action = opened(browser, "?to=bob@elsewhere.test&subject=Hi")
    browser.post(action, {**fields, "sender": key_of(account)})
    return OutboxMessage.objects.get()


def test_undo_send_opens_the_draft_again(
    user: User, sent: OutboxMessage, client_for: ClientFor
) -> None:
    browser = client_for(user)
    address = reverse("outbox-action", args=[sent.pk, "cancel"])
    assert sent.draft is not None
    key = sent.draft.key
    answer = browser.post(address, headers={"X-Part": "json"})
    opens = reverse("compose-draft", args=[key])
    assert answer.json() == {"open": opens, "text": "The message is back in Drafts."}
    assert browser.get(answer.json()["open"]).status_code == 200
    late = browser.post(address, headers={"X-Part": "json"})
    assert late.status_code == 409


def test_an_uncertain_message_is_the_senders_to_decide(
    user: User, sent: OutboxMessage, client_for: ClientFor
) -> None:
    OutboxMessage.objects.update(
        state=OutboxState.UNKNOWN, cause="answer-lost", dot_sent_at=timezone.now()
    )
    sent.recipients.update(state="unknown")
    browser = client_for(user)
    page = browser.get(reverse("outbox")).content.decode()
    assert "It may have arrived or not" in page
    assert "It arrived" in page
    assert "Send again" in page
    browser.post(reverse("outbox-action", args=[sent.pk, "arrived"]))
    sent.refresh_from_db()
    assert sent.state == OutboxState.SENT
    assert Message.objects.filter(user=user, folder__role=FolderRole.SENT).count() == 1


def test_a_long_outbox_costs_no_more_queries(
    user: User,
    sent: OutboxMessage,
    client_for: ClientFor,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(60):
        copy = OutboxMessage.objects.create(
            user=user,
            account=sent.account,
            blob=sent.blob,
            message_id=f"<{number}@x>",
            from_address=sent.from_address,
            state=OutboxState.RETRY,
        )
        copy.recipients.create(address="bob@elsewhere.test", state="deferred", reply="451 no")
    browser = client_for(user)
    with django_assert_max_num_queries(16):
        assert browser.get(reverse("outbox")).content.count(b"451 no") == 60


def test_words_of_servers_are_only_words(
    user: User, sent: OutboxMessage, client_for: ClientFor
) -> None:
    OutboxMessage.objects.update(state=OutboxState.REFUSED, server_line="<img src=x onerror=a>")
    sent.recipients.update(state="refused", reply="550 <script>b</script>")
    page = client_for(user).get(reverse("outbox")).content.decode()
    assert "<script>b" not in page
    assert "<img src=x" not in page
    assert "550 &lt;script&gt;" in page


def test_nobody_reaches_into_anothers_writing(
    user: User,
    other_user: User,
    sent: OutboxMessage,
    letter: Message,
    client_for: ClientFor,
) -> None:
    browser, stranger = client_for(user), client_for(other_user)
    key = uuid4()
    fields = {"sender": local_key(user), "subject": "Mine", "action": "attach"}
    upload = SimpleUploadedFile("a.txt", b"abc")
    browser.post(reverse("compose-send", args=[key]), {**fields, "files": [upload]})
    file = Draft.objects.get(key=key).attachments.get()
    fields = {"sender": local_key(other_user), "subject": "Theirs", "version": "1"}
    for address in (
        reverse("compose-draft", args=[key]),
        reverse("draft-file", args=[key, file.pk]),
        *(f"{reverse('compose')}?{kind}={letter.pk}" for kind in ("reply", "reply_all", "forward")),
    ):
        assert stranger.get(address).status_code == 404, address
    for address in (
        reverse("compose-send", args=[key]),
        reverse("draft-save", args=[key]),
        reverse("draft-discard", args=[key]),
        reverse("draft-restore", args=[key]),
        reverse("draft-upload", args=[key]),
        reverse("draft-detach", args=[key, file.pk]),
        *(
            reverse("outbox-action", args=[sent.pk, do])
            for do in ("cancel", "edit", "again", "now", "arrived", "dismiss")
        ),
    ):
        assert stranger.post(address, fields).status_code == 404, address
        anonymous = Client().post(address, fields)
        assert anonymous["Location"].startswith(reverse("sign-in")), address
    draft = Draft.objects.get(key=key)
    sent.refresh_from_db()
    assert (draft.subject, draft.attachments.count()) == ("Mine", 1)
    assert sent.state == OutboxState.QUEUED
    assert waiting.rows(other_user).count() == 0


def test_anothers_account_and_message_cannot_be_named(
    user: User, other_user: User, account: SmtpAccount, letter: Message, client_for: ClientFor
) -> None:
    stranger = client_for(other_user)
    key = uuid4()
    refused = stranger.post(reverse("draft-save", args=[key]), {"sender": key_of(account)})
    assert refused.status_code == 422
    fields = {
        "sender": local_key(other_user),
        "kind": "forward",
        "original": str(letter.pk),
        "keep": "0",
    }
    stranger.post(reverse("draft-save", args=[key]), fields)
    draft = Draft.objects.get(user=other_user)
    assert draft.original is None
    assert not draft.attachments.exists()


def test_reading_addresses_from_a_link(
    user: User, account: SmtpAccount, client_for: ClientFor
) -> None:
    _page, fields, _action = opened(client_for(user), "?to=a@b.test&cc=c@d.test&subject=S&body=B")
    assert (fields["to"], fields["cc"], fields["subject"], fields["body"]) == (
        "a@b.test",
        "c@d.test",
        "S",
        "B",
    )
    assert client_for(user).get(reverse("compose") + "?reply=x").status_code == 404


def test_a_damaged_original_is_told(
    user: User, account: SmtpAccount, letter: Message, client_for: ClientFor
) -> None:
    (blobs.root() / letter.blob.segment.name).write_bytes(b"")
    answer = client_for(user).get(f"{reverse('compose')}?reply={letter.pk}")
    assert answer.status_code == 302
