"""Who really sent a message: signatures made by their library, asked for at a real name server."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from threading import BoundedSemaphore

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from dkim.canonicalization import Relaxed, Simple
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.models import User
from mailstore import dkim_check, headers
from mailstore.models import Folder, Message, Source, Verdict
from mailstore.services import folders, trusting
from smtp_accounts.models import OutboxMessage
from tests import mail
from tests.web.names import NameServer
from tests.webmail.samples import letter, put
from tests.webmail.signing import record, signed
from webmail.services import judging

KEY = "sel._domainkey.harbourline.test"
POLICY = "_dmarc.harbourline.test"
NOW = datetime(2026, 11, 3, 9, 40, tzinfo=UTC)


@pytest.fixture
def names(name_server: NameServer, settings: Settings) -> NameServer:
    settings.CONNECTIVITY_NAMESERVERS = [f"127.0.0.1:{name_server.port}"]
    return name_server


@pytest.fixture
def vouching(names: NameServer) -> NameServer:
    """Names that know the key of harbourline.test, and what it wants done with the rest."""
    names.add(KEY, "TXT", record())
    names.add(POLICY, "TXT", '"v=DMARC1; p=reject"')
    return names


def verdict_of(client: Client, message: Message) -> str:
    address = reverse("mail-verdict", args=[message.pk])
    page = client.get(address, headers={"X-Part": "verdict"}).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def results(inbox: Folder, text: str) -> tuple[bytes, Source]:
    """What Gmail writes on top of a message it took in, and an account there."""
    source = Source.objects.create(user=inbox.user, name="Gmail", address="mara@gmail.com", color=2)
    head = (
        f"Received: from a (b) by mx.google.com; x\r\nAuthentication-Results: mx.google.com; {text}"
    )
    return head.encode() + b"\r\n", source


def test_a_signature_that_holds(
    browser_client: Client, inbox: Folder, vouching: NameServer
) -> None:
    message = put(inbox, signed(letter("Good")), at=timezone.now())
    page = browser_client.get(reverse("mail-message", args=[message.pk])).content.decode()
    assert f'href="{reverse("mail-verdict", args=[message.pk])}"' in page
    assert vouching.asked == []  # opening asked nobody
    assert not trusting.is_proven(message)
    said = verdict_of(browser_client, message)
    assert "Really from harbourline.test: DKIM passes" in said
    assert trusting.is_proven(message)  # so that trust in its sender counts
    assert "selector sel) holds" in said
    # What was found stays when the key is gone.
    vouching.fail(KEY)
    assert "Really from harbourline.test" in verdict_of(browser_client, message)


def test_what_nobody_vouches_for(
    browser_client: Client, inbox: Folder, vouching: NameServer
) -> None:
    changed = signed(letter("Good")).replace(b"Thursday", b"Friday")
    other = signed(letter("Good"), "elsewhere.test")
    vouching.add("sel._domainkey.elsewhere.test", "TXT", record())
    two = letter("Good", sender="a@harbourline.test, b@evil.test")
    for raw in (letter("Plain"), changed, other, signed(two)):
        message = put(inbox, raw, at=timezone.now())
        assert "Nobody vouches for this sender." in verdict_of(browser_client, message)
        assert not trusting.is_proven(message)


def test_the_receiving_server_is_believed_and_nobody_else(
    browser_client: Client, inbox: Folder, vouching: NameServer
) -> None:
    passes = (
        "spf=pass smtp.mailfrom=harbourline.test; dkim=pass header.d=harbourline.test; dmarc=pass"
    )
    head, source = results(inbox, passes)
    message = put(inbox, head + letter("a"), at=timezone.now(), source=source)
    said = verdict_of(browser_client, message)
    assert "Really from harbourline.test: SPF and DMARC pass" in said
    assert "mx.google.com, which received it" in said
    # What passes for somebody else's domain proves nothing, and is not named as a proof.
    head, source = results(inbox, passes.replace("smtp.mailfrom=harbourline", "smtp.mailfrom=evil"))
    message = put(inbox, head + letter("d"), at=timezone.now(), source=source)
    assert "Really from harbourline.test: DMARC passes" in verdict_of(browser_client, message)
    forged = head.replace(b"mx.google.com;", b"mx.evil.test;") + letter("b")
    for raw, whence in ((forged, source), (head + letter("c"), None)):
        message = put(inbox, raw, at=timezone.now(), source=whence)
        assert "Nobody vouches" in verdict_of(browser_client, message)


def test_a_domain_that_says_it_is_not(
    browser_client: Client, inbox: Folder, vouching: NameServer
) -> None:
    head, source = results(inbox, "spf=pass smtp.mailfrom=evil.test; dmarc=fail")
    message = put(inbox, head + letter("a"), at=timezone.now(), source=source)
    expected = "This claims to be from harbourline.test, but harbourline.test says it is not"
    assert expected in verdict_of(browser_client, message)
    # A list changes what was signed; that is nobody's forgery.
    listed = head + b"List-Id: <crew.lists.test>\r\n" + letter("b")
    message = put(inbox, listed, at=timezone.now(), source=source)
    assert "Came by a mailing list" in verdict_of(browser_client, message)


def test_dns_that_fails_is_asked_again(
    browser_client: Client, inbox: Folder, vouching: NameServer
) -> None:
    vouching.fail(POLICY)
    message = put(inbox, letter("a"), at=timezone.now())
    assert "DNS did not answer" in verdict_of(browser_client, message)
    asked = len(vouching.asked)
    assert "DNS did not answer" in verdict_of(browser_client, message)
    assert len(vouching.asked) == asked
    Verdict.objects.update(checked_at=timezone.now() - timedelta(hours=1))
    verdict_of(browser_client, message)
    assert len(vouching.asked) > asked


def test_whoever_comes_while_others_wait_is_told_to_come_again(
    browser_client: Client, inbox: Folder, vouching: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = put(inbox, signed(letter("Good")), at=timezone.now())
    address = reverse("mail-verdict", args=[message.pk])
    monkeypatch.setattr(judging, "_turns", BoundedSemaphore(1))
    with judging._turns:
        assert browser_client.get(address, headers={"X-Part": "verdict"}).status_code == 503
        page = browser_client.get(address)
        assert page.status_code == 200
        assert "could not be checked just now" in page.content.decode()
    assert "Really from harbourline.test" in verdict_of(browser_client, message)


def test_what_was_sent_from_here(browser_client: Client, user: User, names: NameServer) -> None:
    message = put(folders.special(user, "sent"), letter("a"), at=timezone.now())
    assert verdict_of(browser_client, message) == "You sent this from here."
    assert names.asked == []


def test_what_a_colleague_sent(
    browser_client: Client, inbox: Folder, other_user: User, names: NameServer
) -> None:
    message = put(inbox, letter("a", sender=other_user.email), at=timezone.now())
    OutboxMessage.objects.create(
        user=other_user, blob=message.blob, from_address=other_user.email, is_local_from=True,
        message_id=message.message_id, not_before=timezone.now(),
    )  # fmt: skip
    assert verdict_of(browser_client, message) == "Sent from here, by the person it names."
    source = Source.objects.create(user=inbox.user, name="G", address="m@gmail.com", color=2)
    Message.objects.filter(pk=message.pk).update(source=source)
    assert "Sent from here" not in verdict_of(browser_client, message)


def ask(text: str) -> dkim_check.Ask:
    plain = text.replace('" "', "").strip('"')
    return lambda name: [plain]


def result(raw: bytes, text: str | None = None) -> list[str]:
    found = dkim_check.check(raw, ask(record() if text is None else text), NOW)
    return [one.result for one in found]


def test_signatures_that_prove_nothing() -> None:
    raw = letter("Good")
    assert result(signed(raw)) == ["pass"]
    assert result(signed(raw, canonicalize=(b"simple", b"simple"))) == ["pass"]
    assert result(signed(raw), "") == ["nokey"]
    assert result(signed(raw), record().replace("k=rsa", "t=y")) == ["nokey"]
    assert result(signed(raw, length=True)) == ["partial"]
    assert result(signed(raw).replace(b"a=rsa-sha256", b"a=rsa-sha1")) == ["weak"]
    assert result(signed(raw).replace(b"s=sel;", b"s=sel; x=1000000000;")) == ["expired"]
    assert result(signed(raw).replace(b"From: Jonas", b"From: Jon")) == ["fail"]
    assert result(signed(raw), "v=DKIM1; p=AAAA") == ["broken"]
    assert result(b"DKIM-Signature: v=1; nonsense\r\n" + raw) == ["broken"]


# RFC 8463, appendix A.
EDWARDS = b"""DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
"""


def test_the_younger_kind_of_key() -> None:
    of_dns = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    assert result(EDWARDS, of_dns) == ["pass"]
    assert result(EDWARDS.replace(b"Suzie", b"Susan"), of_dns) == ["fail"]
    assert result(EDWARDS.replace(b"hungry", b"thirsty"), of_dns) == ["fail"]
    assert result(EDWARDS) == ["fail"]
    assert result(signed(letter("Good")), of_dns) == ["fail"]
    assert result(EDWARDS, of_dns.replace("p=11", "p=")) == ["broken"]


def test_bodies_are_brought_into_form_as_others_do() -> None:
    """The samples of the corpus, made for this: each mail, and what is to be hashed of it."""
    folder = mail.CORPUS / "mailgun-flanker" / "messages" / "dkim"
    for path in sorted(folder.glob("relaxed.expected.*")):
        source = folder / path.name.replace("relaxed.expected", "email")
        if not source.is_file():
            continue
        raw = source.read_bytes().replace(b"\n", b"\r\n")
        body = raw[headers.body_start(raw) :]
        expected = path.read_bytes().partition(b"\r\n\r\n")[2]
        assert dkim_check.canonical(body, relaxed=True) == expected, path.name


@given(st.text(" \t\r\na").map(str.encode))
def test_bodies_are_brought_into_form_as_the_library_does(raw: bytes) -> None:
    body = raw.replace(b"\r", b"").replace(b"\n", b"\r\n")
    for relaxed, form in ((True, Relaxed), (False, Simple)):
        assert dkim_check.canonical(body, relaxed=relaxed) == form.canonicalize_body(body)


def test_hostile_signatures_and_bodies_end() -> None:
    blanks = b" " * 200_000
    assert result(b"DKIM-Signature: v=1; b" + blanks + b"\r\n" + letter("a")) == ["broken"]
    many = b"DKIM-Signature: v=1; d=a.test\r\n" * 500 + letter("a")
    assert len(result(many)) == dkim_check.MAX_SIGNATURES
    # Quadratic in the library: minutes, if it got this body as it is.
    gap = b"Jonas" + b"\t" * 2_000_000 + b"x\r\n"
    assert result(signed(letter("a")).replace(b"Jonas\r\n", gap)) == ["fail"]
    assert result(b" \r\n\r\n") == []
    assert result(signed(letter("a")), "p=" + "A" * 5000) == ["nokey"]


def test_hostile_names_end_and_prove_nothing(
    browser_client: Client,
    inbox: Folder,
    names: NameServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(judging, "SECONDS", 0.5)
    raw = signed(letter("Good"))
    names.add(KEY, "CNAME", "a.test.")
    names.add("a.test", "CNAME", "a2.test.")
    names.add(POLICY, "TXT", *(f'"v=DMARC1; p=reject; n={number}"' for number in range(150)))
    message = put(inbox, raw, at=timezone.now())
    assert "Really" not in verdict_of(browser_client, message)
    # Many keys at one name are none; who never answers is waited for until the deadline.
    names.add(
        "a2.test", "TXT", *(record().replace("k=rsa", f"n={one}; k=rsa") for one in range(30))
    )
    assert "Really" not in verdict_of(browser_client, put(inbox, raw, at=timezone.now()))
    names.silence("")
    message = put(inbox, raw, at=timezone.now())
    assert "DNS did not answer" in verdict_of(browser_client, message)
