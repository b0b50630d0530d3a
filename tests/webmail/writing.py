"""A person who writes: an account to send through, a letter to answer, a form to fill in."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from smtp_accounts.services import queue, rounds

ClientFor = Callable[[User], Client]
LETTER = b"""From: "Ekdahl, Jonas" <jonas@harbourline.test>\r
To: Mara <mara@provider.test>, mara@example.test\r
Cc: Anneke <anneke@harbourline.test>\r
Subject: Lease <script>alert(1)</script>\r
Message-ID: <lease-4@harbourline.test>\r
References: <lease-1@harbourline.test>\r
Date: Thu, 20 Nov 2026 09:38:00 +0100\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: text/plain; charset=utf-8; format=flowed\r
\r
The meter readings \r
are missing.\r
--b\r
Content-Type: application/pdf\r
Content-Disposition: attachment; filename="plan.pdf"\r
Content-Transfer-Encoding: base64\r
\r
JVBERi0xLjQK\r
--b--\r
"""


def fields_of(page: str) -> dict[str, str]:
    """What a browser would post back from the form of a page."""
    form = page[page.index("<compose-window") : page.index("</compose-window>")]
    posted = {}
    for tag in re.findall(r"<input[^>]*>", form):
        kind = re.search(r'type="(\w+)"', tag)
        if kind and kind[1] in ("file", "checkbox"):
            continue
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name:
            posted[name[1]] = html.unescape(value[1]) if value else ""
    body = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", form, re.S)
    posted["body"] = html.unescape(body[1]) if body else ""
    for select in re.findall(r"<select[^>]* name=.*?</select>", form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected>', select)
        name = re.search(r' name="([^"]*)"', select)
        if chosen and name:
            posted[name[1]] = chosen[1]
    return posted


def opened(browser: Client, query: str = "") -> tuple[str, dict[str, str], str]:
    """A new window: its page, its fields, and where they are posted to."""
    page = browser.get(reverse("compose") + query).content.decode()
    action = re.search(r'action="(/compose/[^"]*/send/)"', page)
    assert action
    return page, fields_of(page), action[1]


def send_due() -> None:
    now = timezone.now() + timedelta(seconds=11)
    for pk, fence in queue.claim_due(now=now):
        rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: now)
