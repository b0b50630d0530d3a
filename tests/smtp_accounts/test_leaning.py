"""What waits for an address that is removed goes back to its writer, for those still to get it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from filtering.services import deliver
from filtering.services.deliver import Incoming
from mailstore.models import FolderRole
from mailstore.services import folders
from protocols.body import Body
from smtp_accounts.models import Draft, OutboxMessage, SmtpAccount
from smtp_accounts.services import accounts, drafts, identities, queue, receipts, waiting
from smtp_accounts.services.accounts import AccountValues
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import NOW
from tests.smtp_accounts.sending import Submit, first_round
from tests.smtp_accounts.test_receipts import letter

pytestmark = pytest.mark.django_db(transaction=True)

TYPED = ("display_name", "host", "port", "encryption", "email", "username", "password")


@pytest.fixture
def half_sent(submit: Submit, smtp_server: SmtpServer) -> OutboxMessage:
    """Bob has it, Slow not yet."""
    smtp_server.refuse["slow@elsewhere.test"] = "451 4.7.1 please try again later"
    message = submit(to="Bob <bob@elsewhere.test>, Slow <slow@elsewhere.test>")
    assert first_round() == "retry"
    return message


def test_who_has_it_already_is_not_written_to_again(
    user: User, account: SmtpAccount, half_sent: OutboxMessage
) -> None:
    """Its draft is addressed to the others alone, and stays the one that is written in."""
    accounts.delete(account=account, replacement=identities.local_of(user))
    draft = Draft.objects.open().get()
    assert draft.to == "Slow <slow@elsewhere.test>"
    assert draft.identity == identities.local_of(user)
    half_sent.refresh_from_db()
    assert (half_sent.state, half_sent.draft_key) == ("cancelled", None)
    assert half_sent.ended_at is not None
    assert waiting.rows(user).count() == 0
    key = draft.key
    draft.delete()
    values = drafts.DraftValues(identity=identities.local_of(user), subject="Written anew")
    assert drafts.save(user=user, key=key, values=values, version=0, now=NOW).subject


def test_what_is_just_being_sent_is_not_opened_beside_that(
    user: User,
    account: SmtpAccount,
    submit: Submit,
    smtp_server: SmtpServer,
    at_step: Callable[[str, Callable[[], object]], None],
) -> None:
    submit(to="bob@elsewhere.test")
    local = identities.local_of(user)
    at_step("outbox: dot marked", lambda: accounts.delete(account=account, replacement=local))
    assert first_round() == "sent"
    assert len(smtp_server.accepted) == 1
    assert not Draft.objects.open().exists()


def test_a_receipt_goes_with_its_address(user: User, account: SmtpAccount) -> None:
    """Nobody wrote it, so it goes to no drafts, and asks for no other address."""
    inbox = folders.special(user, FolderRole.INBOX)
    (asks,) = deliver.deliver([Incoming(Body.of(letter()), inbox)], now=NOW)
    receipt = receipts.answer(user, asks, now=NOW)
    assert receipt is not None
    OutboxMessage.objects.update(state="retry", cause="login-refused")
    assert not accounts.dependents(account).any
    accounts.delete(account=account)
    receipt.refresh_from_db()
    assert receipt.state == "cancelled"
    assert waiting.rows(user).count() == 0
    assert waiting.needing(user).count() == 0
    assert not Draft.objects.exists()


def test_a_worker_and_who_deletes_its_account_never_wait_for_each_other(
    account: SmtpAccount, half_sent: OutboxMessage
) -> None:
    """Both change the message first, then the account, then what is told of it."""
    with CaptureQueriesContext(connection) as queries:
        accounts.delete(account=account, replacement=identities.local_of(account.user))
    said = [one["sql"] for one in queries.captured_queries]

    def at(start: str) -> int:
        return next(n for n, sql in enumerate(said) if sql.startswith(start))

    message = at('UPDATE "smtp_accounts_outboxmessage"')
    deleted = at('DELETE FROM "smtp_accounts_smtpaccount"')
    assert message < deleted < at('DELETE FROM "connectivity_notification"')


def test_what_was_written_as_one_address_leaves_through_no_other_account(
    user: User,
    account: SmtpAccount,
    values: Callable[..., AccountValues],
    submit: Submit,
    smtp_server: SmtpServer,
    client_for: Callable[[User], Client],
) -> None:
    """The account became another one while a message waited; its writer looks at it first."""
    submit()
    OutboxMessage.objects.update(state="retry", cause="login-refused")
    SmtpAccount.objects.update(cause="login-refused")
    typed = values(email="studio@provider.test", password="")
    browser = client_for(user)
    answer = browser.post(
        reverse("smtp-account-edit", args=[account.pk]),
        {**{name: getattr(typed, name) for name in TYPED}, "use_authentication": "on"}
        | {"action": "save"},
        follow=True,
    )
    assert "1 message that waited is back in Drafts" in answer.content.decode()
    assert queue.claim_due(now=NOW) == []
    assert smtp_server.accepted == []
    [draft] = Draft.objects.open()
    assert draft.identity.address == "studio@provider.test"


def test_what_was_written_as_the_same_address_leaves_after_the_account_is_mended(
    user: User, account: SmtpAccount, values: Callable[..., AccountValues], submit: Submit
) -> None:
    submit()
    OutboxMessage.objects.update(state="retry", cause="login-refused")
    again = values(email="Mara@Provider.test")
    assert accounts.save(user=user, values=again, account=account, now=NOW).returned == 0
    assert first_round() == "sent"
