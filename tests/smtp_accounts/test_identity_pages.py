"""Addresses of an account: asked for at its server, kept, changed, removed, made the default."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connectivity.models import Feature, FeatureSwitch
from mailstore.services import folders
from smtp_accounts.models import Draft, Identity, OutboxMessage, SmtpAccount
from smtp_accounts.services import identities, leaning, outbox, senders, signatures
from smtp_accounts.services.leaning import ReplacementNeededError
from smtp_accounts.services.senders import AddressTakenError, IdentityValues, OwnAddressError
from smtp_accounts.services.signatures import SignatureValues
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import NOW

ClientFor = Callable[[User], Client]
NEW, LIST = "/settings/identities/new/", "/settings/identities/"
STUDIO = "studio@provider.test"
NOT_YOURS = "553 5.7.1 Sender address rejected: not owned by user"


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture
def typed(account: SmtpAccount) -> dict[str, str]:
    return {
        "account": str(account.pk),
        "address": STUDIO,
        "display_name": "Studio",
        "description": "Clients only",
        "color": "4",
        "purpose": "work",
        "reply_to": "Office <office@provider.test>",
        "accepts": "domain",
        "signature": "",
        "sent_folder": "",
    }


@pytest.fixture
def studio(user: User, account: SmtpAccount) -> Identity:
    """A second address of the account."""
    values = IdentityValues(STUDIO, "Studio")
    kept = senders.save(user=user, values=values, now=NOW, account=account)
    assert kept.identity is not None
    return kept.identity


@pytest.mark.accept("A35")
def test_an_account_gets_another_address(
    user: User, client_for: ClientFor, typed: dict[str, str], smtp_server: SmtpServer
) -> None:
    browser, before = client_for(user), user.identities_changed_at
    folder = folders.create(user, parent=None, name="Sent by the studio")
    typed["sent_folder"] = str(folder.pk)
    assert browser.post(NEW, typed)["Location"] == LIST
    kept = Identity.objects.get(user=user, address=STUDIO)
    assert (kept.display_name, kept.description, kept.color) == ("Studio", "Clients only", 4)
    assert (kept.purpose, kept.accepts, kept.sent_folder) == ("work", "domain", folder)
    assert kept.reply_to == "Office <office@provider.test>"
    assert smtp_server.logins
    user.refresh_from_db()
    assert user.identities_changed_at > before
    entry = identities.by_key(user, str(kept.pk))
    assert entry is not None
    assert (entry.label, entry.color) == ("Studio <studio@provider.test>", 4)
    page = text_of(browser.get(LIST).content.decode())
    assert "Clients only, sends through localhost" in page
    assert "Signature" in page


@pytest.mark.accept("A29")
def test_the_server_is_asked_and_nothing_is_stored(
    user: User, client_for: ClientFor, typed: dict[str, str], smtp_server: SmtpServer
) -> None:
    answer = client_for(user).post(NEW, {**typed, "action": "test"})
    assert answer.status_code == 200
    said = text_of(answer.content.decode())
    assert "localhost takes mail from studio@provider.test." in said
    assert "Send test" in said
    assert not Identity.objects.filter(address=STUDIO).exists()
    assert 'value="Clients only"' in answer.content.decode()


@pytest.mark.accept("A33")
def test_an_address_the_server_does_not_take_is_not_stored(
    user: User, client_for: ClientFor, typed: dict[str, str], smtp_server: SmtpServer
) -> None:
    smtp_server.refuse = {STUDIO: NOT_YOURS}
    answer = client_for(user).post(NEW, typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="id_address_error"' in page
    assert "Nothing was saved." in text_of(page)
    for value in ("Clients only", STUDIO, "Studio"):
        assert f'value="{value}"' in page
    assert not Identity.objects.filter(address=STUDIO).exists()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"address": "studio"}, "address"),
        ({"address": ""}, "address"),
        ({"address": "mara@provider.test"}, "address"),
        ({"address": "otto@example.test"}, "address"),
        ({"account": "99"}, "account"),
        ({"reply_to": "nobody"}, "reply_to"),
        ({"reply_to": "a@b.test\r\nBcc: x@y.test"}, "reply_to"),
        ({"sent_folder": "999"}, "sent_folder"),
        ({"signature": "999"}, "signature"),
        ({"color": "7"}, "color"),
        ({"purpose": "fun"}, "purpose"),
        ({"accepts": "all"}, "accepts"),
    ],
)
def test_bad_input_is_shown_where_it_is(
    user: User, client_for: ClientFor, typed: dict[str, str], changed: dict[str, str], field: str
) -> None:
    answer = client_for(user).post(NEW, typed | changed)
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert Identity.objects.filter(user=user).exclude(account=None).count() == 1


def test_what_belongs_to_an_address_is_changed(
    user: User, client_for: ClientFor, typed: dict[str, str], account: SmtpAccount
) -> None:
    own = identities.primary_of(account)
    words = signatures.save(user=user, values=SignatureValues("Work", "<p>Mara</p>"))
    browser, address = client_for(user), reverse("identity-edit", args=[own.pk])
    page = browser.get(address).content.decode()
    assert 'name="address"' not in page
    assert reverse("smtp-account-edit", args=[account.pk]) in page
    browser.post(address, {**typed, "signature": str(words.pk)})
    own.refresh_from_db()
    assert (own.address, own.display_name) == ("mara@provider.test", "Mara Lind")
    assert (own.signature, own.color, own.is_unsigned) == (words, 4, False)
    browser.post(address, {**typed, "signature": "none", "color": ""})
    own.refresh_from_db()
    assert (own.signature, own.color, own.is_unsigned) == (None, None, True)


@pytest.mark.accept("A36")
def test_any_address_can_be_the_default(
    user: User, client_for: ClientFor, studio: Identity
) -> None:
    browser = client_for(user)
    browser.post(reverse("identity-default", args=[studio.pk]))
    assert identities.for_new(user).send_from.identity == studio
    row = browser.get(LIST).content.decode().split(f'id="identity-{studio.pk}"')[1]
    assert "Default From" in row.split('class="item ident"')[0]
    page = browser.get(reverse("settings-account")).content.decode()
    assert re.search(rf'<option value="{studio.pk}" selected', page)


def test_an_address_is_changed_only_to_one_the_server_takes(
    user: User, studio: Identity, smtp_server: SmtpServer
) -> None:
    smtp_server.refuse = {"desk@provider.test": NOT_YOURS}
    values = IdentityValues("desk@provider.test")
    kept = senders.save(user=user, values=values, now=NOW, identity=studio)
    assert kept.identity is None
    assert kept.outcome is not None
    assert kept.outcome.problem is not None
    assert kept.outcome.problem.cause == "sender-not-allowed"
    studio.refresh_from_db()
    assert studio.address == STUDIO
    with pytest.raises(AddressTakenError):
        values = IdentityValues("mara@provider.test")
        senders.save(user=user, values=values, now=NOW, identity=studio)


@pytest.mark.accept("A198")
def test_an_address_in_use_is_removed_only_for_another(
    user: User, client_for: ClientFor, studio: Identity, make_draft: Callable[..., Draft]
) -> None:
    identities.set_default(user, studio)
    draft = make_draft(identity=studio)
    waiting = outbox.submit(user=user, draft=make_draft(identity=studio), now=NOW)
    with pytest.raises(ReplacementNeededError):
        senders.remove(identity=studio, now=NOW)
    browser, address = client_for(user), reverse("identity-delete", args=[studio.pk])
    said = text_of(browser.get(address).content.decode())
    for part in ("your Default From Address", "1 draft is written", "1 message waits"):
        assert part in said
    assert browser.post(address).status_code == 422
    assert studio.account is not None
    other = identities.primary_of(studio.account)
    assert browser.post(address, {"replacement": str(other.pk)})["Location"] == LIST
    assert not Identity.objects.filter(pk=studio.pk).exists()
    draft.refresh_from_db()
    assert draft.identity == other
    assert identities.for_new(user).send_from.identity == other
    gone = OutboxMessage.objects.get(pk=waiting.pk)
    assert gone.state == "cancelled"
    assert Draft.objects.open().filter(user=user, identity=other).count() == 2


@pytest.mark.accept("A198")
def test_what_was_refused_or_is_for_later_counts_too(
    user: User, client_for: ClientFor, studio: Identity, make_draft: Callable[..., Draft]
) -> None:
    later = outbox.submit(user=user, draft=make_draft(identity=studio), now=NOW)
    OutboxMessage.objects.filter(pk=later.pk).update(is_scheduled=True)
    refused = outbox.submit(user=user, draft=make_draft(identity=studio), now=NOW)
    mine = OutboxMessage.objects.filter(pk=refused.pk)
    mine.update(state="refused")
    address = reverse("identity-delete", args=[studio.pk])
    said = text_of(client_for(user).get(address).content.decode())
    for part in ("1 draft is written", "1 message waits", "1 of them has a time to be sent at"):
        assert part in said
    mine.update(dismissed_at=NOW)
    assert leaning.dependents([studio]).drafts == 0


def test_an_unused_address_goes_after_one_question(
    user: User, client_for: ClientFor, studio: Identity, account: SmtpAccount
) -> None:
    browser, address = client_for(user), reverse("identity-delete", args=[studio.pk])
    assert "Remove studio@provider.test?" in text_of(browser.get(address).content.decode())
    assert browser.post(address)["Location"] == LIST
    assert list(account.identities.all()) == [identities.primary_of(account)]


def test_an_accounts_own_address_and_the_local_one_stay(
    user: User, client_for: ClientFor, account: SmtpAccount
) -> None:
    for identity in (identities.primary_of(account), identities.local_of(user)):
        with pytest.raises(OwnAddressError):
            senders.remove(identity=identity, now=NOW)
        address = reverse("identity-delete", args=[identity.pk])
        assert client_for(user).post(address).status_code == 404


@pytest.mark.accept("A198")
def test_deleting_an_account_counts_what_leans_on_any_of_its_addresses(
    user: User, client_for: ClientFor, studio: Identity, make_draft: Callable[..., Draft]
) -> None:
    draft = make_draft(identity=studio)
    browser, address = client_for(user), reverse("smtp-account-delete", args=[studio.account_id])
    page = browser.get(address).content.decode()
    assert "1 draft is written" in text_of(page)
    assert "Its other address goes with it: studio@provider.test" in text_of(page)
    assert f'value="{studio.pk}"' not in page
    local = identities.local_of(user)
    browser.post(address, {"replacement": str(local.pk)})
    draft.refresh_from_db()
    assert draft.identity == local


def test_without_accounts_there_is_one_address_and_the_way_to_more(
    user: User, client_for: ClientFor
) -> None:
    page = client_for(user).get(LIST).content.decode()
    assert user.email in page
    assert "Only your address here so far" in page
    assert NEW not in page


def test_where_accounts_are_switched_off_their_addresses_are_gone(
    user: User, client_for: ClientFor, studio: Identity
) -> None:
    FeatureSwitch.objects.create(feature=Feature.SMTP_ACCOUNTS, enabled=False)
    browser = client_for(user)
    assert STUDIO not in browser.get(LIST).content.decode()
    assert browser.get(NEW).status_code == 404
    assert browser.get(reverse("identity-edit", args=[studio.pk])).status_code == 404
    own = identities.local_of(user)
    assert browser.get(reverse("identity-edit", args=[own.pk])).status_code == 200
