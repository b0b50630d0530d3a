"""Compose as a browser without scripts, and as the script, meets it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from connectivity.models import Feature, FeatureSwitch
from filtering.services.deliver import Incoming, deliver
from mailstore.models import FolderRole, Message
from mailstore.services import blobs, folders
from protocols.body import Body
from smtp_accounts.models import Draft, OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.services import delivery, outbox, queue
from standin.certs import TlsFiles
from standin.smtp import SmtpServer

ClientFor = Callable[[User], Client]
LETTER = b"""From: "Ekdahl, Jonas" <jonas@harbourline.test>\r
To: Mara <mara@provider.test>, mara@example.test\r
Cc: Anneke <anneke@harbourline.test>\r
Subject: Lease <script>alert(1)</script>\r
Message-ID: <lease-4@harbourline.test>\r
References: <lease-1@harbourline.test>\r
Date: Thu, 20 Nov 2026 09:38:00 +0100\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: text/plain; charset=utf-8; format=flowed\r
\r
The meter readings \r
are missing.\r
--b\r
Content-Type: application/pdf\r
Content-Disposition: attachment; filename="plan.pdf"\r
Content-Transfer-Encoding: base64\r
\r
JVBERi0xLjQK\r
--b--\r
"""


@pytest.fixture
def account(
    user: User, smtp_server: SmtpServer, tls_files: TlsFiles, settings: Settings
) -> SmtpAccount:
    settings.CONNECTIVITY_CA_FILE = str(tls_files.ca_file)
    return SmtpAccount.objects.create(
        user=user,
        display_name="Mara at work",
        host="localhost",
        port=smtp_server.port,
        encryption="none",
        email="mara@provider.test",
        use_authentication=False,
    )


@pytest.fixture
def open_server(tls_files: TlsFiles, account: SmtpAccount) -> Iterator[SmtpServer]:
    """The account's server, which wants no sign-in."""
    with SmtpServer({}, tls=tls_files.good, auth_required=False) as server:
        SmtpAccount.objects.update(port=server.port)
        yield server


@pytest.fixture
def letter(user: User) -> Message:
    inbox = folders.special(user, FolderRole.INBOX)
    return deliver([Incoming(Body.of(LETTER), inbox)], now=timezone.now())[0]


def fields_of(page: str) -> dict[str, str]:
    """What a browser would post back from the form of a page."""
    form = page[page.index("<compose-window") : page.index("</compose-window>")]
    posted = {}
    for tag in re.findall(r"<input[^>]*>", form):
        kind = re.search(r'type="(\w+)"', tag)
        if kind and kind[1] in ("file", "checkbox"):
            continue
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name:
            posted[name[1]] = html.unescape(value[1]) if value else ""
    body = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", form, re.S)
    posted["body"] = html.unescape(body[1]) if body else ""
    chosen = re.search(r'<option value="([^"]*)" selected>', form)
    if chosen:
        posted["sender"] = chosen[1]
    return posted


def opened(browser: Client, query: str = "") -> tuple[str, dict[str, str], str]:
    """A new window: its page, its fields, and where they are posted to."""
    page = browser.get(reverse("compose") + query).content.decode()
    action = re.search(r'action="(/compose/[^"]*/send/)"', page)
    assert action
    return page, fields_of(page), action[1]


def send_due() -> None:
    now = timezone.now() + timedelta(seconds=11)
    for pk, fence in queue.claim_due(now=now):
        delivery.deliver_one(outbox_id=pk, fence=fence, clock=lambda: now)


@pytest.mark.accept("A35")
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
    assert re.findall(r'<option value="(\w+)"', page) == ["local", str(account.pk)]
    assert fields["sender"] == str(account.pk)
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
    browser.post(action, {**fields, "sender": str(account.pk), "bcc": "secret@elsewhere.test"})
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
    fields |= {"to": "bob@elsewhere.test", "subject": "Hi", "sender": str(account.pk)}
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
    answer = browser.post(action, {**typed, "sender": str(account.pk)})
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
    fields["sender"] = str(account.pk)
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
    assert re.search(rf'<option value="{account.pk}" selected disabled>', page)
    assert "Cannot send: Sign-in was refused" in page
    assert fields["sender"] == str(account.pk)
    # Neither what the page posts nor an empty choice sends it from somewhere else.
    for sender in ("", str(account.pk)):
        answer = browser.post(action, {**fields, "sender": sender})
        assert answer.status_code == 422
    assert not OutboxMessage.objects.exists()
    # What was written is kept, with the sender it was written for.
    assert Draft.objects.get().account == account


