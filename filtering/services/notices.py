"""Mail to people about accounts of theirs that fail for long. The notification is the queue."""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation

from accounts.zones import zone_of
from connectivity.account_words import ACCOUNT
from connectivity.models import Notification
from connectivity.services import notifications
from filtering import notice_mail
from filtering.services import deliver
from filtering.services.deliver import Incoming
from lib.checkpoints import checkpoint
from mailstore.models import FolderRole
from mailstore.services import folders
from protocols.body import Body

log = logging.getLogger(__name__)


def send_due(*, now: datetime) -> int:
    """File every mail that is due into its owner's Inbox, and forget what is old; how many.

    The row is marked in the transaction that files the mail: however many workers look, each
    mail is filed once, and none is lost with a worker.
    """
    filed = 0
    for row in notifications.due(now=now):
        is_wanted = row.user.notice_mail or row.kind == ACCOUNT
        if not row.user.is_active or not is_wanted:
            notifications.put_off_mail(row, now=now)
            continue
        try:
            filed += _send(row, now)
        except OSError:
            log.exception("notification %s: the mail could not be stored", row.pk)
    notifications.forget_old(now=now)
    return filed


def _send(row: Notification, now: datetime) -> bool:
    user = row.user
    with translation.override(user.language), timezone.override(zone_of(user.time_zone)):
        raw = notice_mail.build(row, site=settings.SITE_URL, now=now)
    inbox = folders.special(user, FolderRole.INBOX)
    prepared = deliver.prepare([Incoming(Body.of(raw), inbox, internal_at=now)], now=now)
    checkpoint("notice: bytes durable")
    with transaction.atomic():
        if not notifications.claim_mail(row, now=now):
            return False
        deliver.file(prepared)
        checkpoint("notice: filed, not committed")
    return True
