"""A draft that goes over to another address signs as that one does; pictures stay in drafts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from mailstore.services import blobs
from protocols.body import Body
from smtp_accounts import quoting, resigned
from smtp_accounts.models import Draft, Identity, Signature, SmtpAccount
from smtp_accounts.services import accounts, identities, outbox, signatures
from smtp_accounts.services.signatures import SignatureValues
from tests.smtp_accounts.conftest import NOW

Drafts = Callable[..., Draft]
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
WAS, NOW_TEXT = "Mara Lind\nStudio", "M. Lind"
QUOTE = '<div data-quote=""><div>Bob wrote:</div><blockquote type="cite">{}</blockquote></div>'


@dataclass
class Signed:
    """An account that signs as "Mara Lind, Studio" and the local address as "M. Lind"."""

    account: SmtpAccount
    local: Identity
    work: Signature
    short: Signature


@pytest.fixture
def signed(user: User, account: SmtpAccount) -> Signed:
    local, mine = identities.local_of(user), identities.primary_of(account)

    def make(name: str, html: str, identity: Identity) -> Signature:
        values = SignatureValues(name, html, identities=frozenset({identity.pk}))
        return signatures.save(user=user, values=values)

    work = make("Work", "<p>Mara Lind<br>Studio</p>", mine)
    short = make("Short", "<p>M. <b>Lind</b></p>", local)
    local.refresh_from_db()
    return Signed(account, local, work, short)


def region(signature: Signature, html: str = "") -> str:
    return f'<div data-signature="{signature.pk}">{html or signature.html}</div>'


def after_removal(signed: Signed, draft: Draft) -> Draft:
    accounts.delete(account=signed.account, replacement=signed.local)
    return Draft.objects.get(pk=draft.pk)


@pytest.mark.accept("A198")
def test_the_signature_goes_with_the_address(signed: Signed, make_draft: Drafts) -> None:
    around = "<p>See &lt;this&gt;&nbsp;table.</p>{}<p>PS: tomorrow.</p>" + QUOTE.format("Old")
    html = around.format(region(signed.work))
    draft = after_removal(signed, make_draft(signed.account, html=html, kind="reply"))
    assert draft.html == around.format(region(signed.short))
    assert "-- \nM. Lind\n" in draft.body
    assert "Studio" not in draft.body
    assert draft.identity == signed.local


@pytest.mark.accept("A198")
@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<p>Hi</p>", id="taken out"),
        pytest.param('<p>Hi</p><div data-signature="1"><p>Mara</p></div>', id="rewritten"),
        pytest.param(
            QUOTE.format('<div data-signature="1"><p>Mara Lind<br>Studio</p></div>'), id="quoted"
        ),
    ],
)
def test_what_its_writer_made_of_it_stays(signed: Signed, make_draft: Drafts, html: str) -> None:
    assert after_removal(signed, make_draft(signed.account, html=html)).html == html


def test_who_signed_nothing_signs_above_the_quote(
    user: User, signed: Signed, make_draft: Drafts
) -> None:
    Identity.objects.filter(account=signed.account).update(signature=None)
    html = f"<p>Hi</p>{QUOTE.format('<p>Old</p>')}"
    draft = after_removal(signed, make_draft(signed.account, html=html))
    assert draft.html == f"<p>Hi</p>{region(signed.short)}{QUOTE.format('<p>Old</p>')}"


def test_a_plain_message_is_signed_anew(signed: Signed, make_draft: Drafts) -> None:
    body = f"Hi\n\n-- \n{WAS}\n\nBob wrote:\n> Mara Lind\n> Studio\n"
    draft = after_removal(signed, make_draft(signed.account, body=body, kind="reply"))
    assert draft.body == f"Hi\n\n-- \n{NOW_TEXT}\n\nBob wrote:\n> Mara Lind\n> Studio\n"


@pytest.mark.parametrize(
    ("text", "was", "now", "is_quoting", "expected"),
    [
        ("Hi\n\n-- \nMara\n", "Mara", "", False, "Hi\n\n"),
        ("-- \nMara", "Mara", "M.", False, "\n-- \nM."),
        ("Hi\n\n-- \nMara Lind\n", "Mara", "M.", False, "Hi\n\n-- \nMara Lind\n"),
        ("Hi\n", "", "M.", False, "Hi\n\n-- \nM.\n"),
        ("Hi\n", "", "M.", True, "Hi\n"),
        ("Hi\n-- \nown words\n", "", "M.", False, "Hi\n-- \nown words\n"),
        ("Hi\n", "Mara", "M.", False, "Hi\n"),
        ("Hi\n", "", "", False, "Hi\n"),
    ],
)
def test_plain_words(text: str, was: str, now: str, is_quoting: bool, expected: str) -> None:
    assert resigned.plain(text, was, now, is_quoting=is_quoting) == expected


def test_plain_words_are_found_where_a_reply_puts_them() -> None:
    body = quoting.signed(quoting.answer("Old", "Bob wrote:"), WAS)
    swapped = resigned.plain(body, WAS, NOW_TEXT, is_quoting=True)
    assert swapped == quoting.signed(quoting.answer("Old", "Bob wrote:"), NOW_TEXT)


@pytest.mark.accept("A37")
def test_a_draft_keeps_the_picture_of_a_signature_that_is_deleted(
    user: User, signed: Signed, make_draft: Drafts, client_for: Callable[[User], Client]
) -> None:
    image = signatures.add_image(signature=signed.work, body=Body.of(PNG))
    signatures.append_image(signed.work, image)
    showing = make_draft(signed.account, html=f"<p>Hi</p>{region(signed.work)}")
    plain = make_draft(signed.account)
    signatures.delete(signed.work)
    [kept] = showing.attachments.all()
    assert not plain.attachments.exists()
    browser = client_for(user)
    page = browser.get(reverse("compose-draft", args=[showing.key])).content.decode()
    address = reverse("draft-inline", args=[showing.key, kept.pk])
    assert address in page
    assert browser.get(address).getvalue() == PNG
    message = outbox.submit(user=user, draft=showing, now=NOW)
    raw = blobs.read(message.blob)
    assert f"Content-ID: <{image.content_id}>".encode() in raw
    assert b"image/png" in raw
