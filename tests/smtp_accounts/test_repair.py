"""An account that cannot sign in any more is mended in its row."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connectivity.models import Credential, CredentialKind, OAuthClient, OAuthGrant
from connectivity.services import credentials
from lib.moments import moment
from mailstore.models import Source
from retrieval.models import RetrievalTask
from smtp_accounts.card import card
from smtp_accounts.models import SmtpAccount
from tests.smtp_accounts.conftest import SECRET

ClientFor = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
OLD, WRONG = "the old one", "Sehr-geheim-4711"


@pytest.fixture
def refused(user: User, account: SmtpAccount) -> SmtpAccount:
    """Its password was changed there."""
    credentials.store(user=user, secret=OLD, credential=account.credential)
    SmtpAccount.objects.update(cause="login-refused", server_line="535 5.7.8 no")
    account.refresh_from_db()
    return account


def url(name: str, account: SmtpAccount) -> str:
    return reverse(f"smtp-account-{name}", args=[account.pk])


def test_the_field_opens_in_the_row(
    user: User, client_for: ClientFor, refused: SmtpAccount
) -> None:
    web = client_for(user)
    closed = web.get(url("row", refused)).content.decode()
    assert "Enter new password" in closed
    assert 'name="password"' not in closed
    opened = web.get(url("row", refused), {"fix": "1"}).content.decode()
    assert 'name="password"' in opened
    assert "autofocus" in opened
    SmtpAccount.objects.update(cause="")
    assert 'name="password"' not in web.get(url("row", refused), {"fix": "1"}).content.decode()


def test_a_wrong_password_stores_nothing(
    user: User, client_for: ClientFor, refused: SmtpAccount
) -> None:
    before = SmtpAccount.objects.values().get()
    web = client_for(user)
    answer = web.post(url("password", refused), {"password": WRONG}, headers=HTMX)
    source = answer.content.decode()
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in source
    assert "did not accept" in source
    assert WRONG not in source
    assert SmtpAccount.objects.values().get() == before
    assert credentials.reveal(Credential.objects.get()) == OLD
    assert web.post(url("password", refused), {"password": ""}).status_code == 422


def test_the_right_one_mends_it_and_what_is_fetched_with_it(
    user: User, client_for: ClientFor, refused: SmtpAccount
) -> None:
    assert refused.credential is not None
    source = Source.objects.create(user=user, name="Provider", address=refused.email)
    task = RetrievalTask.objects.create(
        user=user, source=source, credential=refused.credential, type="imap", host="localhost",
        port=993, security="tls", username=refused.username, state="needs-password",
        cause="login-refused",
    )  # fmt: skip
    web = client_for(user)
    answer = web.post(url("password", refused), {"password": SECRET}, headers=HTMX)
    assert answer.status_code == 200
    told = json.loads(answer.headers["HX-Trigger"])
    assert told["toast"]["text"].startswith("The new password works.")
    assert "Fine" in answer.content.decode()
    refused.refresh_from_db()
    task.refresh_from_db()
    assert (refused.cause, task.state, task.cause) == ("", "ok", "")
    assert task.credential_id == refused.credential_id
    assert credentials.reveal(task.credential) == SECRET


def test_a_permission_is_given_anew_by_one_button(
    user: User, client_for: ClientFor, refused: SmtpAccount
) -> None:
    client = OAuthClient.objects.create(provider="microsoft", client_id="x")
    Credential.objects.update(kind=CredentialKind.OAUTH)
    OAuthGrant.objects.create(credential=Credential.objects.get(), client=client, address="a@b.c")
    SmtpAccount.objects.update(cause="oauth-revoked")
    source = client_for(user).get(url("row", refused), {"fix": "1"}).content.decode()
    assert "Sign in to Microsoft again" in source


def test_it_is_nobody_elses(
    other_user: User, client_for: ClientFor, refused: SmtpAccount, client: Client
) -> None:
    web = client_for(other_user)
    assert web.get(url("row", refused)).status_code == 404
    assert web.post(url("password", refused), {"password": SECRET}).status_code == 404
    assert client.get(url("row", refused)).status_code == 302
    assert web.get(url("password", refused)).status_code == 405


def test_many_rows_cost_few_queries(
    user: User, account: SmtpAccount, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    for number in range(20):
        account.pk, account.email = None, f"mara{number}@provider.test"
        account.save()
    with django_assert_max_num_queries(4):  # type: ignore[attr-defined] # a context manager
        assert [row.provider for row in card(user)["rows"]] == [""] * 21


def test_a_new_password_can_be_given_while_tries_go_on(
    user: User, client_for: ClientFor, refused: SmtpAccount
) -> None:
    now = timezone.now()
    SmtpAccount.objects.update(refused_count=1, refused_since=now, next_at=now)
    source = client_for(user).get(url("row", refused), {"fix": "1"}).content.decode()
    assert "Not sending" in source
    assert 'name="password"' in source


def test_a_row_says_when_its_account_is_tried(
    user: User, client_for: ClientFor, refused: SmtpAccount, submit: Callable[[], object]
) -> None:
    at = timezone.now() + timedelta(hours=20)
    SmtpAccount.objects.update(refused_count=1, refused_since=at, next_at=at)
    submit()
    when = moment(at, now=timezone.now())
    web = client_for(user)
    assert f"Next try {when}" in web.get(url("row", refused)).content.decode()
    SmtpAccount.objects.update(refused_count=0, refused_since=None)
    words = f"It is tried once a day by itself, next at {when}."
    assert words in web.get(url("row", refused)).content.decode()
