"""What DNS says of an address, asked of a real name server, kept, and shown with what to mend."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from filtering.services import deliver
from filtering.services.deliver import Incoming
from mailstore.models import FolderRole, Source
from mailstore.services import folders
from protocols.body import Body
from smtp_accounts import alignment_words, tasks
from smtp_accounts.alignment_words import Shown
from smtp_accounts.models import Alignment, Draft, Identity, OutboxMessage, SmtpAccount
from smtp_accounts.services import aligning, identities, outbox
from tests.smtp_accounts.conftest import NOW
from tests.web.names import NameServer

pytestmark = pytest.mark.django_db

HOME, SERVER = "lind.test", "smtp.harbour.test"
CLIENT = Callable[[User], Client]


@pytest.fixture(autouse=True)
def asked_here(settings: Settings, name_server: NameServer) -> None:
    settings.CONNECTIVITY_NAMESERVERS = [f"127.0.0.1:{name_server.port}"]


@pytest.fixture
def identity(user: User) -> Identity:
    account = SmtpAccount.objects.create(
        user=user, host=SERVER, port=587, encryption="tls", email=f"mara@{HOME}"
    )
    return identities.follow(account)


@pytest.fixture
def fine(name_server: NameServer) -> NameServer:
    """A domain with everything in order."""
    name_server.add(HOME, "TXT", '"v=spf1 a:smtp.harbour.test" " -all"', '"other=1"')
    name_server.add(SERVER, "A", "192.0.2.7")
    name_server.add(f"_dmarc.{HOME}", "TXT", '"v=DMARC1; p=reject"')
    name_server.add(f"s1._domainkey.{HOME}", "TXT", '"v=DKIM1; k=rsa; p=AbC"')
    return name_server


def shown(identity: Identity) -> Shown:
    aligning.check(identity, NOW)
    return alignment_words.shown(identity, now=NOW)


def test_everything_in_order(identity: Identity, fine: NameServer) -> None:
    found = shown(identity)
    assert (found.look, found.fix) == ("ok", None)
    assert found.title == "Receivers can tell that this address is yours"
    assert [(one.name, one.look) for one in found.checks] == [
        ("SPF", "ok"),
        ("DKIM", "ok"),
        ("DMARC", "ok"),
    ]
    row = Alignment.objects.get()
    assert (row.grade, row.checked_at) == ("good", NOW)
    assert json.dumps(row.facts)


def test_a_record_that_names_another_server(identity: Identity, name_server: NameServer) -> None:
    name_server.add(HOME, "TXT", '"v=spf1 mx -all"')
    name_server.add(HOME, "MX", "10 mx.other.test.")
    name_server.add("mx.other.test", "A", "192.0.2.99")
    name_server.add(SERVER, "A", "192.0.2.7")
    found = shown(identity)
    assert found.look == "danger"
    assert found.sentence == f"The SPF record of {HOME} does not name {SERVER}. Change it to:"
    assert found.fix is not None
    assert (found.fix.name, found.fix.value) == (HOME, f"v=spf1 mx a:{SERVER} -all")


def test_a_server_that_takes_the_mail_too_is_named_shorter(
    identity: Identity, name_server: NameServer
) -> None:
    name_server.add(HOME, "MX", f"10 {SERVER}.")
    found = shown(identity)
    assert found.fix is not None
    assert found.fix.value == "v=spf1 mx ~all"


def test_the_include_of_a_sender_we_know(user: User, name_server: NameServer) -> None:
    account = SmtpAccount.objects.create(
        user=user, host="smtp.gmail.com", port=465, encryption="ssl", email=f"mara@{HOME}"
    )
    name_server.add(HOME, "TXT", '"v=spf1 include:_spf.google.com ~all"')
    name_server.add(f"google._domainkey.{HOME}", "TXT", '"v=DKIM1; p=AbC"')
    found = shown(identities.follow(account))
    assert found.fix is not None
    assert found.fix.id == "dmarc-missing"
    # Its own record is as long as it likes to make it: naming it is enough.
    assert ("_spf.google.com", "TXT") not in name_server.asked


def test_the_record_of_the_domain_above_counts(identity: Identity, fine: NameServer) -> None:
    Identity.objects.filter(pk=identity.pk).update(address=f"mara@post.{HOME}")
    identity.refresh_from_db()
    fine.add(f"post.{HOME}", "TXT", f'"v=spf1 a:{SERVER} -all"')
    shown(identity)
    facts = Alignment.objects.get().facts
    assert (facts["dmarc"], facts["dmarc_at"]) == ("v=DMARC1; p=reject", HOME)


@pytest.mark.parametrize("how", ["fail", "silence"])
def test_a_name_server_that_does_not_say(
    identity: Identity, name_server: NameServer, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aligning, "LIMIT", 0.5)
    getattr(name_server, how)(HOME)
    found = shown(identity)
    assert found.look == ""
    assert "did not say" in found.sentence
    assert found.fix is None


def test_an_include_that_is_not_answered_makes_it_unsure(
    identity: Identity, fine: NameServer
) -> None:
    """That the own record is there is known all the same, and none is proposed in its place."""
    fine.turn(HOME, "TXT", ['"v=spf1 include:slow.test -all"'])
    fine.fail("slow.test")
    found = shown(identity)
    assert found.fix is None
    assert [one.words for one in found.checks if one.name == "SPF"] == ["not certain"]
    fine.turn(HOME, "TXT", [f'"v=spf1 include:slow.test a:{SERVER} -all"'])
    assert shown(identity).look == "ok"


def test_everything_ends_with_one_deadline(
    identity: Identity, name_server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many names there are to ask for, nothing is asked after the time is over."""
    monkeypatch.setattr(aligning, "LIMIT", 0.3)
    name_server.silence("")
    shown(identity)
    assert {kind for _name, kind in name_server.asked} <= {"A", "AAAA", "TXT"}
    assert len({name for name, _kind in name_server.asked}) <= 2


