"""A message opened again after the address it was from is gone says so."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from smtp_accounts import former
from smtp_accounts.models import Draft, Identity, OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.services import accounts, identities, resending
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import EXTERNAL, NOW
from tests.smtp_accounts.sending import Submit, first_round

BOB = "bob@elsewhere.test"
WORDS = f"This was from {EXTERNAL}, which is no longer one of your addresses."


@pytest.fixture
def orphan(user: User, account: SmtpAccount, submit: Submit, smtp_server: SmtpServer) -> int:
    """A message that was sent, and whose account was removed."""
    message = submit()
    OutboxMessage.objects.update(is_by_hand=True)
    assert first_round() == OutboxState.SENT
    identities.set_default(user, identities.local_of(user))
    accounts.delete(account=account)
    return message.pk


def again(pk: int) -> Draft:
    message = OutboxMessage.objects.get(pk=pk)
    draft = resending.draft_for(message=message, recipients=[BOB], now=NOW)
    assert draft is not None
    return draft


def test_the_address_that_is_gone_is_named_beside_from(
    user: User, orphan: int, client: Client
) -> None:
    draft = again(orphan)
    assert draft.identity == identities.local_of(user)
    assert not draft.is_by_hand
    assert identities.sentence(draft.identity_reason) == WORDS
    client.force_login(user)
    page = client.get(reverse("compose-draft", args=[draft.key]))
    assert WORDS in page.content.decode()
    # Saving what a window holds does not lose the words.
    typed = {
        "sender": str(draft.identity_id),
        "reason": draft.identity_reason,
        "to": BOB,
        "subject": "Another",
        "version": str(draft.version),
        "kind": "new",
    }
    client.post(reverse("draft-save", args=[draft.key]), typed)
    draft.refresh_from_db()
    assert (draft.subject, identities.sentence(draft.identity_reason)) == ("Another", WORDS)


def test_the_same_address_by_another_account_is_the_same_sender(
    user: User, orphan: int, another_account: SmtpAccount
) -> None:
    draft = again(orphan)
    assert draft.identity == Identity.objects.get(account=another_account)
    assert draft.identity_reason == ""


@pytest.fixture
def another_account(user: User, orphan: int) -> SmtpAccount:
    account = SmtpAccount.objects.create(user=user, host="localhost", email=EXTERNAL.upper())
    identities.follow(account)
    return account


@pytest.mark.parametrize("reason", ["gone:", "gone:<script>", "gone", "default:a@b.test"])
def test_only_an_address_is_named(reason: str) -> None:
    assert former.sentence(reason) == ""


def test_the_longest_address_has_room() -> None:
    field = Draft._meta.get_field("identity_reason")
    assert len(former.reason("a" * 320)) == field.max_length
