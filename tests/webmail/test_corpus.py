"""Every message of the corpus is listed and opened without an error page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from mailstore.models import Folder, Message
from tests import mail


@pytest.mark.long
def test_every_message_opens(browser_client: Client, user: User, inbox: Folder) -> None:
    """All lists, and page and frame of each message, answer 200; none says it is damaged."""
    user.conversations = False
    user.save()
    raws = [raw for _name, raw in mail.messages() if raw]
    filed: list[Message] = []
    for start in range(0, len(raws), 200):
        filed += mail.put(inbox, *raws[start : start + 200])
    address, listed = f"/folder/{inbox.pk}/", 0
    while address:
        answer = browser_client.get(address, headers={"X-Part": "rows"})
        assert answer.status_code == 200
        page = answer.content.decode()
        listed += page.count('class="msg__link"')
        _before, _mark, after = page.partition('data-more><a class="btn btn--quiet btn--sm" href="')
        address = after.partition('"')[0].replace("&amp;", "&")
    assert listed == len(filed)
    for message in filed:
        address = reverse("mail-message", args=[message.pk])
        answer = browser_client.get(address, headers={"X-Part": "read"})
        assert answer.status_code == 200, message
        page = answer.content.decode()
        assert "is damaged" not in page
        if "<iframe" in page:
            answer = browser_client.get(reverse("mail-frame", args=[message.pk]))
            assert answer.status_code == 200, message
