"""The hints, the rounds of the schedule, and what else they look after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from connectivity.models import Feature, FeatureSwitch
from filtering.services import deliver
from mailstore.models import Blob, FolderRole, Message
from mailstore.services import blobs, sweeping
from protocols.body import Body
from smtp_accounts import tasks
from smtp_accounts.models import Draft, OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.services import drafts, outbox, queue, rounds, waiting
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import NOW
from webmail.celery import app

Drafts = Callable[..., Draft]


@pytest.fixture
def at_once() -> Iterator[list[dict[str, object]]]:
    """Hints are run where they are given; what they carried is kept."""
    carried: list[dict[str, object]] = []
    original = tasks.deliver.delay

    def delay(**given: object) -> None:
        carried.append(given)
        tasks.deliver(**given)
        # A broker may deliver a message twice.
        assert tasks.deliver(**given) == "stale"

    tasks.deliver.delay = delay
    yield carried
    tasks.deliver.delay = original


def test_a_round_sends_what_is_due_and_hints_carry_numbers_only(
    user: User,
    account: SmtpAccount,
    make_draft: Drafts,
    smtp_server: SmtpServer,
    at_once: list[dict[str, object]],
) -> None:
    message = outbox.submit(user=user, draft=make_draft(account), now=timezone.now())
    outbox.submit(user=user, draft=make_draft(account), now=timezone.now(), undo_seconds=60)
    assert tasks.dispatch_due() == 1
    assert len(smtp_server.accepted) == 1
    assert at_once == [{"outbox_id": message.pk, "fence": 1}]
    assert tasks.dispatch_due() == 0


def test_the_schedule_knows_the_tasks() -> None:
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert tasks.dispatch_due.name in scheduled
    assert app.amqp.router.route({}, tasks.deliver.name)["queue"].name == "outgoing"


@pytest.mark.accept("A5")
def test_switching_the_feature_off_stops_sending_at_once(
    user: User, account: SmtpAccount, make_draft: Drafts, smtp_server: SmtpServer
) -> None:
    outbox.submit(user=user, draft=make_draft(account), now=NOW)
    ((pk, fence),) = queue.claim_due(now=NOW)
    switch = FeatureSwitch.objects.create(
        domain=user.domain, feature=Feature.SMTP_ACCOUNTS, enabled=False
    )
    state = rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW)
    assert state == OutboxState.RETRY
    assert queue.claim_due(now=NOW + timedelta(days=1)) == []
    FeatureSwitch.objects.filter(pk=switch.pk).update(domain=None)
    assert queue.claim_due(now=NOW + timedelta(days=1)) == []
    assert smtp_server.accepted == []
    switch.delete()
    ((pk, fence),) = queue.claim_due(now=NOW + timedelta(days=1))
    later = NOW + timedelta(days=1)
    assert rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: later) == OutboxState.SENT


def test_a_user_who_was_locked_out_sends_nothing(
    user: User, account: SmtpAccount, make_draft: Drafts
) -> None:
    outbox.submit(user=user, draft=make_draft(account), now=NOW)
    User.objects.update(is_active=False)
    assert queue.claim_due(now=NOW) == []


def test_a_copy_that_could_not_be_stored_is_made_up_for(
    user: User,
    account: SmtpAccount,
    make_draft: Drafts,
    smtp_server: SmtpServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    message = outbox.submit(user=user, draft=make_draft(account), now=timezone.now())

    def full(*_args: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(deliver, "prepare_stored", full)
        ((pk, fence),) = queue.claim_due(now=timezone.now())
        rounds.deliver(outbox_id=pk, fence=fence, clock=timezone.now)
    message.refresh_from_db()
    # The server has it: that is written down even where the disk is full.
    assert (message.state, message.sent_copied_at) == (OutboxState.SENT, None)
    sent = Message.objects.filter(user=user, folder__role=FolderRole.SENT)
    assert not sent.exists()
    for _round in range(2):
        tasks.dispatch_due()
        assert sent.count() == 1
    assert len(smtp_server.accepted) == 1


def test_the_sweep_of_the_store_spares_drafts_and_the_outbox(
    user: User, account: SmtpAccount, make_draft: Drafts
) -> None:
    draft = make_draft(account)
    upload = drafts.Upload("a.bin", "", Body.of(b"kept"))
    drafts.attach(draft=draft, uploads=[upload], now=NOW)
    message = outbox.submit(user=user, draft=make_draft(account), now=NOW)
    Blob.objects.update(created_at=NOW - timedelta(days=30))
    sweeping.sweep(now=timezone.now() + timedelta(days=30))
    assert blobs.read(draft.attachments.get().blob) == b"kept"
    assert b"Tide tables" in blobs.read(message.blob)


def test_discarded_drafts_are_forgotten_after_a_while(user: User, make_draft: Drafts) -> None:
    draft = make_draft()
    drafts.discard(draft=draft, now=NOW)
    assert drafts.sweep(now=NOW + timedelta(minutes=59)) == 0
    assert drafts.sweep(now=NOW + timedelta(minutes=61)) == 1
    assert not Draft.objects.exists()


def test_an_account_deleted_while_mail_is_on_its_way(
    user: User, account: SmtpAccount, make_draft: Drafts
) -> None:
    message = outbox.submit(user=user, draft=make_draft(account), now=NOW)
    OutboxMessage.objects.update(state=OutboxState.RETRY, draft=None)
    Draft.objects.all().delete()
    account.delete()
    # No other sender steps in: it waits, and its sender is told.
    assert queue.claim_due(now=NOW) == []
    message.refresh_from_db()
    assert waiting.is_held(message, enabled=True) == "account-gone"
    assert waiting.needing(user).count() == 1