def test_addresses_of_providers(user: User) -> None:
    mine = SmtpAccount.objects.create(
        user=user, host="smtp.gmail.com", port=465, encryption="ssl", email="mara@gmail.com"
    )
    assert shown(identities.follow(mine)).look == "ok"
    theirs = SmtpAccount.objects.create(
        user=user, host=SERVER, port=465, encryption="ssl", email="lind@gmail.com"
    )
    found = shown(identities.follow(theirs))
    assert found.look == "danger"
    assert "Send through the server of Gmail" in found.sentence


def test_the_own_address_without_a_way_out(user: User, settings: Settings) -> None:
    settings.RELAY_URL = ""
    found = shown(identities.local_of(user))
    assert found.sentence == "Mail from this address does not leave this server."


def test_it_is_asked_once_a_day(identity: Identity, fine: NameServer) -> None:
    row = aligning.check(identity, NOW)
    assert not aligning.is_due(row, identity, NOW + timedelta(hours=23))
    assert aligning.is_due(row, identity, NOW + timedelta(hours=25))
    asked = len(fine.asked)
    aligning.check_again(identity, NOW + timedelta(seconds=5))
    assert len(fine.asked) == asked
    aligning.check_again(identity, NOW + timedelta(seconds=15))
    assert len(fine.asked) > asked
    # Saved with another server: what was found is out of date at once.
    assert identity.account is not None
    identity.account.host = "smtp.other.test"
    assert aligning.is_due(Alignment.objects.get(), identity, NOW)


def test_the_page_asks_when_it_is_due_and_shows_it_at_once(
    user: User, other_user: User, client_for: CLIENT, identity: Identity, fine: NameServer
) -> None:
    address = reverse("identity-alignment", args=[identity.pk])
    client = client_for(user)
    page = client.get(reverse("identity-edit", args=[identity.pk])).content.decode()
    assert fine.asked == []
    assert f'hx-post="{address}?due=1"' in page
    part = client.post(f"{address}?due=1", headers={"HX-Request": "true"}).content.decode()
    assert "Receivers can tell that this address is yours" in part
    assert "?due=1" not in part
    asked = len(fine.asked)
    client.post(f"{address}?due=1", headers={"HX-Request": "true"})
    assert len(fine.asked) == asked
    assert "?due=1" not in client.get(reverse("identity-edit", args=[identity.pk])).content.decode()
    # Without a script, the button leads back to the page.
    assert client.post(address).headers["Location"].endswith(f"/{identity.pk}/")
    assert client_for(other_user).post(address).status_code == 404
    assert client.get(address).status_code == 405