def test_a_draft_keeps_its_sender_where_accounts_are_switched_off(
    user: User, account: SmtpAccount, client_for: ClientFor
) -> None:
    browser = client_for(user)
    key = uuid4()
    fields = {"sender": str(account.pk), "subject": "Hi", "to": "bob@elsewhere.test"}
    browser.post(reverse("draft-save", args=[key]), fields)
    FeatureSwitch.objects.create(domain=user.domain, feature=Feature.SMTP_ACCOUNTS, enabled=False)
    page = browser.get(reverse("compose-draft", args=[key])).content.decode()
    posted = fields_of(page)
    assert posted["sender"] == str(account.pk)
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
    assert fields["sender"] == "local"
    page = browser.post(action, fields).content.decode()
    assert "no relay is set up" in page
    assert not OutboxMessage.objects.exists()


def test_a_double_click_sends_once(
    user: User, account: SmtpAccount, client_for: ClientFor, open_server: SmtpServer
) -> None:
    browser = client_for(user)
    _page, fields, action = opened(browser, "?to=bob@elsewhere.test&subject=Hi")
    fields["sender"] = str(account.pk)
    assert browser.post(action, fields)["Location"] == reverse("outbox")
    assert browser.post(action, fields)["Location"] == reverse("outbox")
    send_due()
    assert len(open_server.accepted) == 1


def test_saving_tells_of_another_window(
    user: User, account: SmtpAccount, client_for: ClientFor
) -> None:
    browser = client_for(user)
    save = reverse("draft-save", args=[uuid4()])
    fields = {"sender": "local", "subject": "One", "version": "0"}
    first = browser.post(save, fields).json()
    assert first["version"] == 1
    # The answer to the first save was lost: the same again is no conflict.
    assert browser.post(save, fields).json()["version"] == 1
    assert browser.post(save, {**fields, "subject": "Two", "version": 1}).json()["version"] == 2
    late = browser.post(save, {**fields, "subject": "Three", "version": 1})
    assert (late.status_code, late.json()) == (409, {"version": 2})
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
    got = browser.get(reverse("draft-file", args=[draft.key, stored.pk]))
    assert b"".join(got.streaming_content) == b"abc"  # type: ignore[attr-defined]  # it streams
    assert got["Content-Type"] == "application/octet-stream"
    assert got["Content-Disposition"].startswith("attachment")
    settings.MAX_SEND_SIZE = 2000
    refused = browser.post(
        reverse("draft-attach", args=[draft.key]),
        {"files": [SimpleUploadedFile("big.bin", b"x" * 3000)]},
    )
    assert refused.status_code == 422
    assert "This one was not added." in refused.json()["error"]
    assert draft.attachments.count() == 1
    browser.post(reverse("draft-detach", args=[draft.key, stored.pk]))
    assert not draft.attachments.exists()


def test_discarding_can_be_undone(user: User, account: SmtpAccount, client_for: ClientFor) -> None:
    browser = client_for(user)
    key = uuid4()
    browser.post(reverse("draft-save", args=[key]), {"sender": "local", "subject": "Keep"})
    undo = browser.post(reverse("draft-discard", args=[key])).json()["undo"]
    assert not Draft.objects.open().exists()
    assert browser.post(undo).json()["open"] == reverse("compose-draft", args=[key])
    assert Draft.objects.open().get().subject == "Keep"


def test_drafts_are_listed_in_their_folder(
    user: User, account: SmtpAccount, client_for: ClientFor
) -> None:
    browser = client_for(user)
    key = uuid4()
    fields = {"sender": "local", "subject": "<b>Unfinished</b>", "to": "bob@elsewhere.test"}
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
    browser.post(action, {**fields, "sender": str(account.pk)})
    return OutboxMessage.objects.get()


def test_undo_send_opens_the_draft_again(
    user: User, sent: OutboxMessage, client_for: ClientFor
) -> None:
    browser = client_for(user)
    address = reverse("outbox-action", args=[sent.pk, "cancel"])
    assert sent.draft is not None
    key = sent.draft.key
    answer = browser.post(address, headers={"X-Part": "json"})
    assert answer.json() == {"open": reverse("compose-draft", args=[key])}
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
    browser.post(reverse("draft-save", args=[key]), {"sender": "local", "subject": "Mine"})
    upload = SimpleUploadedFile("a.txt", b"abc")
    browser.post(reverse("draft-attach", args=[key]), {"files": [upload]})
    file = Draft.objects.get(key=key).attachments.get()
    fields = {"sender": "local", "subject": "Theirs", "version": "1"}
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
        reverse("draft-attach", args=[key]),
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
    assert outbox.count(other_user) == 0


def test_anothers_account_and_message_cannot_be_named(
    user: User, other_user: User, account: SmtpAccount, letter: Message, client_for: ClientFor
) -> None:
    stranger = client_for(other_user)
    key = uuid4()
    refused = stranger.post(reverse("draft-save", args=[key]), {"sender": str(account.pk)})
    assert refused.status_code == 422
    fields = {"sender": "local", "kind": "forward", "original": str(letter.pk), "keep": "0"}
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
