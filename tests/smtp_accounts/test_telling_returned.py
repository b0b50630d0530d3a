"""Where the notification about a message that came back leads."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import User
from connectivity.models import Notification
from mailstore.models import Message
from smtp_accounts.models import OutboxMessage
from smtp_accounts.services import reports
from tests.smtp_accounts import test_reports
from tests.smtp_accounts.reports import dsn
from tests.smtp_accounts.test_reports import arrive

pytestmark = pytest.mark.django_db
sent = test_reports.sent


def test_to_the_report_where_the_message_itself_is_gone(user: User, sent: OutboxMessage) -> None:
    """In the outbox there is nothing to see of what was sent."""
    assert sent.sent_copy_id is not None
    Message.objects.filter(pk=sent.sent_copy_id).delete()
    (report,) = arrive(user, dsn())
    assert Notification.objects.get().url == reverse("mail-message", args=[report.pk])
    about = reports.about(report)
    assert about is not None
    reports.seen(about)
    assert not Notification.objects.exists()


def test_to_the_outbox_where_the_message_still_stands(user: User, sent: OutboxMessage) -> None:
    """Its answer was lost, so there is no copy of it yet."""
    OutboxMessage.objects.update(state="unknown", sent_copy=None, sent_copied_at=None)
    arrive(user, dsn())
    assert Notification.objects.get().url == reverse("outbox")
