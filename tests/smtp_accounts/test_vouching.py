"""Who may write to people here without passing any server that asks whose address it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from accounts.models import User
from mailstore.models import FolderRole, Message
from smtp_accounts.models import Draft, Identity, OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.services import outbox, routes
from standin.smtp import SmtpServer
from tests import vouching
from tests.smtp_accounts.conftest import NOW
from tests.smtp_accounts.sending import Submit, first_round


def account_with(**changed: object) -> SmtpAccount:
    known: dict[str, object] = {
        "host": "smtp.gmail.com",
        "email": "mara@gmail.com",
        "username": "mara@gmail.com",
        "use_authentication": True,
        "last_ok_at": NOW,
    }
    return SmtpAccount(**{**known, **changed})


@pytest.mark.parametrize(
    ("changed", "address", "vouched"),
    [
        ({}, "mara@gmail.com", True),
        ({"username": "Mara@GMAIL.com"}, "mara@gmail.com", True),
        # Another address of the same provider may be another person's.
        ({}, "boss@gmail.com", False),
        ({"username": "mara"}, "mara@gmail.com", False),
        # A server says nothing of the addresses of other domains.
        ({"username": "boss@bank.test"}, "boss@bank.test", False),
        ({"host": "mail.mine.test", "username": "boss@bank.test"}, "boss@bank.test", False),
        ({"host": "notbank.test", "username": "boss@bank.test"}, "boss@bank.test", False),
        ({"host": "bank.test.mine.test", "username": "boss@bank.test"}, "boss@bank.test", False),
        # That of the domain itself does, of whom it has let in.
        ({"host": "mail.bank.test", "username": "boss@bank.test"}, "boss@bank.test", True),
        ({"host": "Bank.test.", "username": "boss"}, "boss@bank.test", True),
        ({"host": "mail.bank.test", "username": "mara@bank.test"}, "boss@bank.test", False),
        ({"last_ok_at": None}, "mara@gmail.com", False),
        ({"use_authentication": False}, "mara@gmail.com", False),
    ],
)
def test_whose_word_counts(changed: dict[str, object], address: str, vouched: bool) -> None:
    message = OutboxMessage(from_address=address)
    assert routes.is_vouched_for(message, account_with(**changed)) is vouched


def test_who_has_no_account_any_more_is_not_vouched_for() -> None:
    assert not routes.is_vouched_for(OutboxMessage(from_address="mara@gmail.com"), None)
    assert routes.is_vouched_for(OutboxMessage(is_local_from=True), None)


def received(user: User) -> int:
    return Message.objects.filter(user=user, folder__role=FolderRole.INBOX).count()


def test_a_from_nobody_vouches_for_goes_through_its_own_server(
    submit: Submit, other_user: User, smtp_server: SmtpServer
) -> None:
    """Its server takes anything; the people here get it as from any stranger."""
    SmtpAccount.objects.update(last_ok_at=NOW)
    to = f"{other_user.email}, nobody@example.test, bob@elsewhere.test"
    message = submit(to=to)
    assert first_round() == OutboxState.SENT
    (taken,) = smtp_server.accepted
    assert taken.recipients == (other_user.email, "nobody@example.test", "bob@elsewhere.test")
    assert received(other_user) == 0
    message.refresh_from_db()
    assert message.sent_copy is not None


def test_a_from_its_provider_vouches_for_reaches_people_here_at_once(
    submit: Submit,
    other_user: User,
    smtp_server: SmtpServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vouching.know(tmp_path, monkeypatch)
    SmtpAccount.objects.update(last_ok_at=NOW)
    submit(to=f"{other_user.email}, bob@elsewhere.test")
    assert first_round() == OutboxState.SENT
    (taken,) = smtp_server.accepted
    assert taken.recipients == ("bob@elsewhere.test",)
    assert received(other_user) == 1


def test_another_address_of_the_account_is_not_the_one_it_signed_in_as(
    user: User,
    other_user: User,
    account: SmtpAccount,
    make_draft: Callable[..., Draft],
    smtp_server: SmtpServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vouching.know(tmp_path, monkeypatch)
    SmtpAccount.objects.update(last_ok_at=NOW)
    boss = Identity.objects.create(user=user, account=account, address="boss@provider.test")
    draft = make_draft(account, identity=boss, to=other_user.email)
    outbox.submit(user=user, draft=draft, now=NOW)
    assert first_round(NOW + timedelta(seconds=1)) == OutboxState.SENT
    assert [(one.sender, one.recipients) for one in smtp_server.accepted] == [
        ("boss@provider.test", (other_user.email,))
    ]
    assert received(other_user) == 0
