"""A notification as a message: who fails since when, why, and what to do (RFC 5322)."""

from __future__ import annotations

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from connectivity.models import Notification
from connectivity.notices import told


def build(row: Notification, *, site: str, now: datetime) -> bytes:
    """The message about a notification, in the language and time zone in force.

    ``site`` is where people reach us, such as ``https://mail.example.org``; empty: the message
    tells the way in words. The messages about one trouble are one conversation.
    """
    domain = row.user.domain.name
    notice = told(row, now=now)
    root = f"<notice-{row.pk}@{domain}>"
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(_("Your mailbox"), "postmaster", domain)
    message["To"] = row.user.email
    message["Subject"] = " ".join(notice.title.split())
    message["Date"] = format_datetime(now)
    if row.mailed_at is None:
        message["Message-ID"] = root
    else:
        message["Message-ID"] = f"<notice-{row.pk}-{int(now.timestamp())}@{domain}>"
        message["In-Reply-To"] = message["References"] = root
    # RFC 3834: nobody's automatic answer answers this.
    message["Auto-Submitted"] = "auto-generated"
    message["List-Id"] = f"<notices.{domain}>"
    context = {"notice": notice, "link": site.rstrip("/") + notice.url if site else ""}
    message.set_content(render_to_string("filtering/notice.txt", context).strip() + "\n")
    message.add_alternative(render_to_string("filtering/notice.html", context), subtype="html")
    # Last, as fields about the content would move into its first part.
    message["Content-Language"] = get_language()
    return message.as_bytes()
