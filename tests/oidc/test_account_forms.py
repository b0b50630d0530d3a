"""The forms of accounts after a sign-in: no password, and the permission goes nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connectivity.models import AccountDraft, Credential, CredentialKind, OAuthGrant
from connectivity.services import credentials
from mailstore.models import Source
from retrieval.models import RetrievalTask, TaskState
from smtp_accounts.models import SmtpAccount
from tests.oidc import PERSON, MailServers
from tests.oidc.conftest import SignIn

NEW = reverse("retrieval-new")
NEW_SENDER = reverse("smtp-account-new")


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


def place(draft: AccountDraft, servers: MailServers) -> AccountDraft:
    """The draft as the form of the tile would have made it, on the servers of this computer."""
    sends = draft.kind == AccountDraft.Kind.SMTP
    port = servers.smtp.tls_port if sends else servers.dovecot.imaps_port
    draft.values |= {"port": port, "require_ssl": "on", "email": PERSON}
    draft.values |= {"encryption": "ssl", "use_authentication": "on"}
    draft.values |= {"smtp_host": "localhost", "smtp_port": servers.smtp.tls_port}
    draft.values |= {"smtp_encryption": "ssl"}
    draft.save()
    return draft


def posted(draft: AccountDraft, **changes: Any) -> dict[str, Any]:
    values = {"draft": draft.pk, "provider": "outlook", "type": "imap", "method": "automatic"}
    return {**values, "transfer": "root", "action": "save", **changes}


@pytest.mark.accept("A9", "A94")
def test_a_task_is_saved_by_a_permission_alone(
    web: Client, sign_in: SignIn, mail_servers: MailServers
) -> None:
    draft = place(sign_in(), mail_servers)
    page = web.get(reverse("retrieval-draft", args=[draft.pk])).content.decode()
    assert f"Signed in as {PERSON}." in page
    assert 'type="password"' not in page
    response = web.post(NEW, posted(draft, also_send="on"))
    assert response.status_code == 302, response.content.decode()
    task, sender = RetrievalTask.objects.get(), SmtpAccount.objects.get()
    assert task.credential.kind == CredentialKind.OAUTH
    assert sender.credential == task.credential
    assert (task.username, task.tile) == (PERSON, "outlook")
    assert not AccountDraft.objects.exists()


def test_the_permission_goes_only_where_it_was_given_for(
    web: Client, sign_in: SignIn, mail_servers: MailServers
) -> None:
    draft = place(sign_in(), mail_servers)
    elsewhere = {"host": "127.0.0.1", "port": 1, "username": "x", "smtp_host": "127.0.0.1"}
    web.post(NEW, posted(draft, **elsewhere))
    task = RetrievalTask.objects.get()
    assert (task.host, task.username) == ("localhost", PERSON)
    edited = {**elsewhere, "method": "manual", "transfer": "root", "action": "save"}
    assert web.post(reverse("retrieval-edit", args=[task.pk]), edited).status_code == 302
    task.refresh_from_db()
    assert (task.host, task.username, task.method) == ("localhost", PERSON, "manual")
    assert (
        'type="password"' not in web.get(reverse("retrieval-edit", args=[task.pk])).content.decode()
    )


def test_a_new_sign_in_mends_the_task_and_its_sender(
    web: Client, sign_in: SignIn, mail_servers: MailServers, user: User
) -> None:
    old = credentials.store(user=user, secret="a password that was")
    source = Source.objects.create(user=user, name="Outlook", address=PERSON)
    task = RetrievalTask.objects.create(
        user=user,
        source=source,
        type="imap",
        host="localhost",
        port=mail_servers.dovecot.imaps_port,
        security="tls",
        username=PERSON,
        credential=old,
        state=TaskState.NEEDS_PASSWORD,
        cause="oauth-revoked",
    )
    sender = SmtpAccount.objects.create(
        user=user, host="localhost", port=1, email=PERSON, credential=old, cause="oauth-revoked"
    )
    draft = sign_in()
    draft.target_id = task.pk
    draft.save()
    address = reverse("retrieval-draft", args=[draft.pk])
    assert web.head(address).status_code == 200
    assert RetrievalTask.objects.get().state == TaskState.NEEDS_PASSWORD
    assert web.get(address).status_code == 302
    task.refresh_from_db()
    sender.refresh_from_db()
    assert (task.state, task.cause, sender.cause) == (TaskState.OK, "", "")
    assert task.credential == sender.credential == Credential.objects.get()
    assert task.next_at is not None
    assert not AccountDraft.objects.exists()


@pytest.mark.parametrize("changed", ["host", "username"])
def test_a_sign_in_mends_only_the_account_it_was_begun_for(
    web: Client, sign_in: SignIn, mail_servers: MailServers, user: User, changed: str
) -> None:
    """Somebody at a forgotten screen could lead a permission that lies here to another server."""
    old = credentials.store(user=user, secret="a password that was")
    place = {"host": "localhost", "port": mail_servers.dovecot.imaps_port, "username": PERSON}
    source = Source.objects.create(user=user, name="Outlook", address=PERSON)
    task = RetrievalTask.objects.create(
        user=user, source=source, type="imap", security="tls", credential=old, **place
    )
    sending = {"host": "localhost", "port": mail_servers.smtp.tls_port, "username": PERSON}
    account = SmtpAccount.objects.create(
        user=user, email=PERSON, encryption="ssl", credential=old, **sending
    )
    for kind, stored in (("imap", task), ("smtp", account)):
        draft = sign_in(kind)
        draft.target_id = stored.pk
        draft.values |= {changed: "another"}
        draft.save()
        room = "smtp" if kind == "smtp" else "retrieval"
        web.get(reverse(f"{room}-draft", args=[draft.pk]))
        stored.refresh_from_db()
        assert stored.credential == old
    assert not AccountDraft.objects.exists()


@pytest.mark.accept("A9", "A38")
def test_an_smtp_account_is_saved_by_a_permission_alone(
    web: Client, sign_in: SignIn, mail_servers: MailServers
) -> None:
    draft = place(sign_in("smtp"), mail_servers)
    page = web.get(reverse("smtp-draft", args=[draft.pk])).content.decode()
    assert f"Signed in as {PERSON}." in page
    assert 'type="password"' not in page
    values = {"draft": draft.pk, "tile": "outlook", "display_name": "Mara", "email": PERSON}
    response = web.post(NEW_SENDER, {**values, "host": "127.0.0.1", "action": "save"})
    assert response.status_code == 302, response.content.decode()
    account = SmtpAccount.objects.get()
    assert (account.host, account.username) == ("localhost", PERSON)
    assert account.credential is not None
    assert account.credential.kind == CredentialKind.OAUTH


def test_a_new_sign_in_mends_an_smtp_account(
    web: Client, sign_in: SignIn, mail_servers: MailServers, user: User
) -> None:
    first = sign_in("smtp")
    account = SmtpAccount.objects.create(
        user=user,
        host="localhost",
        port=mail_servers.smtp.tls_port,
        encryption="ssl",
        email=PERSON,
        username=PERSON,
        credential=first.credential,
        cause="oauth-revoked",
    )
    first.delete()
    edit = reverse("smtp-account-edit", args=[account.pk])
    assert "Sign in again" in web.get(edit).content.decode()
    begun = web.post(edit, {"action": "sign-in"})
    asked = AccountDraft.objects.get()
    assert begun["Location"] == reverse("oauth-start", args=[asked.pk])
    assert asked.target_id == account.pk
    asked.credential = sign_in("smtp").credential
    AccountDraft.objects.exclude(pk=asked.pk).delete()
    asked.save()
    assert web.get(reverse("smtp-draft", args=[asked.pk])).status_code == 302
    account.refresh_from_db()
    assert (account.cause, account.credential) == ("", asked.credential)
    assert OAuthGrant.objects.filter(credential=account.credential).exists()


def test_a_failed_save_moves_no_permission(
    web: Client, sign_in: SignIn, mail_servers: MailServers
) -> None:
    """What a sign-in was made for is not written over by what is typed afterwards."""
    draft = place(sign_in(), mail_servers)
    AccountDraft.objects.filter(pk=draft.pk).update(values=draft.values | {"port": 1})
    moved = {"host": "127.0.0.1", "username": "x", "type": "pop", "name": "Mara"}
    assert web.post(NEW, posted(draft, **moved)).status_code == 422
    draft.refresh_from_db()
    kept = [draft.values[name] for name in ("host", "port", "username", "type", "name")]
    assert kept == ["localhost", 1, PERSON, "imap", "Mara"]
    assert draft.cause == "port-closed"


def test_the_report_of_a_stored_task_leads_to_the_provider(
    web: Client, sign_in: SignIn, mail_servers: MailServers
) -> None:
    draft = place(sign_in(), mail_servers)
    assert web.post(NEW, posted(draft)).status_code == 302
    task = RetrievalTask.objects.get()
    response = web.post(reverse("retrieval-edit", args=[task.pk]), {"action": "oauth"})
    assert response.status_code == 307
    assert response["Location"] == reverse("retrieval-sign-in", args=[task.pk])


@pytest.mark.parametrize("typed", ["", "mara"])
def test_an_address_is_needed_before_leaving(web: Client, typed: str) -> None:
    asked = {"provider": "outlook", "layout": "sign-in", "action": "sign-in", "username": typed}
    response = web.post(NEW, {**asked, "host": "outlook.office365.com", "port": 993})
    assert response.status_code == 422
    assert 'id="id_username_error"' in response.content.decode()
    assert not AccountDraft.objects.exists()


def test_leaving_keeps_what_was_typed(web: Client) -> None:
    asked = {"provider": "outlook", "layout": "sign-in", "action": "sign-in", "username": PERSON}
    response = web.post(NEW, {**asked, "host": "outlook.office365.com", "port": 993})
    draft = AccountDraft.objects.get()
    assert response.status_code == 307
    assert response["Location"] == reverse("oauth-start", args=[draft.pk])
    assert (draft.values["tile"], draft.values["username"]) == ("outlook", PERSON)
