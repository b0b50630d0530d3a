"""Whether senders are proven when mail comes in: by their signatures, which are checked with keys
of a real name server, or by the server of the account."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from accounts.models import User
from filtering.models import Decision, SenderRule
from filtering.screen import Screen
from filtering.services import asking, proving
from filtering.services.proving import Doubted
from mailstore import dkim_check, mime
from mailstore.models import Folder, Source, Verdict
from tests.mail import letter, put
from tests.web.names import NameServer
from tests.webmail.signing import record, signed

HOP = "Received: from a by b; Mon, 2 Feb 2026 10:00:00 +0100\n"


def results(text: str, server: str = "mx.google.com") -> str:
    return f"Authentication-Results: {server}; {text}\n{HOP}"


def doubted(raw: bytes, source: Source | None, host: str = "") -> Doubted:
    said = mime.summary(raw)
    return Doubted(said, lambda: [raw], len(raw), datetime.now(UTC), source, host)


@pytest.fixture
def gmail(user: User) -> Source:
    return Source.objects.create(user=user, name="Gmail", address="mara@gmail.com")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (results("dmarc=pass header.from=example.test"), "passes"),
        (results("spf=pass smtp.mailfrom=a@mail.example.test"), "passes"),
        (results("dkim=pass header.d=example.test"), "passes"),
        (results("spf=pass smtp.mailfrom=a@elsewhere.test"), "unknown"),
        (results("dmarc=fail header.from=example.test"), "fails"),
        ("List-Id: <l.x.test>\n" + results("dmarc=fail header.from=example.test"), "unknown"),
        # Another server's word, and what the sender wrote below the hop.
        (results("dmarc=pass", "mx.elsewhere.test"), "unknown"),
        (HOP + HOP + "Authentication-Results: mx.google.com; dmarc=pass\n", "unknown"),
        (HOP, "unknown"),
    ],
)
def test_only_the_account_s_own_server_is_believed(gmail: Source, head: str, expected: str) -> None:
    # What servers write stands above what the sender wrote.
    raw = head.replace("\n", "\r\n").encode() + letter()
    assert proving.told(doubted(raw, gmail)) == expected
    assert proving.told(doubted(raw, None)) == "unknown"


@pytest.mark.parametrize("second", [", Eve <eve@evil.test>", "\nFrom: Eve <eve@evil.test>"])
def test_of_several_senders_nobody_borrows_anothers_proof(gmail: Source, second: str) -> None:
    said = results("spf=pass smtp.mailfrom=eve@evil.test; dmarc=pass header.from=evil.test")
    raw = said.replace("\n", "\r\n").encode()
    raw += letter(sender=f"Boss <boss@bank.test>{second}")
    assert mime.summary(raw).from_address == "boss@bank.test"
    assert proving.told(doubted(raw, gmail)) == "unknown"


def test_the_server_a_message_was_fetched_from_is_believed_about_a_domain_it_hosts(
    user: User,
) -> None:
    hosted = Source.objects.create(user=user, name="Work", address="mara@harbour.test")
    raw = results("dmarc=pass header.from=example.test").replace("\n", "\r\n").encode() + letter()
    assert proving.told(doubted(raw, hosted)) == "unknown"
    assert proving.told(doubted(raw, hosted, host="imap.gmail.com")) == "passes"
    assert proving.told(doubted(raw, hosted, host="imap.elsewhere.test")) == "unknown"


def test_an_allowed_sender_has_to_be_proven(user: User, inbox: Folder, gmail: Source) -> None:
    SenderRule.objects.create(user=user, sender="ada@example.test", is_allowed=True)
    spam = letter(extra="X-Spam-Flag: YES\nX-Spam-Status: Yes, score=99 required=5\n")
    proven, forged, unknown = (
        results(one).replace("\n", "\r\n").encode() + spam
        for one in ("dmarc=pass", "dmarc=fail", "spf=none")
    )
    rows = put(inbox, proven, forged, unknown, screen=Screen.ALL, source=gmail)
    assert [row.folder.role for row in rows] == ["inbox", "junk", "inbox"]
    told = Decision.objects.get(message=rows[2]).why
    assert {one["name"] for one in told["reasons"]} >= {"allowed", "x-spam-flag"}
    told = Decision.objects.get(message=rows[1]).why
    assert {one["name"] for one in told["reasons"]} >= {"forged"}


@pytest.fixture
def names(name_server: NameServer, settings: Settings) -> NameServer:
    """A name server that is asked, and knows the key and the policy of example.test."""
    settings.CONNECTIVITY_NAMESERVERS = [f"127.0.0.1:{name_server.port}"]
    settings.SPAM_DNS = True
    asking.outage.forget()
    name_server.add("sel._domainkey.example.test", "TXT", record())
    name_server.add("_dmarc.example.test", "TXT", '"v=DMARC1; p=reject"')
    return name_server


def test_a_signature_proves_a_sender_on_arrival(
    names: NameServer, user: User, inbox: Folder, gmail: Source
) -> None:
    SenderRule.objects.create(user=user, sender="ada@example.test", is_allowed=True)
    spam = letter(extra="X-Spam-Flag: YES\nX-Spam-Status: Yes, score=99 required=5\n")
    good = signed(spam, "example.test")
    changed = good.replace(b"Subject: ", b"Subject: Re: ", 1)
    strange = signed(spam, "elsewhere.test")
    rows = put(inbox, good, changed, strange, screen=Screen.ALL, source=gmail)
    # Whoever is allowed is let through where it is really them; the others lose points only.
    assert not Decision.objects.filter(message=rows[0], kind="spam").exists()
    kept = {row.message_id: row.found for row in Verdict.objects.all()}
    assert [kept[row.pk]["state"] for row in rows] == ["passes", "unknown", "unknown"]
    assert kept[rows[0].pk]["proofs"] == ["DKIM"]
    assert kept[rows[1].pk]["policy"] == "reject"


def test_a_forged_message_whose_domain_forbids_it(
    names: NameServer, inbox: Folder, gmail: Source
) -> None:
    # The receiving server tells which host it came from; the domain what to think of the rest.
    head = results("spf=fail smtp.mailfrom=a@example.test").replace("\n", "\r\n").encode()
    changed = signed(letter(), "example.test").replace(b"Subject: ", b"Subject: Re: ", 1)
    [row] = put(inbox, head + changed, screen=Screen.ALL, source=gmail)
    told = Decision.objects.get(message=row).why
    assert "forged" in {one["name"] for one in told["reasons"]}
    assert Verdict.objects.get(message=row).found["state"] == "fails"


def test_a_name_is_asked_for_once_while_its_answer_holds(
    names: NameServer, inbox: Folder, gmail: Source
) -> None:
    put(inbox, *(signed(letter(f"n{n}"), "example.test") for n in range(3)), source=gmail,
        screen=Screen.ALL)  # fmt: skip
    asked = names.asked[:]
    put(inbox, signed(letter("later"), "example.test"), screen=Screen.ALL, source=gmail)
    assert asked
    assert names.asked == asked
    assert Verdict.objects.count() == 4


def test_mail_comes_in_though_dns_is_silent(
    names: NameServer, inbox: Folder, gmail: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.1)
    names.silence("")
    some = [signed(letter(f"n{n}"), f"d{n}.test") for n in range(12)]
    rows = put(inbox, *some, screen=Screen.ALL, source=gmail)
    assert [row.folder_id for row in rows] == [inbox.pk] * 12
    # It is found out when they are opened.
    assert not Verdict.objects.exists()
    before = len(names.asked)
    put(inbox, signed(letter("later"), "later.test"), screen=Screen.ALL, source=gmail)
    assert len(names.asked) == before


@pytest.mark.parametrize("screen", [Screen.NOTHING, Screen.ALL])
def test_nobody_is_asked_about_what_is_not_screened(
    names: NameServer, inbox: Folder, gmail: Source, screen: Screen, settings: Settings
) -> None:
    settings.SPAM_DNS = screen is Screen.NOTHING
    put(inbox, signed(letter(), "example.test"), screen=screen, source=gmail)
    put(inbox, signed(letter("old"), "example.test"), screen=Screen.ALL, backfill=True,
        source=gmail)  # fmt: skip
    assert not names.asked


def test_a_message_too_large_to_check_is_not_read(names: NameServer, gmail: Source) -> None:
    def never() -> list[bytes]:
        raise AssertionError("read")

    large = Doubted(mime.summary(letter()), never, dkim_check.MAX_MESSAGE + 1,
                    datetime.now(UTC), gmail)  # fmt: skip
    assert [one.state for one in proving.prove([large])] == ["unknown"]
    assert not names.asked


def test_nothing_a_stranger_wrote_keeps_mail_from_being_stored(
    names: NameServer, inbox: Folder, gmail: Source
) -> None:
    # PostgreSQL refuses a NUL, and with it the whole batch.
    names.add("_dmarc.odd.test", "TXT", r'"v=DMARC1; p=\000reject"')
    head = results("spf=pass\0 smtp.mailfrom=a\0@b; dmarc=fail").replace("\n", "\r\n").encode()
    odd = signed(letter(sender="ada@odd.test"), "odd.test")
    odd = odd.replace(b"h=from", b"h=\0nul:from", 1)
    rows = put(inbox, head + odd, letter("next"), screen=Screen.ALL, source=gmail)
    assert len(rows) == 2
    kept = json.dumps(Verdict.objects.get(message=rows[0]).found)
    assert "\\u0000" not in kept
    assert "odd.test" in kept


def test_one_domain_keeps_nobody_else_from_being_proven(
    names: NameServer, inbox: Folder, gmail: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.1)
    hosts = [f"h{n}.bad.test" for n in range(12)]
    names.silence(*(f"{kind}.{host}" for host in hosts for kind in ("sel._domainkey", "_dmarc")))
    names.silence("_dmarc.bad.test")
    hostile = [signed(letter(sender=f"eve@{host}"), host) for host in hosts]
    put(inbox, *hostile, screen=Screen.ALL, source=gmail)
    [row] = put(inbox, signed(letter(), "example.test"), screen=Screen.ALL, source=gmail)
    assert Verdict.objects.get(message=row).found["state"] == "passes"


def test_names_that_cannot_be_are_not_unanswered(
    names: NameServer, inbox: Folder, gmail: Source
) -> None:
    odd = [letter(sender=f"eve@d{n}..test") for n in range(12)]
    put(inbox, *odd, screen=Screen.ALL, source=gmail)
    [row] = put(inbox, signed(letter(), "example.test"), screen=Screen.ALL, source=gmail)
    assert Verdict.objects.get(message=row).found["state"] == "passes"
