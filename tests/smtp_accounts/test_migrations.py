"""Rows of the first version: after the migrations everything is from whom it was, and people met
before are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.models import User
from filtering.services.deliver import Incoming, deliver
from mailstore.services import folders
from protocols.body import Body
from smtp_accounts.models import (
    Correspondent,
    Draft,
    Identity,
    OutboxMessage,
    OutboxState,
    SmtpAccount,
)
from smtp_accounts.services import correspondents, identities, outbox
from tests.mail import letter
from tests.smtp_accounts.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)
FIRST = ("smtp_accounts", "0001_initial")
Drafts = Callable[..., Draft]


@pytest.fixture(autouse=True)
def as_it_is_now() -> Iterator[None]:
    yield
    call_command("migrate", "smtp_accounts", verbosity=0)


def go_back_and_forth() -> None:
    """Leave of every row what the first version knew, then bring the tables up to date."""
    MigrationExecutor(connection).migrate([FIRST])
    assert "smtp_accounts_identity" not in connection.introspection.table_names()
    call_command("migrate", "smtp_accounts", verbosity=0)


def test_every_sender_becomes_an_identity_and_who_is_paused_is_tried(
    user: User, other_user: User, account: SmtpAccount, make_draft: Drafts
) -> None:
    here, there = make_draft(subject="Here"), make_draft(account, subject="There")
    sent = outbox.submit(user=user, draft=make_draft(account), now=NOW)
    identities.set_default(user, identities.primary_of(account))
    # Paused already; from now on it is tried again by itself.
    SmtpAccount.objects.update(cause="login-refused")
    go_back_and_forth()
    account.refresh_from_db()
    assert account.is_paused
    assert account.next_at is not None
    assert account.next_at <= timezone.now()
    rows = Identity.objects.filter(user=user).order_by("pk")
    local, own = rows
    assert [(one.account_id, one.address) for one in rows] == [
        (None, user.email),
        (account.pk, account.email),
    ]
    assert (own.display_name, own.is_default, local.is_default) == ("Mara Lind", True, False)
    drafts = {one.subject: one.identity_id for one in Draft.objects.open()}
    assert drafts == {here.subject: local.pk, there.subject: own.pk}
    assert OutboxMessage.objects.get(pk=sent.pk).identity == own
    assert Identity.objects.get(user=other_user).account is None
    assert identities.for_new(user).send_from.identity == own


def test_people_met_before_are_known(user: User, account: SmtpAccount, make_draft: Drafts) -> None:
    message = outbox.submit(user=user, draft=make_draft(account, to="Bob@elsewhere.test"), now=NOW)
    OutboxMessage.objects.update(state=OutboxState.SENT)
    never = outbox.submit(user=user, draft=make_draft(to="never@elsewhere.test"), now=NOW)
    assert never.state == OutboxState.QUEUED
    inbox, junk = (folders.special(user, role) for role in ("inbox", "junk"))
    old = timezone.now() - timedelta(days=30)
    deliver(
        [
            Incoming(Body.of(letter(sender=sender)), folder, internal_at=old)
            for sender, folder in (
                ("Ada Berg <ada@example.org>", inbox),
                ("ADA <Ada@Example.org>", inbox),
                ("Win <win@junk.test>", junk),
                ("No <no-reply@shop.test>", inbox),
                (f"Me <{account.email}>", inbox),
            )
        ],
        now=old,
    )
    go_back_and_forth()
    known = {one.address: one for one in Correspondent.objects.filter(user=user)}
    assert set(known) == {"bob@elsewhere.test", "ada@example.org"}
    bob, ada = known["bob@elsewhere.test"], known["ada@example.org"]
    assert (bob.sent_count, bob.last_sent_at, bob.received_count) == (1, message.created_at, 0)
    assert (ada.sent_count, ada.received_count, ada.last_received_at) == (0, 2, old)
    used = correspondents.identities_used(user, ["BOB@elsewhere.test"])
    assert used == {"bob@elsewhere.test": account.identities.get().pk}
