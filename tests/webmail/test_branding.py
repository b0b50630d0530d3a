"""A domain's name and logo: drawn anew, shown by host, never telling which addresses exist."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image, PngImagePlugin

from accounts.models import AuditEntry, Domain, Role, User
from webmail.services import branding
from webmail.services.branding import MAX_BYTES, MAX_PIXELS

ClientFor = Callable[[User], Client]
BRANDING = "/settings/domain/branding/"


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 32), note: str = "") -> bytes:
    told = PngImagePlugin.PngInfo()
    if note:
        told.add_text("Comment", note)
    into = io.BytesIO()
    Image.new("RGB", size, "teal").save(into, kind, **({"pnginfo": told} if note else {}))
    return into.getvalue()


def upload(data: bytes, name: str = "logo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="image/png")


@pytest.fixture
def admin(make_user: Callable[..., User]) -> User:
    return make_user("ada@example.test", Role.DOMAIN_ADMIN)


@pytest.mark.accept("A208")
def test_a_domain_gets_a_name_a_logo_and_a_sender(
    admin: User, domain: Domain, client_for: ClientFor, client: Client
) -> None:
    browser = client_for(admin)
    values = {
        "title": " Harbour  Mail ",
        "sender_name": "Harbour",
        "sender_address": "Help@example.test",
        "logo": upload(picture(note="where I live")),
    }
    assert browser.post(BRANDING, values).status_code == 302
    domain.refresh_from_db()
    assert (domain.title, domain.sender_address) == ("Harbour Mail", "help@example.test")
    [entry] = AuditEntry.objects.filter(action="branding-changed")
    assert set(entry.detail["fields"]) == {"title", "sender_name", "sender_address", "logo"}
    shown = f'src="/logo/{domain.pk}/{domain.logo_hash}.png"'
    for page in (browser.get("/"), client.get("/sign-in/")):
        assert shown in page.content.decode()
        assert "Harbour Mail" in page.content.decode()
    answer = client.get(f"/logo/{domain.pk}/{domain.logo_hash}.png")
    assert answer["Content-Type"] == "image/png"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert b"where I live" not in answer.content
    assert hashlib.sha256(answer.content).hexdigest().startswith(domain.logo_hash)
    browser.post(BRANDING, {"without_logo": "on"})
    assert client.get(f"/logo/{domain.pk}/{domain.logo_hash or 'x'}.png").status_code == 404
    domain.refresh_from_db()
    assert (domain.title, domain.logo_hash) == ("", "")


def test_pictures_at_the_limits() -> None:
    for kind in ("PNG", "JPEG", "WEBP"):
        assert branding.redrawn(picture(kind)).startswith(b"\x89PNG")
    small = branding.redrawn(picture(size=(MAX_PIXELS, 3)))
    assert Image.open(io.BytesIO(small)).width == branding.DRAWN
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    for wrong in (
        picture(size=(MAX_PIXELS + 1, 3)),
        picture(size=(3, MAX_PIXELS + 1)),
        picture() + b"\0" * MAX_BYTES,
        svg,
        b"\x89PNG\r\n\x1a\n" + svg,
        picture("GIF"),
        picture()[:60],
        b"",
    ):
        with pytest.raises(ValidationError) as refused:
            branding.redrawn(wrong)
        assert "logo" in refused.value.message_dict


def test_what_is_refused_is_said_at_its_field(
    admin: User, domain: Domain, client_for: ClientFor
) -> None:
    browser = client_for(admin)
    Domain.objects.create(name="neighbour.test")
    for field, wrong in (
        ("sender_address", "x@gmail.test"),
        ("sender_address", "nobody"),
        ("sender_address", "security@neighbour.test"),
        ("logo", upload(b"GIF89a")),
        ("title", "x" * 81),
    ):
        answer = browser.post(BRANDING, {"title": "Typed", field: wrong})
        assert answer.status_code == 422, field
        assert "field--error" in answer.content.decode()
    domain.refresh_from_db()
    assert (domain.title, domain.logo_hash) == ("", "")


def test_the_sign_in_page_goes_by_the_host_alone(
    domain: Domain, user: User, client: Client
) -> None:
    domain.title = "Here"
    domain.save()
    there = Domain.objects.create(name="mail.example.test", title="Nearer")
    for host, expected in (
        ("example.test", "Here"),
        ("www.Example.test:8000", "Here"),
        ("in.mail.example.test", there.title),
        ("notexample.test", ""),
        ("localhost", ""),
    ):
        brand = branding.for_host(host)
        assert (brand.title if brand else "") == expected, host
    there.delete()
    # The only domain there is.
    assert branding.for_host("localhost") == domain.brand
    # Whose address is typed changes nothing.
    for address in (user.email, "nobody@example.test", "x@elsewhere.test"):
        page = client.post("/sign-in/", {"username": address, "password": "wrong"}).content.decode()
        assert 'dir="auto">Here<' in page


def test_showing_it_costs_no_statement(user: User, domain: Domain, client_for: ClientFor) -> None:
    browser = client_for(user)
    browser.get("/settings/appearance/")
    with CaptureQueriesContext(connection) as plain:
        browser.get("/settings/appearance/")
    domain.title, domain.logo_hash = "Harbour", "abc"
    domain.save()
    with CaptureQueriesContext(connection) as branded:
        page = browser.get("/settings/appearance/").content.decode()
    assert "Harbour" in page
    User.objects.filter(pk=user.pk).update(delete_after=timezone.now())
    assert ">Harbour<" in browser.get("/keep/").content.decode()
    assert len(branded) == len(plain)
    # None of them reads the domain, and with it nothing large.
    assert not [one for one in branded if 'FROM "accounts_domain"' in one["sql"]]
