"""Signatures: kept harmless, with their pictures, and chosen for a message."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from mailstore.services import blobs, sweeping
from protocols.body import Body
from smtp_accounts.models import Identity, Signature, SignatureImage, SmtpAccount
from smtp_accounts.services import identities, signatures
from smtp_accounts.services.signatures import (
    MAX_IMAGE,
    MAX_IMAGES,
    NotAPictureError,
    PictureTooLargeError,
    Region,
    SignatureValues,
    TooManyPicturesError,
)
from smtp_accounts.views import signatures as views

ClientFor = Callable[[User], Client]
NEW = "/settings/signatures/new/"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
NASTY = (
    '<div data-signature="7"><p data-quote onclick="x()">Mara <b>Lind</b><script>x()</script></p>'
    '<img src="https://t.test/a.png"></div>'
)


@pytest.fixture
def own(user: User) -> Identity:
    return identities.local_of(user)


def make(user: User, name: str = "Work", **changed: object) -> Signature:
    values: dict[str, object] = {"name": name, "html": "<p>Mara Lind<br>Studio</p>"}
    return signatures.save(user=user, values=SignatureValues(**{**values, **changed}))  # type: ignore[arg-type] # keywords of a test


def posted(**changed: object) -> dict[str, object]:
    typed = {"name": "Work", "html": "<p>Mara <b>Lind</b></p>", "mode": "html", "body": "Mara Lind"}
    return {**typed, "in_replies": "on", **changed}


@pytest.mark.accept("A37", "A167")
@pytest.mark.parametrize("kind", ["new", "reply", "reply-all", "forward"])
def test_an_address_signs_with_its_own_else_with_the_default(
    user: User, own: Identity, account: SmtpAccount, kind: str
) -> None:
    assert signatures.region(own, kind) == Region()
    default = make(user, "Default", is_default=True, html="<p>Everyday</p>")
    work = make(user, identities=frozenset({own.pk}))
    other = identities.primary_of(account)
    own.refresh_from_db()
    assert signatures.region(own, kind) == Region(
        str(work.pk), "<p>Mara Lind<br>Studio</p>", "Mara Lind\nStudio"
    )
    assert signatures.region(other, kind).signature_id == str(default.pk)
    other.is_unsigned = True
    assert signatures.region(other, kind) == Region()


@pytest.mark.accept("A37")
def test_a_signature_may_stay_out_of_replies(user: User, own: Identity) -> None:
    make(user, is_default=True, in_replies=False)
    assert signatures.region(own, "new").text == "Mara Lind\nStudio"
    for kind in ("reply", "reply-all", "forward"):
        assert signatures.region(own, kind) == Region()


def test_one_default_and_one_signature_an_address(user: User, own: Identity) -> None:
    first = make(user, is_default=True, identities=frozenset({own.pk}))
    second = make(user, "Other", is_default=True, identities=frozenset({own.pk}))
    first.refresh_from_db()
    own.refresh_from_db()
    assert (first.is_default, second.is_default) == (False, True)
    assert own.signature == second
    signatures.save(user=user, values=SignatureValues("Other", "<p>x</p>"), signature=second)
    own.refresh_from_db()
    assert own.signature is None


def test_nobody_elses_address_is_given_a_signature(user: User, other_user: User) -> None:
    theirs = identities.local_of(other_user)
    make(user, identities=frozenset({theirs.pk}))
    theirs.refresh_from_db()
    assert theirs.signature is None


def test_what_is_stored_is_harmless(user: User) -> None:
    html = make(user, html=NASTY).html
    assert "Lind</b>" in html
    for bad in ("onclick", "script", " src=", "data-signature", "data-quote"):
        assert bad not in html


@pytest.mark.accept("A37", "A167")
def test_it_is_written_with_its_look_or_as_plain_text(user: User, client_for: ClientFor) -> None:
    browser = client_for(user)
    own = identities.local_of(user)
    page = browser.get(NEW).content.decode()
    assert re.search(r'name="is_default"[^>]* checked', page)
    answer = browser.post(NEW, posted(is_default="on", identities=[str(own.pk)]))
    assert answer.status_code == 302
    kept = Signature.objects.get(user=user)
    assert (kept.html, kept.is_default, kept.in_replies) == ("<p>Mara <b>Lind</b></p>", True, True)
    own.refresh_from_db()
    assert own.signature == kept
    address = reverse("signature-edit", args=[kept.pk])
    # Without a script only the words are there; left as they were, the look stays.
    browser.post(address, posted(mode="", html="", body="Mara Lind\r\n", name="Job"))
    kept.refresh_from_db()
    assert (kept.name, kept.html) == ("Job", "<p>Mara <b>Lind</b></p>")
    browser.post(address, posted(mode="", html="", body="Mara\r\n<Studio>"))
    kept.refresh_from_db()
    assert "&lt;Studio&gt;" in kept.html
    page = browser.get(reverse("signatures")).content.decode()
    assert reverse("signature-preview", args=[kept.pk]) in page


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"html": "x" * 100_001}, "body"),
        ({"identities": "99"}, "identities"),
    ],
)
def test_bad_input_is_shown_where_it_is_and_nothing_is_lost(
    user: User, client_for: ClientFor, changed: dict[str, object], field: str
) -> None:
    answer = client_for(user).post(NEW, posted(body="Kept words", **changed))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in page
    assert "Kept words" in page
    assert not Signature.objects.exists()


def test_there_is_an_end_of_them(
    user: User, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(user)
    monkeypatch.setattr(views, "MAX_SIGNATURES", 1)
    answer = client_for(user).post(NEW, posted(body="Kept words"))
    assert answer.status_code == 422
    assert "as many signatures" in answer.content.decode()
    assert "Kept words" in answer.content.decode()
    assert Signature.objects.count() == 1


@pytest.mark.accept("A37")
def test_a_picture_comes_before_its_signature_is_saved(user: User, client_for: ClientFor) -> None:
    browser = client_for(user)
    file = SimpleUploadedFile("logo.svg", PNG, "image/svg+xml")
    answer = browser.post(reverse("signature-upload"), {"file": file})
    facts = answer.json()
    assert "No signature yet" in browser.get(reverse("signatures")).content.decode()
    shown = browser.get(facts["url"])
    assert shown["Content-Type"] == "image/png"
    assert shown["Content-Security-Policy"].startswith("sandbox; default-src 'none'; ")
    assert b"".join(shown) == PNG
    html = f'<p>Mara</p><img src="{facts["url"]}" data-cid="{facts["cid"]}" alt="Logo">'
    browser.post(NEW, posted(html=html))
    kept = Signature.objects.get(user=user)
    assert kept.name == "Work"
    assert f'data-cid="{facts["cid"]}"' in kept.html
    assert [one.content_id for one in signatures.images_of(user, kept.html)] == [facts["cid"]]
    preview = browser.get(reverse("signature-preview", args=[kept.pk]))
    assert f'src="{facts["url"]}"' in preview.content.decode()
    assert "script-src" not in preview["Content-Security-Policy"]
    assert "default-src 'none'" in preview["Content-Security-Policy"]


def test_a_picture_is_added_without_a_script(user: User, client_for: ClientFor) -> None:
    browser = client_for(user)
    file = SimpleUploadedFile("logo.png", PNG, "image/png")
    answer = browser.post(NEW, posted(mode="", html="", file=file))
    kept = Signature.objects.get(user=user)
    assert answer["Location"] == reverse("signature-edit", args=[kept.pk])
    image = SignatureImage.objects.get(signature=kept)
    assert kept.html.endswith(f'<p><img data-cid="{image.content_id}" alt=""></p>')
    bad = SimpleUploadedFile("logo.png", b"GIF", "image/png")
    answer = browser.post(answer["Location"], posted(mode="", html="", file=bad))
    assert answer.status_code == 422
    assert "no PNG, JPEG, GIF or WebP picture" in answer.content.decode()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"<svg onload=x()>", "no PNG"),
        (PNG + b"\0" * MAX_IMAGE, "at most 1 MB"),
        (b"", "No file|no PNG"),
    ],
)
def test_what_is_no_small_picture_is_refused(
    user: User, client_for: ClientFor, data: bytes, sentence: str
) -> None:
    file = SimpleUploadedFile("logo.png", data, "image/png")
    answer = client_for(user).post(reverse("signature-upload"), {"file": file})
    assert answer.status_code == 422
    assert re.search(sentence, answer.json()["error"])
    assert not SignatureImage.objects.exists()


def test_pictures_have_their_limits(user: User) -> None:
    signature = make(user)
    with pytest.raises(NotAPictureError):
        signatures.add_image(signature=signature, body=Body.of(b"%PDF-1.7"))
    with pytest.raises(PictureTooLargeError):
        signatures.add_image(signature=signature, body=Body.of(PNG + b"\0" * MAX_IMAGE))
    rows = [
        signatures.add_image(signature=signature, body=Body.of(PNG + bytes([n])))
        for n in range(MAX_IMAGES)
    ]
    # Those that are in no text any more make room.
    signature.html = f'<img data-cid="{rows[0].content_id}" alt="">'
    signatures.add_image(signature=signature, body=Body.of(PNG))
    assert signature.images.count() == 2
    assert signature.images.filter(pk=rows[0].pk).exists()
    SignatureImage.objects.all().delete()
    rows = [
        signatures.add_image(signature=signature, body=Body.of(PNG + bytes([n])))
        for n in range(MAX_IMAGES)
    ]
    signature.html = "".join(f'<img data-cid="{one.content_id}">' for one in rows)
    with pytest.raises(TooManyPicturesError):
        signatures.add_image(signature=signature, body=Body.of(PNG))


def test_the_sweep_leaves_pictures_alone(user: User) -> None:
    image = signatures.add_image(signature=make(user), body=Body.of(PNG))
    later = timezone.now() + timedelta(days=30)
    sweeping.sweep(now=later, grace=timedelta(0), file_grace=timedelta(0))
    assert blobs.read(image.blob) == PNG


def test_a_signature_is_deleted_after_a_question(user: User, client_for: ClientFor) -> None:
    own = identities.local_of(user)
    kept = make(user, identities=frozenset({own.pk}))
    browser, address = client_for(user), reverse("signature-delete", args=[kept.pk])
    page = browser.get(address, headers={"HX-Request": "true"}).content.decode()
    assert page.lstrip().startswith("<dialog")
    assert own.address in page
    assert Signature.objects.filter(pk=kept.pk).exists()
    assert browser.post(address).status_code == 302
    assert not Signature.objects.exists()
    own.refresh_from_db()
    assert own.signature is None


def test_of_two_people_each_sees_their_own(
    user: User, other_user: User, client_for: ClientFor
) -> None:
    theirs = signatures.add_image(signature=make(other_user), body=Body.of(PNG))
    html = f'<img data-cid="{theirs.content_id}">'
    assert signatures.images_of(user, html) == []
    assert signatures.resolver(user)(theirs.content_id) == ""
    browser = client_for(user)
    assert browser.get(signatures.image_url(theirs)).status_code == 404
    key = theirs.signature_id
    file = SimpleUploadedFile("logo.png", PNG, "image/png")
    answer = browser.post(f"{reverse('signature-upload')}?signature={key}", {"file": file})
    assert answer.status_code == 404
