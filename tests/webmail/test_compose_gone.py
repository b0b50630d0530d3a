"""What a window is written with or about goes away while it is posted: nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from accounts.models import User
from mailstore.models import Message
from smtp_accounts.models import Draft, Identity, OutboxMessage, SmtpAccount
from tests.senders import key_of, local_key
from tests.webmail.writing import ClientFor, fields_of, opened

pytestmark = pytest.mark.django_db(transaction=True)
TYPED = {"to": "bob@elsewhere.test", "subject": "Hi", "body": "Long thoughts"}
GONE = "This address was removed meanwhile. Choose another one."


@contextmanager
def lost_meanwhile(rows: QuerySet[Any]) -> Iterator[None]:
    """These rows go once the form was found right, before the draft is stored."""
    is_read = is_gone = False

    def watch(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        nonlocal is_read, is_gone
        is_read = is_read or 'FROM "smtp_accounts_identity"' in sql
        if is_read and not is_gone and 'FROM "smtp_accounts_draft"' in sql:
            is_gone = True
            rows.delete()
        return execute(sql, *args)

    with connection.execute_wrapper(watch):
        yield
    assert is_gone


@pytest.mark.parametrize("has_draft", [False, True])
def test_an_address_that_was_removed_is_told_at_from(
    user: User, account: SmtpAccount, client_for: ClientFor, has_draft: bool
) -> None:
    """As a browser without a script and as the script posts it, new and stored before."""
    browser = client_for(user)
    _page, fields, action = opened(browser)
    identity = Identity.objects.get(pk=key_of(account))
    typed = {**fields, **TYPED, "sender": str(identity.pk)}
    if has_draft:
        stored = browser.post(
            action.replace("/send/", "/save/"), typed | {"sender": local_key(user)}
        )
        typed["version"] = str(stored.json()["version"])
    with lost_meanwhile(Identity.objects.filter(pk=identity.pk)):
        answer = browser.post(action.replace("/send/", "/save/"), typed)
    assert (answer.status_code, answer.json()) == (422, {"errors": {"sender": GONE}})
    identity.save(force_insert=True)
    with lost_meanwhile(Identity.objects.filter(pk=identity.pk)):
        answer = browser.post(action, typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert GONE in page
    kept = fields_of(page)
    assert {name: kept[name] for name in TYPED} == TYPED
    assert not OutboxMessage.objects.exists()
    again = browser.post(action, {**kept, "sender": local_key(user), "action": "save"})
    assert again.status_code == 302
    assert Draft.objects.get().body == "Long thoughts"


def test_an_answer_is_kept_though_what_it_answers_was_removed(
    user: User, account: SmtpAccount, letter: Message, client_for: ClientFor
) -> None:
    browser = client_for(user)
    _page, fields, action = opened(browser, f"?reply={letter.pk}")
    typed = {**fields, "body": "Long thoughts"}
    with lost_meanwhile(Message.objects.filter(pk=letter.pk)):
        answer = browser.post(action.replace("/send/", "/save/"), typed)
    assert answer.status_code == 200
    stored = Draft.objects.get()
    assert (stored.body, stored.original) == ("Long thoughts", None)
