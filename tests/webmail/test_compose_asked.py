"""What the window asks the server for while it is written, and what it posts."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from filtering.services.deliver import Incoming, deliver
from mailstore.models import FolderRole, Message
from mailstore.services import folders
from protocols.body import Body
from smtp_accounts.models import (
    Draft,
    Identity,
    MessageTemplate,
    OutboxMessage,
    Signature,
    SmtpAccount,
)
from smtp_accounts.services import correspondents, identities
from standin.smtp import SmtpServer
from tests.senders import key_of, local_key
from tests.webmail.writing import LETTER, ClientFor, fields_of, opened


def test_people_are_the_users_own_and_forgotten_when_asked(
    user: User, other_user: User, client_for: ClientFor
) -> None:
    now = timezone.now()
    local = identities.local_of(user)
    correspondents.wrote(user, local, ["ruth@okafor.test", "jonas@harbourline.test"], now)
    address = reverse("compose-people")
    browser = client_for(user)
    (found,) = browser.get(address, {"q": "ruth"}).json()["people"]
    assert found == {"name": "", "address": "ruth@okafor.test", "text": "ruth@okafor.test"}
    assert browser.get(address, {"q": " "}).json() == {"people": []}
    assert client_for(other_user).get(address, {"q": "ruth"}).json() == {"people": []}
    browser.post(address, {"forget": "ruth@okafor.test"})
    assert browser.get(address, {"q": "ruth"}).json() == {"people": []}


@pytest.fixture
def work(user: User, account: SmtpAccount) -> Identity:
    """An identity that signs, with an address for replies."""
    made = identities.primary_of(account)
    made.signature = Signature.objects.create(user=user, name="Work", html="<b>Mara</b>, Harbour")
    made.reply_to = "office@provider.test"
    made.save()
    return made


@pytest.mark.accept("A37")
def test_a_sender_comes_with_its_signature_and_address_for_replies(
    user: User, work: Identity, client_for: ClientFor
) -> None:
    browser, address = client_for(user), reverse("compose-sender", args=[uuid4()])
    said = browser.get(address, {"identity": str(work.pk), "kind": "new"}).json()
    assert said["signature"]["id"] == str(work.signature_id)
    assert "<b>Mara</b>" in said["signature"]["html"]
    assert said["signature"]["text"] == "Mara, Harbour"
    assert (said["reply_to"], said["warning"]) == ("office@provider.test", None)
    Signature.objects.update(in_replies=False)
    said = browser.get(address, {"identity": str(work.pk), "kind": "reply"}).json()
    assert said["signature"] == {"id": "", "html": "", "text": ""}
    # One chosen by hand counts for replies, too; so does none.
    asked = {"identity": str(work.pk), "kind": "reply", "signature": str(work.signature_id)}
    assert browser.get(address, asked).json()["signature"]["text"] == "Mara, Harbour"
    said = browser.get(address, {"identity": str(work.pk), "signature": "0"}).json()
    assert said["signature"]["id"] == ""


def test_what_people_are_used_to_is_told_for_a_message_of_its_own(
    user: User, other_user: User, work: Identity, client_for: ClientFor
) -> None:
    correspondents.wrote(user, work, ["ruth@okafor.test", "jo@okafor.test"], timezone.now())
    browser, address = client_for(user), reverse("compose-sender", args=[uuid4()])
    asked = {"identity": local_key(user), "kind": "new", "to": ["Ruth <ruth@okafor.test>"]}
    assert browser.get(address, asked).json()["usual"] == {
        "text": f"You last wrote to ruth@okafor.test from {work.address}.",
        "instead": str(work.pk),
        "address": work.address,
    }
    both = browser.get(address, {**asked, "to": ["ruth@okafor.test", "jo@okafor.test"]}).json()
    assert both["usual"]["text"] == f"You last wrote to them from {work.address}."
    for other in ({"kind": "reply"}, {"identity": str(work.pk)}, {"to": ["new@okafor.test"]}):
        assert browser.get(address, {**asked, **other}).json()["usual"] is None
    theirs = {**asked, "identity": local_key(other_user)}
    assert client_for(other_user).get(address, theirs).json()["usual"] is None


def test_nobody_signs_as_somebody_else(
    user: User, other_user: User, work: Identity, client_for: ClientFor
) -> None:
    address = reverse("compose-sender", args=[uuid4()])
    theirs = client_for(other_user)
    assert theirs.get(address, {"identity": str(work.pk)}).status_code == 404
    asked = {"identity": local_key(other_user), "signature": str(work.signature_id)}
    assert theirs.get(address, asked).status_code == 404
    for wrong in ("", "x", "9" * 30, "-1"):
        assert theirs.get(address, {"identity": wrong}).status_code == 404


def test_a_conversation_that_knows_another_address_is_warned_of_once(
    user: User, work: Identity, letter: Message, client_for: ClientFor, open_server: SmtpServer
) -> None:
    """The letter came to both addresses of the user; a third one is a stranger in it."""
    stranger = Identity.objects.create(
        user=user, account=work.account, address="club@provider.test"
    )
    browser = client_for(user)
    _page, fields, action = opened(browser, f"?reply={letter.pk}")
    asked = {
        "identity": str(stranger.pk),
        "original": str(letter.pk),
        "to": "jonas@harbourline.test",
    }
    said = browser.get(reverse("compose-sender", args=[uuid4()]), asked).json()["warning"]
    assert "Nobody in it has seen club@provider.test." in said["text"]
    assert said["address"] == "mara@provider.test"
    fields["sender"] = str(stranger.pk)
    first = browser.post(action, fields)
    assert first.status_code == 422
    assert "Nobody in it has seen club@provider.test." in first.content.decode()
    fields = fields_of(first.content.decode())
    assert browser.post(action, {**fields, "sure": "identity"}).status_code == 302
    assert OutboxMessage.objects.get().from_address == "club@provider.test"


def test_an_edited_signature_is_told_from_the_kept_one(
    user: User, other_user: User, work: Identity, client_for: ClientFor
) -> None:
    mine = Signature.objects.create(user=user, name="Mine", html="<div>Mara <b>Lind</b></div>")
    theirs = Signature.objects.create(user=other_user, name="Theirs", html="<div>Secret</div>")
    address = reverse("compose-sender", args=[uuid4()])

    def was(signed: object) -> object:
        query = {"identity": str(work.pk), "signed": str(signed)}
        return client_for(user).get(address, query).json()["was"]

    assert was(mine.pk) == {"html": mine.html, "text": "Mara Lind"}
    assert [was(one) for one in (theirs.pk, "", "x", "9" * 30)] == [None] * 4


def test_templates_are_kept_and_listed(user: User, other_user: User, client_for: ClientFor) -> None:
    browser, address = client_for(user), reverse("compose-templates")
    sent = {"name": " Offer  2026", "subject": "Our offer", "html": "<p>Dear<script>x</script></p>"}
    assert "Offer 2026" in browser.post(address, sent).json()["text"]
    (listed,) = browser.get(address).json()["templates"]
    assert listed == {"id": listed["id"], "name": "Offer 2026", "hint": "Our offer"}
    kept = browser.get(address, {"id": listed["id"]}).json()
    assert (kept["subject"], kept["text"].strip()) == ("Our offer", "Dear")
    assert "script" not in kept["html"]
    for unknown in ("0", "x", "9" * 30):
        assert browser.get(address, {"id": unknown}).status_code == 404
    assert client_for(other_user).get(address, {"id": listed["id"]}).status_code == 404
    again = browser.post(address, sent)
    assert again.status_code == 422
    assert again.json()["error"] == "You have a template of this name."
    assert browser.post(address, {"name": " "}).status_code == 422
    browser.post(address, {"name": "Plain", "text": "One\n\nTwo"})
    assert MessageTemplate.objects.get(name="Plain").html != ""
    hints = [one["hint"] for one in browser.get(address).json()["templates"]]
    assert hints == ["Our offer", "One Two"]
    assert client_for(other_user).get(address).json() == {"templates": []}


def test_every_field_of_the_window_is_kept(
    user: User, work: Identity, client_for: ClientFor
) -> None:
    browser, key = client_for(user), uuid4()
    sent = {
        "sender": str(work.pk), "by_hand": "1", "reason": "default", "to": "bob@elsewhere.test",
        "subject": "All", "body": "Words", "html": "<p>Words <b>here</b><script>x</script></p>",
        "mode": "html", "importance": "high", "wants_receipt": "1", "wants_dsn": "1",
        "send_at": "2030-01-01T08:00", "remind_after": "7",
    }  # fmt: skip
    assert browser.post(reverse("draft-save", args=[key]), sent).status_code == 200
    kept = Draft.objects.get()
    assert (kept.identity, kept.is_by_hand, kept.importance) == (work, True, "high")
    assert (kept.wants_receipt, kept.wants_dsn, kept.remind_after) == (True, True, 7)
    assert "<b>here</b>" in kept.html
    assert "script" not in kept.html
    assert kept.body.strip() == "Words here"
    page = browser.get(reverse("compose-draft", args=[key])).content.decode()
    posted = fields_of(page)
    assert (posted["send_at"], posted["importance"]) == ("2030-01-01T08:00", "high")
    assert posted["remind_after"] == "7"
    assert "Words &lt;b&gt;here&lt;/b&gt;" in page
    # Without a script: the words were left alone, so their formatting is, too.
    plain = {**posted, "mode": "", "wants_receipt": ""}
    browser.post(reverse("draft-save", args=[key]), plain)
    kept.refresh_from_db()
    assert ("<b>here</b>" in kept.html, kept.wants_receipt) == (True, False)
    changed = {**plain, "body": "Other words", "version": kept.version}
    browser.post(reverse("draft-save", args=[key]), changed)
    kept.refresh_from_db()
    assert (kept.html, kept.body) == ("", "Other words")


def test_a_message_is_sent_later_without_a_script(
    user: User, account: SmtpAccount, client_for: ClientFor
) -> None:
    browser = client_for(user)
    _page, fields, action = opened(browser, "?to=bob@elsewhere.test&subject=Hi")
    fields |= {"sender": key_of(account)}
    assert browser.post(action, {**fields, "later": "2030-01-01T08:00"}).status_code == 302
    message = OutboxMessage.objects.get()
    assert message.is_scheduled
    assert message.not_before.isoformat() == "2030-01-01T08:00:00+00:00"
    over = browser.post(
        reverse("compose-send", args=[uuid4()]), {**fields, "send_at_own": "2020-01-01T08:00"}
    )
    assert "This time is over." in over.content.decode()
    wrong = browser.post(reverse("compose-send", args=[uuid4()]), {**fields, "send_at_own": "soon"})
    assert wrong.status_code == 422
    assert "This is no date and time." in wrong.content.decode()
    assert OutboxMessage.objects.count() == 1


def test_both_versions_are_kept_without_a_script(
    user: User, account: SmtpAccount, client_for: ClientFor
) -> None:
    browser, key = client_for(user), uuid4()
    save, send = reverse("draft-save", args=[key]), reverse("compose-send", args=[key])
    fields = {"sender": local_key(user), "subject": "One"}
    browser.post(save, fields)
    browser.post(save, {**fields, "subject": "Two", "version": 1})
    page = browser.post(send, {**fields, "subject": "Three", "version": 1})
    assert page.status_code == 409
    posted = fields_of(page.content.decode())
    assert browser.post(send, {**posted, "action": "both"}).status_code == 302
    assert set(Draft.objects.values_list("subject", flat=True)) == {"Two", "Three"}
    assert Draft.objects.get(key=key).subject == "Two"


def test_an_answer_is_sent_and_archived(
    user: User, account: SmtpAccount, letter: Message, client_for: ClientFor
) -> None:
    browser = client_for(user)
    _page, fields, action = opened(browser, f"?reply={letter.pk}")
    said = browser.post(
        action, {**fields, "action": "send-archive"}, headers={"X-Part": "window"}
    ).json()
    letter.refresh_from_db()
    assert letter.folder.role == FolderRole.ARCHIVE
    browser.post(reverse("mail-undo"), {"token": said["archived"]})
    letter.refresh_from_db()
    assert letter.folder.role == FolderRole.INBOX


def test_a_window_that_was_never_stored_is_opened_again_by_its_key(
    user: User, other_user: User, client_for: ClientFor
) -> None:
    browser, key = client_for(user), uuid4()
    page = browser.get(reverse("compose"), {"key": str(key)}).content.decode()
    assert reverse("draft-save", args=[key]) in page
    fields = {"sender": local_key(user), "subject": "Found again"}
    browser.post(reverse("draft-save", args=[key]), fields)
    page = browser.get(reverse("compose"), {"key": str(key)}).content.decode()
    assert fields_of(page)["subject"] == "Found again"
    assert client_for(other_user).get(reverse("compose"), {"key": str(key)}).status_code == 404
    assert browser.get(reverse("compose"), {"key": "x"}).status_code == 404


@pytest.mark.parametrize("is_exact", [True, False])
def test_the_exact_address_a_message_came_to_is_offered(
    user: User,
    account: SmtpAccount,
    client_for: ClientFor,
    open_server: SmtpServer,
    *,
    is_exact: bool,
) -> None:
    """A plus address was written to: the answer starts from it, or from the address proper."""
    inbox = folders.special(user, FolderRole.INBOX)
    letter = LETTER.replace(b"mara@provider.test", b"mara+shop@provider.test")
    letter = letter.replace(b", mara@example.test", b"")
    came = deliver([Incoming(Body.of(letter), inbox)], now=timezone.now())[0]
    browser = client_for(user)
    page, fields, action = opened(browser, f"?reply={came.pk}")
    assert "This conversation was sent to mara+shop@provider.test" in page
    assert "Mara at work &lt;mara+shop@provider.test&gt;" in page
    assert 'name="from_address" value="mara+shop@provider.test" checked' in page
    address = "mara+shop@provider.test" if is_exact else ""
    browser.post(action, {**fields, "body": "Here.", "from_address": address})
    sent = OutboxMessage.objects.get()
    assert sent.from_address == (address or "mara@provider.test")


def test_without_a_script_another_sender_brings_what_is_its_own(
    user: User, work: Identity, client_for: ClientFor
) -> None:
    """Such a browser posts whom the window was from, and whom its list has now."""
    browser = client_for(user)
    _page, fields, action = opened(browser, "?to=bob@elsewhere.test&subject=Hi")
    fields |= {"body": f"Hello.{fields['body']}", "action": "save", "from_address": user.email}
    page = browser.post(action, {**fields, "sender": [local_key(user), str(work.pk)]}, follow=True)
    kept = Draft.objects.get()
    assert kept.body.split("\n") == ["Hello.", "", "-- ", "Mara, Harbour", ""]
    assert (kept.identity, kept.is_by_hand, kept.from_address) == (work, True, "")
    assert "Default From</span>" not in page.content.decode()
    fields = fields_of(page.content.decode()) | {"action": "save"}
    browser.post(action, {**fields, "sender": [str(work.pk), local_key(user)]})
    kept.refresh_from_db()
    assert (kept.body.strip(), kept.identity_reason) == ("Hello.", "")


def test_nobody_writes_from_an_address_that_is_not_theirs(
    user: User, account: SmtpAccount, client_for: ClientFor
) -> None:
    browser = client_for(user)
    _page, fields, action = opened(browser, "?to=bob@elsewhere.test&subject=Hi")
    for address in ("boss@provider.test", "x@evil.test", "mara@provider.test\r\nBcc: x@evil.test"):
        answer = browser.post(
            action, {**fields, "sender": key_of(account), "from_address": address}
        )
        assert answer.status_code == 422
        fields["version"] = fields_of(answer.content.decode())["version"]
    assert not OutboxMessage.objects.exists()
