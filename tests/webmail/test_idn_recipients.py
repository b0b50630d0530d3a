"""People of domains in other letters are named in them, in the outbox and on what was sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from mailstore.models import FolderRole
from mailstore.services import folders
from smtp_accounts.models import OutboxMessage, SmtpAccount
from smtp_accounts.services import drafts, identities, outbox
from tests.mail import letter, put

pytestmark = pytest.mark.django_db
CODED, SHOWN = "ada@xn--bcher-kva.test", "ada@bücher.test"
FALSE = "eve@xn--80ak6aa92e.test"


@pytest.fixture
def missed(user: User, account: SmtpAccount) -> OutboxMessage:
    """A message to three, two of whom were refused."""
    now = timezone.now()
    sender = identities.primary_of(account)
    values = drafts.DraftValues(identity=sender, to=f"{SHOWN}, {FALSE}, bob@x.test", subject="x")
    draft = drafts.save(user=user, key=uuid4(), values=values, version=0, now=now)
    message = outbox.submit(user=user, draft=draft, now=now)
    message.recipients.exclude(address="bob@x.test").update(state="refused", reply="550 5.1.1 no")
    message.recipients.filter(address="bob@x.test").update(state="accepted")
    OutboxMessage.objects.update(state="refused", ended_at=now)
    return message


def said(page: str) -> str:
    """What a page says to who does not point at anything."""
    return re.sub(r"<[^>]*>", "", page)


def test_the_outbox_names_them(
    user: User, missed: OutboxMessage, client_for: Callable[[User], Client]
) -> None:
    assert missed.recipients.filter(address=CODED).exists()
    page = client_for(user).get(reverse("outbox")).content.decode()
    assert f"To {SHOWN}, {FALSE}, bob@x.test" in said(page)
    assert CODED not in said(page)
    assert f'<b><span title="{CODED}">{SHOWN}</span></b>' in page
    assert f"<b>{FALSE}</b>" in page
    assert f'dir="auto" title="{CODED}"' in page


def test_one_who_was_refused_is_named(
    user: User, missed: OutboxMessage, client_for: Callable[[User], Client]
) -> None:
    missed.recipients.filter(address=FALSE).delete()
    page = client_for(user).get(reverse("outbox")).content.decode()
    assert f"{SHOWN} was refused: the recipient is not known." in said(page)


def test_what_became_of_it_names_them(
    user: User, missed: OutboxMessage, client_for: Callable[[User], Client]
) -> None:
    missed.recipients.filter(address=FALSE).delete()
    copy = put(folders.special(user, FolderRole.SENT), letter())[0]
    OutboxMessage.objects.update(state="sent", sent_copy=copy)
    page = client_for(user).get(reverse("mail-message", args=[copy.pk])).content.decode()
    shown = page[page.index('class="delivery') :]
    assert f'<b dir="ltr"><span title="{CODED}">{SHOWN}</span></b>' in shown
    assert f"Edit and resend to {SHOWN}" in shown
