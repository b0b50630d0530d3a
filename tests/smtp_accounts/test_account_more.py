"""What an account shows beside its fields: addresses, limit, signature, how far it is believed."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from smtp_accounts.card import rows_for
from smtp_accounts.models import Alignment, Identity, SmtpAccount
from smtp_accounts.services import accounts, identities, limits, signatures
from smtp_accounts.services.accounts import AccountValues
from smtp_accounts.services.signatures import SignatureValues
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import NOW

ClientFor = Callable[[User], Client]


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def typed(account: SmtpAccount, **changed: str) -> dict[str, str]:
    known = {
        name: str(getattr(account, name))
        for name in ("display_name", "host", "port", "encryption", "email", "username")
    }
    return {**known, "use_authentication": "on", "password": "", "action": "save", **changed}


def test_a_limit_of_ones_own_stays_below_the_providers(
    user: User, client_for: ClientFor, account: SmtpAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, address = client_for(user), reverse("smtp-account-edit", args=[account.pk])
    page = browser.get(address).content.decode()
    assert "No limit of the provider is known" in text_of(page)
    browser.post(address, typed(account, daily_limit="40"))
    account.refresh_from_db()
    assert account.daily_limit == 40
    assert limits.of(account).per_day == 40
    page = browser.get(address).content.decode()
    assert re.search(r'name="daily_limit" value="40"', page)
    assert "40 are left now" in text_of(page)
    browser.post(address, typed(account, daily_limit=""))
    account.refresh_from_db()
    assert account.daily_limit is None
    for wrong in ("0", "-1", "many", "1000001"):
        answer = browser.post(address, typed(account, daily_limit=wrong))
        assert answer.status_code == 422
        assert 'id="id_daily_limit_error"' in answer.content.decode()
    monkeypatch.setattr(limits, "of_provider", lambda account: 30)
    answer = browser.post(address, typed(account, daily_limit="31"))
    assert "The provider allows at most 30 recipients" in text_of(answer.content.decode())
    account.refresh_from_db()
    assert account.daily_limit is None


def test_the_providers_own_limit_is_known_whatever_the_owner_set(user: User) -> None:
    gmail = SmtpAccount(user=user, host="smtp.gmail.com", email="mara@gmail.com", daily_limit=5)
    allowed = limits.of_provider(gmail)
    assert allowed is not None
    assert allowed > 5


def test_a_new_account_asks_only_for_what_it_needs(user: User, client_for: ClientFor) -> None:
    page = client_for(user).get(reverse("smtp-account-new")).content.decode()
    assert "daily_limit" not in page
    assert "Add an address" not in page


@pytest.mark.accept("A34")
def test_its_addresses_are_in_its_dialog(
    user: User, client_for: ClientFor, account: SmtpAccount
) -> None:
    alias = Identity.objects.create(user=user, account=account, address="studio@provider.test")
    page = client_for(user).get(reverse("smtp-account-edit", args=[account.pk])).content.decode()
    for one in (identities.primary_of(account), alias):
        assert f'href="{reverse("identity-edit", args=[one.pk])}"' in page
    assert "Add an address" in text_of(page)
    assert f'href="{reverse("smtp-account-delete", args=[account.pk])}"' in page


@pytest.mark.accept("A37")
def test_its_row_says_what_belongs_to_it(
    user: User, client_for: ClientFor, account: SmtpAccount
) -> None:
    own = identities.primary_of(account)
    Identity.objects.create(user=user, account=account, address="studio@provider.test")
    chosen = SignatureValues("Work", "<p>M</p>", identities=frozenset({own.pk}))
    signatures.save(user=user, values=chosen)
    identities.set_default(user, own)
    row = rows_for(user)[0]
    assert row.more == "Default From Address, 2 addresses, Signature: Work"
    assert row.alignment is None
    Alignment.objects.create(
        identity=own,
        grade="good",
        facts={"domain": "provider.test", "server": "localhost", "relation": "own"},
        checked_at=NOW,
    )
    page = text_of(client_for(user).get(reverse("connectivity")).content.decode())
    assert "Aligned" in page
    assert "2 addresses, Signature: Work" in page


def test_rows_ask_the_database_as_often_for_many_accounts_as_for_one(
    user: User,
    values: Callable[..., AccountValues],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for n in range(3):
        new = values(email=f"mara{n}@provider.test")
        accounts.save(user=user, values=new, now=NOW, test=False)
    with django_assert_num_queries(3):
        assert len(rows_for(user)) == 3


def test_what_was_typed_is_there_again_after_an_address_was_added(
    user: User, client_for: ClientFor, account: SmtpAccount, smtp_server: SmtpServer
) -> None:
    """And after Cancel; the password, which the server keeps nowhere, is not."""
    browser, address = client_for(user), reverse("smtp-account-edit", args=[account.pk])
    changed = typed(account, display_name="M. Lind", daily_limit="40", password="new-secret")
    del changed["use_authentication"]
    answer = browser.post(address, {**changed, "action": "address"})
    add = answer.headers["Location"]
    assert add == f"{reverse('identity-new')}?account={account.pk}&back={account.pk}"
    assert "new-secret" not in str(dict(browser.session))
    page = browser.get(add).content.decode()
    assert f'name="back" value="{account.pk}"' in page
    assert f'href="{address}?typed=1"' in page
    posted = {"account": account.pk, "address": "info@provider.test", "back": account.pk}
    chosen = {"color": "", "purpose": "", "accepts": "plus", "signature": "", "sent_folder": ""}
    answer = browser.post(add, {**posted, **chosen, "action": "save"})
    assert answer.headers["Location"] == f"{address}?typed=1"
    page = browser.get(answer.headers["Location"]).content.decode()
    assert "info@provider.test" in page
    assert re.search(r'name="display_name" value="M. Lind"', page)
    assert re.search(r'name="daily_limit" value="40"', page)
    assert not re.search(r'name="use_authentication"[^>]* checked', page)
    account.refresh_from_db()
    assert account.display_name == "Mara Lind"
    assert 'value="Mara Lind"' in browser.get(f"{address}?typed=1").content.decode()


def test_what_was_typed_long_ago_or_elsewhere_is_not_brought_back(
    user: User, other_user: User, client_for: ClientFor, account: SmtpAccount
) -> None:
    browser, address = client_for(user), reverse("smtp-account-edit", args=[account.pk])
    browser.post(address, {**typed(account, display_name="M. Lind"), "action": "address"})
    browser.get(address)
    assert 'value="Mara Lind"' in browser.get(f"{address}?typed=1").content.decode()
    for asked in (account.pk, 0, "x", "9" * 30):
        answer = client_for(other_user).get(reverse("identity-new"), {"back": asked})
        assert answer.status_code == (404 if str(asked) in (str(account.pk), "0") else 200)
