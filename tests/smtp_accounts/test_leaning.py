"""What waits for an address that is removed goes back to its writer, for those still to get it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import User
from smtp_accounts.models import Draft, OutboxMessage, SmtpAccount
from smtp_accounts.services import accounts, drafts, identities, waiting
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import NOW
from tests.smtp_accounts.sending import Submit, first_round

pytestmark = pytest.mark.django_db(transaction=True)


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
    assert waiting.count(user) == 0
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
    assert not Draft.objects.exists()
