"""What the sender of a message may still do about it while it waits, and afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from mailstore.services import blobs
from smtp_accounts.models import Draft, OutboxMessage, OutboxState
from smtp_accounts.services import drafts, queue, sent, waiting
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import NOW
from tests.smtp_accounts.sending import Submit, first_round


def test_a_scheduled_message_waits_for_its_time(submit: Submit, smtp_server: SmtpServer) -> None:
    at = NOW + timedelta(days=3)
    message = submit(send_at=at)
    assert message.is_scheduled
    assert queue.claim_due(now=at - timedelta(seconds=1)) == []
    assert waiting.reschedule(message=message, at=at + timedelta(hours=1))
    assert queue.claim_due(now=at) == []
    assert first_round(at + timedelta(hours=1)) == OutboxState.SENT
    assert not waiting.reschedule(message=message, at=at)


def test_send_now_ends_every_wait(submit: Submit, smtp_server: SmtpServer) -> None:
    message = submit(send_at=NOW + timedelta(days=3))
    assert waiting.send_now(message=message, now=NOW)
    assert first_round() == OutboxState.SENT
    assert not waiting.send_now(message=message, now=NOW)


def test_what_is_taken_back_has_the_time_it_had_last(submit: Submit) -> None:
    message = submit(send_at=NOW + timedelta(hours=1))
    waiting.reschedule(message=message, at=NOW + timedelta(days=2))
    draft = waiting.cancel(message=message, now=NOW)
    assert draft is not None
    assert draft.send_at == NOW + timedelta(days=2)
    other = submit(send_at=NOW + timedelta(hours=1))
    waiting.send_now(message=other, now=NOW)
    draft = waiting.cancel(message=other, now=NOW)
    assert draft is not None
    assert draft.send_at is None


def test_those_who_missed_it_stand_in_their_own_fields_again(
    submit: Submit, smtp_server: SmtpServer
) -> None:
    for name in ("b", "c", "e"):
        smtp_server.refuse[f"{name}@there.test"] = "550 5.1.1 no such user"
    message = submit(
        to="Ann <a@there.test>, Bea <b@there.test>",
        cc="c@there.test, d@there.test",
        bcc="Eve <e@there.test>",
    )
    first_round()
    draft = waiting.edit_for(message=message, recipients=["b@there.test", "E@there.test"], now=NOW)
    assert draft is not None
    assert (draft.to, draft.cc, draft.bcc) == ("Bea <b@there.test>", "", "Eve <e@there.test>")
    assert waiting.edit_again(message=message, now=NOW) is None


def test_what_is_edited_again_is_not_sent_beside_that(
    submit: Submit, smtp_server: SmtpServer
) -> None:
    """The outbox still stood in another tab."""
    smtp_server.refuse["bob@elsewhere.test"] = "550 5.1.1 no such user"
    message = submit()
    first_round()
    assert waiting.edit_again(message=message, now=NOW) is not None
    assert not waiting.send_again(message=message, now=NOW)
    assert queue.claim_due(now=NOW) == []


def test_a_window_from_before_does_not_write_to_all_of_them_again(
    submit: Submit, smtp_server: SmtpServer
) -> None:
    """It still holds the recipients who have the message by now."""
    smtp_server.refuse["slow@there.test"] = "451 4.7.1 please try again later"
    message = submit(to="ann@there.test, slow@there.test")
    assert message.draft is not None
    seen, key = message.draft.version, message.draft.key
    first_round()
    draft = waiting.cancel(message=message, now=NOW)
    assert draft is not None
    assert draft.to == "slow@there.test"
    values = drafts.DraftValues(identity=draft.identity, to="ann@there.test, slow@there.test")
    with pytest.raises(drafts.ConflictError):
        drafts.save(user=message.user, key=key, values=values, version=seen, now=NOW)


def test_a_time_that_is_over_is_not_kept(submit: Submit, smtp_server: SmtpServer) -> None:
    """A scheduled message that was tried at its time could not be sent again for it."""
    at = NOW + timedelta(hours=1)
    smtp_server.refuse["bob@elsewhere.test"] = "451 4.7.1 please try again later"
    message = submit(send_at=at)
    assert first_round(at) == OutboxState.RETRY
    draft = waiting.cancel(message=message, now=at + timedelta(minutes=1))
    assert draft is not None
    assert draft.send_at is None


def test_what_arrived_counts_as_sent_though_its_bytes_are_damaged(
    user: User, submit: Submit, client_for: Callable[[User], Client]
) -> None:
    """No copy can be made; the sender is told, and nothing is left to be done."""
    message = submit()
    OutboxMessage.objects.filter(pk=message.pk).update(state="unknown")
    message.recipients.update(state="unknown")
    path = blobs.root() / message.blob.segment.name
    data = bytearray(path.read_bytes())
    data[-10] ^= 255
    path.write_bytes(data)
    address = reverse("outbox-action", args=[message.pk, "arrived"])
    page = client_for(user).post(address, follow=True).content.decode()
    assert "The stored message is damaged, so no copy is in Sent." in page
    message.refresh_from_db()
    assert (message.state, message.sent_copy) == ("sent", None)
    assert message.recipients.get().state == "accepted"
    assert sent.make_up(now=NOW) == 1
    assert sent.make_up(now=NOW) == 0


@pytest.mark.parametrize("late", [waiting.dismiss, waiting.it_arrived])
def test_what_is_edited_again_is_not_put_away_from_another_tab(
    submit: Submit, smtp_server: SmtpServer, late: Callable[..., bool]
) -> None:
    """The draft that was just opened stays."""
    message = submit()
    OutboxMessage.objects.update(state=OutboxState.UNKNOWN)
    seen = OutboxMessage.objects.select_related("draft").get(pk=message.pk)
    draft = waiting.edit_again(message=message, now=NOW)
    assert not late(message=seen, now=NOW)
    assert list(Draft.objects.open()) == [draft]