def test_what_is_due_is_asked_by_the_worker(
    user: User, other_user: User, identity: Identity, fine: NameServer
) -> None:
    """A saved address is checked without anybody looking, and once."""
    identities.local_of(other_user)
    mine = {identity, identities.local_of(user)}
    assert tasks.align(user_id=user.pk) == len(mine)
    assert {row.identity for row in Alignment.objects.all()} == mine
    asked = len(fine.asked)
    assert tasks.align(user_id=user.pk) == 0
    assert len(fine.asked) == asked


def test_the_page_of_the_account_shows_it(
    user: User, client_for: CLIENT, identity: Identity, fine: NameServer
) -> None:
    aligning.check(identity, timezone.now())
    client = client_for(user)
    page = client.get(reverse("smtp-account-edit", args=[identity.account_id])).content.decode()
    assert "Receivers can tell that this address is yours" in page
    card = client.get(reverse("connectivity")).content.decode()
    assert "Aligned" in card


RESULTS = "mx.google.com; dkim=pass header.d=lind.test; spf=pass smtp.mailfrom=mara@lind.test"


@pytest.fixture
def sent(user: User, identity: Identity, make_draft: Callable[..., Draft]) -> OutboxMessage:
    draft = make_draft(account=identity.account)
    return outbox.submit(user=user, draft=draft, now=NOW)


def come_back(
    user: User, message_id: str, *, results: str = RESULTS, source: str = "mara@gmail.com"
) -> None:
    """A copy of the own message, through a list or another account."""
    held = Source.objects.create(user=user, name="Mine", address=source)
    raw = (
        f"Authentication-Results: {results}\r\nReceived: from x by mx.google.com; "
        f"Mon, 4 May 2026 09:30:00 +0000\r\nFrom: mara@{HOME}\r\nTo: mara@gmail.com\r\n"
        f"Message-ID: {message_id}\r\nSubject: Tide tables\r\n\r\nSee below.\r\n"
    )
    inbox = folders.special(user, FolderRole.INBOX)
    deliver.deliver([Incoming(Body.of(raw.encode()), inbox, source=held)], now=NOW)


def test_what_a_receiver_found_is_kept(
    user: User, identity: Identity, sent: OutboxMessage, fine: NameServer
) -> None:
    come_back(user, sent.message_id)
    row = Alignment.objects.get(identity=identity)
    assert row.results["dkim"] == "pass"
    found = shown(identity)
    assert found.seen.startswith("mx.google.com found")
    assert "DKIM pass" in found.seen
    assert [one.words for one in found.checks if one.name == "DKIM"] == [f"signed as {HOME}"]


@pytest.mark.parametrize(
    ("results", "source"),
    [
        (RESULTS.replace("mx.google.com", "mx.forged.test"), "mara@gmail.com"),
        (RESULTS.partition("; ")[2], "mara@gmail.com"),
        (RESULTS, "mara@elsewhere.test"),
    ],
)
def test_results_of_nobody_who_received_it_count_for_nothing(
    user: User, sent: OutboxMessage, results: str, source: str
) -> None:
    come_back(user, sent.message_id, results=results, source=source)
    assert not Alignment.objects.exists()


def test_results_on_a_message_that_is_not_from_here(user: User, identity: Identity) -> None:
    """Whoever writes my address into From says nothing about my domain."""
    come_back(user, "<forged@lind.test>")
    assert not Alignment.objects.exists()


def test_a_broken_signature_seen_is_told(
    user: User, identity: Identity, sent: OutboxMessage, fine: NameServer
) -> None:
    come_back(user, sent.message_id, results=RESULTS.replace("dkim=pass", "dkim=fail"))
    found = shown(identity)
    assert found.look == "warn"
    # What was seen half a year ago says nothing of today.
    old = alignment_words.shown(identity, now=NOW + timedelta(days=91))
    assert old.look == "ok"
