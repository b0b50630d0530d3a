"""Telling browsers of new mail."""

from __future__ import annotations

import json
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from connectivity.models import PushDue, PushSubscription
from connectivity.services import network
from mailstore.models import FolderRole, Message
from protocols import webpush
from protocols.errors import MailServerError
from protocols.webpush import Browser

#: Browsers of one person; the oldest goes for the next.
MOST = 10
#: News older than this is none.
STALE = timedelta(hours=1)
#: Seconds for one push service, and for one round over all of them.
PATIENCE = 5.0
ROUND = 20.0
#: Rows of one round, and failures in a row after which a browser is given up.
BATCH = 500
FAILURES = 30
#: Messages that are told one by one; more of them are counted.
SINGLE = 3
log = logging.getLogger(__name__)


def subscribe(user: User, browser: Browser, *, shows_text: bool) -> None:
    """Tell this browser of its owner's new mail from now on. Raises ValueError.

    A browser has one owner: whoever signed in there last.
    """
    fits = len(browser.endpoint) <= 1000 and len(browser.auth) == webpush.AUTH_BYTES
    if not fits or not browser.endpoint.startswith("https://") or not webpush.is_point(browser.key):
        raise ValueError("no subscription of a browser")
    with transaction.atomic():
        PushSubscription.objects.update_or_create(
            endpoint=browser.endpoint,
            defaults={
                "user": user,
                "key": browser.key,
                "auth": browser.auth,
                "shows_text": shows_text,
                "failures": 0,
            },
        )
        mine = PushSubscription.objects.filter(user=user).order_by("-made_at", "-pk")
        kept = list(mine.values_list("pk", flat=True)[:MOST])
        PushSubscription.objects.filter(user=user).exclude(pk__in=kept).delete()


def unsubscribe(user: User, endpoint: str) -> None:
    """Leave this browser alone."""
    PushSubscription.objects.filter(user=user, endpoint=endpoint).delete()


def send_due(*, now: datetime) -> int:
    """Tell what is due; how many words were taken by a push service.

    What a worker takes is taken off the list first: told twice would be worse than not at all.
    """
    told = 0
    end = time.monotonic() + ROUND
    for user_id, messages in _claimed(now).items():
        if time.monotonic() > end:
            break
        browsers = list(PushSubscription.objects.filter(user=user_id).select_related("user"))
        for row in browsers if messages else ():
            with translation.override(row.user.language):
                words = _words(messages, shows_text=row.shows_text)
            told += sum(_tell(row, one, now) for one in words)
    return told


def _claimed(now: datetime) -> dict[int, list[Message]]:
    rows = list(PushDue.objects.order_by("pk")[:BATCH])
    with transaction.atomic():
        mine = {row.pk for row in rows if PushDue.objects.filter(pk=row.pk).delete()[0]}
    wanted = [row.message for row in rows if row.pk in mine and row.at > now - STALE]
    found: dict[int, list[Message]] = defaultdict(list)
    for message in _still_news(wanted):
        found[message.user_id].append(message)
    return found


def _still_news(ids: Iterable[int]) -> Iterable[Message]:
    """Those that are unread, where they are told of, and in no muted conversation."""
    return (
        Message.objects.filter(pk__in=list(ids), is_seen=False, folder__notifies=True)
        .exclude(folder__role__in=(FolderRole.JUNK, FolderRole.TRASH))
        .exclude(thread__muted_at__isnull=False)
        .order_by("sort_at")
    )


def _words(messages: Sequence[Message], *, shows_text: bool) -> list[dict[str, str]]:
    """What the browser shows: `title`, `body`, where it leads, and what it takes the place of."""
    inbox = reverse("mail")
    if not shows_text or len(messages) > SINGLE:
        text = ngettext("%(n)d new message", "%(n)d new messages", len(messages))
        title = text % {"n": len(messages)}
        return [{"title": title, "body": "", "url": inbox, "tag": "mail"}]
    return [
        {
            "title": (one.from_name or one.from_address)[:120],
            "body": (one.subject or _("No subject"))[:300],
            "url": reverse("mail-message", args=[one.pk]),
            "tag": f"message-{one.pk}",
        }
        for one in messages
    ]


def _tell(row: PushSubscription, words: dict[str, str], now: datetime) -> bool:
    browser = Browser(row.endpoint, bytes(row.key), bytes(row.auth))
    try:
        status = webpush.send(
            browser,
            json.dumps(words).encode(),
            key=webpush.signing_key(settings.VAPID_PRIVATE_KEY),
            contact=settings.VAPID_CONTACT,
            now=now.timestamp(),
            policy=network.policy(),
            trust=network.trust(),
            deadline=PATIENCE,
        )
    except MailServerError as error:
        log.info("a push service did not answer: %s", type(error).__name__)
        status = 0
    mine = PushSubscription.objects.filter(pk=row.pk)
    if 200 <= status < 300:
        if row.failures:
            mine.update(failures=0)
        return True
    row.failures += 1
    if status in (404, 410) or row.failures >= FAILURES:
        mine.delete()
    else:
        mine.update(failures=row.failures)
    return False
