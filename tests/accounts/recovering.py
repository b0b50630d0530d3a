"""What tests of recovery do over and over."""

from __future__ import annotations

import re
from datetime import datetime

from captcha.models import CaptchaStore
from django.http import HttpResponse
from django.test import Client

from accounts.models import SystemMessage, User

ASK = "/recover/"
CHOOSE = "/recover/new-password/"
BACKUP = "mara@elsewhere.test"
NEW = "another river, in autumn"
_LINK = re.compile(r"https?://[^/\s]+(/recover/link/[\w-]+/)")


def with_backup(user: User, now: datetime, address: str = BACKUP) -> User:
    """Give this person a confirmed backup address."""
    user.backup_address, user.backup_confirmed_at = address, now
    user.save()
    return user


def asked(client: Client, address: str, **changed: str) -> HttpResponse:
    """Fill in the form as a person would; `changed` says what else is typed."""
    page = client.get(ASK).content.decode()
    found = re.search(r'name="challenge" value="(\w+)"', page)
    assert found
    typed = {
        "address": address,
        "challenge": found[1],
        "answer": CaptchaStore.objects.get(hashkey=found[1]).response,
        "kind": "picture",
    }
    answer = client.post(ASK, typed | changed)
    assert isinstance(answer, HttpResponse)
    return answer


def mailed_link() -> str:
    """The path of the newest link in mail that waits to be sent."""
    body = SystemMessage.objects.order_by("-pk").values_list("body", flat=True)[0]
    found = _LINK.search(body)
    assert found, body
    return found[1]
